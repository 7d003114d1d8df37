//! `IdentifyPsp`: which payment service provider the certificate names.

mod policy;
mod qualified;

use std::fmt;
use std::sync::Arc;

use http::request::Parts;
use rustls_pki_types::UnixTime;

use self::policy::{Admit, Defect, Policy};
use self::qualified::Qualified;
use super::trusted_list::{Qualification, QualifiedServices};
use super::{Kind, PspRole};
use crate::cert::{Certificate, Remembered, TrustedCertificate};
use crate::context::{Context, relaxed};
use crate::gate::{Audit, Evidence, Rule, Verdict, rule_layers};
use crate::reject::{Reason, Rejection};

/// Identifies the payment service provider by the certificate's own word, that of an issuer whom
/// [`TrustCertificate`](crate::cert::TrustCertificate) trusted; with
/// [`eu_qualified`](Self::eu_qualified) by that of the trusted lists besides.
///
/// # Passes when
///
/// - the qcStatements are there, not critical, in the encoding of the standard, and none stands
///   twice;
/// - QcType is `web` alone (a QWAC), or `eseal` alone after [`allow_seal`](Self::allow_seal);
/// - there is a PSD2 statement with at least one role, each role's name belongs to its identifier,
///   and "unspecified" stands alone; unknown roles are kept and grant nothing;
/// - the subject has exactly one `organizationIdentifier`, of the scheme `PSD`, and its country and
///   authority are those of the statement's NCA id, or the statement is that of an international
///   institution, which names no authority (TS 119 495, V1.8.1);
/// - with [`eu_qualified`](Self::eu_qualified), a service of the trusted lists stands behind the
///   certificate's issuer that was a qualified one for this purpose when it was issued, and is one
///   now.
///
/// Each `allow_` method relaxes one of these.
///
/// # Needs and leaves
///
/// Needs [`TrustedCertificate`]; leaves [`PspIdentity`].
///
/// # Does not check
///
/// Without [`eu_qualified`](Self::eu_qualified), that the certificate is qualified: any issuer can
/// write QcCompliance, only the trusted list knows. That the roles still hold: the register of the
/// authority may have withdrawn them.
///
/// # Rejections
///
/// [`Reason::CertificatePurposeWrong`], with the defect in the log; with
/// [`eu_qualified`](Self::eu_qualified) also [`Reason::CertificateNotQualified`], and
/// [`Reason::ServiceUnavailable`] when the bank's copy of the lists is too old to tell.
///
/// # Specification
///
/// ETSI TS 119 495, 5; ETSI EN 319 412-5, 4.2.3; RFC 3739, 3.2.6; ETSI TS 119 612, 5.5.
#[derive(Clone)]
pub struct IdentifyPsp {
    policy: Policy,
    known: Arc<Remembered<Arc<Identity>>>,
    qualified: Option<Qualified>,
}

impl IdentifyPsp {
    /// By the certificate, in the encoding of the standard.
    pub fn from_certificate() -> Self {
        let no = Admit::No;
        Self::by(Policy {
            seal: no,
            concatenated_roles: no,
            unwrapped_statement: no,
            role_names: no,
            directory_ids: no,
            other_schemes: no,
            defects: no,
        })
    }

    /// By the certificate, which must be a qualified one of the European Union: a QWAC, or a QSealC
    /// after [`allow_seal`](Self::allow_seal), by the trusted lists.
    ///
    /// The identity then [says](PspIdentity::qualification) which service stands behind it and why
    /// it counts as qualified. What the bank [replaces](QualifiedServices::replace) in the services
    /// holds from the next request on. Needs a path: a certificate whose trust was only
    /// [asserted](TrustedCertificate::assertion) is refused.
    pub fn eu_qualified(services: QualifiedServices) -> Self {
        Self { qualified: Some(Qualified::by(services)), ..Self::from_certificate() }
    }

    /// As certificates of the UK directory (OBWAC) are made: several roles may stand in one entry,
    /// and the identifier may name the directory (`PSDGB-OB-…`) beside the authority `GB-FCA`.
    pub fn from_uk_directory() -> Self {
        let Self { policy, .. } = Self::from_certificate();
        let yes = Admit::Yes;
        Self::by(Policy { concatenated_roles: yes, directory_ids: yes, ..policy })
    }

    fn by(policy: Policy) -> Self {
        Self { policy, known: Arc::new(Remembered::of_trusted()), qualified: None }
    }

    fn with(self, policy: Policy) -> Self {
        Self { qualified: self.qualified, ..Self::by(policy) }
    }

    /// Takes a QSealC as well as a QWAC.
    #[must_use]
    pub fn allow_seal(self) -> Self {
        relaxed(Self::NAME, "allow_seal");
        let policy = Policy { seal: Admit::Yes, ..self.policy };
        self.with(policy)
    }

    /// Reads all roles out of one `RoleOfPsp`, as the UK directory wrote them.
    #[must_use]
    pub fn allow_concatenated_roles(self) -> Self {
        relaxed(Self::NAME, "allow_concatenated_roles");
        let policy = Policy { concatenated_roles: Admit::Yes, ..self.policy };
        self.with(policy)
    }

    /// Reads a single statement without the sequence around it, as sandboxes write it. Such a
    /// certificate holds the PSD2 statement and no QcType, so its kind is unknown: for sandboxes
    /// only.
    #[must_use]
    pub fn allow_unwrapped_statement(self) -> Self {
        relaxed(Self::NAME, "allow_unwrapped_statement");
        let policy = Policy { unwrapped_statement: Admit::Yes, ..self.policy };
        self.with(policy)
    }

    /// Takes roles by their identifiers, whatever their names say.
    #[must_use]
    pub fn allow_role_name_mismatch(self) -> Self {
        relaxed(Self::NAME, "allow_role_name_mismatch");
        let policy = Policy { role_names: Admit::Yes, ..self.policy };
        self.with(policy)
    }

    /// Takes `PSDGB-OB-…` beside the authority `GB-FCA`.
    #[must_use]
    pub fn allow_directory_ids(self) -> Self {
        relaxed(Self::NAME, "allow_directory_ids");
        let policy = Policy { directory_ids: Admit::Yes, ..self.policy };
        self.with(policy)
    }

    /// Takes identifiers of other schemes (`NTR`, `VAT`, `LEI`, national ones); the authorisation
    /// number is then unknown, and nothing ties the identifier to the authority.
    #[must_use]
    pub fn allow_other_schemes(self) -> Self {
        relaxed(Self::NAME, "allow_other_schemes");
        let policy = Policy { other_schemes: Admit::Yes, ..self.policy };
        self.with(policy)
    }

    /// The same policy for signing certificates, whose QcType must be `eseal`.
    pub(crate) fn of_seals(self) -> Self {
        let policy = Policy { seal: Admit::Yes, ..self.policy };
        self.with(policy)
    }

    /// Identifies the holder of a signing certificate, after [`of_seals`](Self::of_seals).
    pub(crate) fn identify_seal(
        &self,
        trusted: &TrustedCertificate,
        now: UnixTime,
    ) -> Result<PspIdentity, Rejection> {
        let identity = self.identify(trusted, now)?;
        match identity.kind() {
            Kind::QSeal => Ok(identity),
            other => {
                Err(Rejection::new(Reason::CertificatePurposeWrong)
                    .source(Defect::OtherKind(other)))
            }
        }
    }

    /// The greppable door for a drill: takes what can be read and judges nothing.
    pub(crate) fn unjudged() -> Self {
        let yes = Admit::Yes;
        Self::by(Policy {
            seal: yes,
            concatenated_roles: yes,
            unwrapped_statement: yes,
            role_names: yes,
            directory_ids: yes,
            other_schemes: yes,
            defects: yes,
        })
    }

    fn identify(
        &self,
        trusted: &TrustedCertificate,
        now: UnixTime,
    ) -> Result<PspIdentity, Rejection> {
        let identity = self.named(trusted.certificate())?;
        let qualification = match &self.qualified {
            Some(qualified) => Some(qualified.judge(trusted, identity.kind, now)?),
            None => None,
        };
        Ok(PspIdentity { identity, qualification })
    }

    fn named(&self, certificate: &Certificate) -> Result<Arc<Identity>, Rejection> {
        if let Some(known) = self.known.get(certificate.thumbprint()) {
            return Ok(known);
        }
        let identity = match (self.policy.read(certificate), self.policy.defects) {
            (Ok(identity), _) => identity,
            (Err(_), Admit::Yes) => Identity::unread(certificate),
            (Err(defect), Admit::No) => {
                return Err(Rejection::new(Reason::CertificatePurposeWrong).source(defect));
            }
        };
        let identity = Arc::new(identity);
        self.known.put(*certificate.thumbprint(), identity.clone());
        Ok(identity)
    }
}

impl Rule for IdentifyPsp {
    const NAME: &'static str = "IdentifyPsp";
    type Needs = TrustedCertificate;
    type Leaves = PspIdentity;

    fn check(
        &self,
        trusted: &TrustedCertificate,
        _: &mut Parts,
        context: &Context,
    ) -> Verdict<PspIdentity> {
        self.identify(trusted, context.now()).into()
    }
}

/// The provider that the certificate names, with its roles.
pub struct PspIdentity {
    identity: Arc<Identity>,
    qualification: Option<Arc<Qualification>>,
}

struct Identity {
    organization: String,
    authorisation_number: Option<String>,
    kind: Kind,
    roles: Vec<PspRole>,
}

impl Identity {
    fn unread(certificate: &Certificate) -> Self {
        Self {
            organization: certificate.subject().to_string(),
            authorisation_number: None,
            kind: Kind::Neither,
            roles: Vec::new(),
        }
    }
}

impl PspIdentity {
    /// The `organizationIdentifier` of the subject.
    pub fn organization_identifier(&self) -> &str {
        &self.identity.organization
    }

    /// The authorisation number, where the identifier is of the scheme `PSD`.
    pub fn authorisation_number(&self) -> Option<&str> {
        self.identity.authorisation_number.as_deref()
    }

    /// QWAC or QSealC.
    pub fn kind(&self) -> Kind {
        self.identity.kind
    }

    /// Why the certificate counts as a qualified one, after
    /// [`IdentifyPsp::eu_qualified`]; nothing where nobody asked.
    pub fn qualification(&self) -> Option<&Qualification> {
        self.qualification.as_deref()
    }

    /// Whether the certificate holds a role.
    ///
    /// Each role is its own: account servicing opens nothing, unknown roles are nothing.
    pub fn has_role(&self, role: PspRole) -> bool {
        self.identity.roles.contains(&role)
    }

    /// The roles in the certificate's order, unknown ones included.
    pub fn roles(&self) -> &[PspRole] {
        &self.identity.roles
    }
}

impl Evidence for PspIdentity {
    fn audit(&self, line: &mut Audit) {
        line.field("organization_identifier", self.identity.organization.clone());
        if let Some(qualification) = &self.qualification {
            line.field("qualified_by", qualification.at_use().to_string());
        }
    }
}

impl fmt::Debug for PspIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PspIdentity({}, {:?})", self.identity.organization, self.identity.roles)
    }
}

impl fmt::Debug for IdentifyPsp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IdentifyPsp({:?}, {:?})", self.policy, self.qualified)
    }
}

rule_layers!(IdentifyPsp);

#[cfg(test)]
mod tests;
