//! `VerifyRegistration`: the software is one of the directory's, and this is what it asks for.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use rustls_pki_types::UnixTime;
use serde::de::MapAccess;

use super::directory::{Directory, statement_invalid, unapproved};
use super::metadata::ClientMetadata;
use super::policy::RegistrationPolicy;
use super::request::RegistrationRequest;
use super::signed::signed;
use super::software::{Approval, ApproveSoftware, SoftwareKeys};
use super::statement::SoftwareStatement;
use crate::body::BodyBytes;
use crate::cert::{Certificate, Oid, TrustedCertificate};
use crate::context::Context;
use crate::gate::{Halt, Refs, Rule, Verdict, rule_layers};
use crate::header::{MediaType, single};
use crate::jose::{Accept, Members, decode_base64url, parse_object};
use crate::reject::{Reason, Rejection};
use crate::replay::{Insertion, ReplayKey, ReplayStore};
use crate::signature::{RequireOneOrganisation, SigningCertificates};

/// Verifies a registration request.
///
/// # Passes when
///
/// - It is a POST or PUT of `application/jwt`, at most 64 KiB.
/// - The `software_statement` inside is a JWT of the [`Directory`]: signed with PS256 or ES256 by the
///   key that its `kid` names; `iss` is the directory; `iat` is at most 30 minutes back and ten
///   seconds ahead, and `exp`, where it has one, lies ahead; `jti`, `software_id` and `org_id` are
///   there; `org_status` is `Active`.
/// - The transport certificate is of the organisation: its organizationIdentifier or, in an
///   OBTransport certificate, its `OU` names `org_id` or what a competent authority gave, as
///   [`RequireOneOrganisation`] compares; without an organizationIdentifier, its `CN` is the software.
/// - The request is signed with an algorithm of the policy by the key of the software that its `kid`
///   names; with [`certified_by`](Self::certified_by) the key has a certificate of the same
///   organisation, trusted and not revoked.
/// - `iss` is the software; `aud` contains one of the bank's names; `iat` is at most ten seconds
///   ahead; `exp` lies ahead, at most an hour; `jti` was not used before.
/// - The [`RegistrationPolicy`] allows what is asked for: redirection URIs of the software statement,
///   grant and response types, authentication (`tls_client_auth` by the subject of the certificate
///   that is shown), algorithms, scopes of the software's roles.
/// - [`ApproveSoftware`], where there is one, approves.
///
/// # Needs and leaves
///
/// Needs [`BodyBytes`] and [`TrustedCertificate`]; leaves [`RegistrationRequest`].
///
/// # Does not check
///
/// Whether the software is registered already, and at which client an update is aimed: the handler
/// compares `software_id` with what it keeps. Logos, policies and contacts of the statement.
///
/// # Rejections
///
/// [`Reason::SoftwareStatementInvalid`], [`Reason::SoftwareStatementUnapproved`] (not active, not of
/// this organisation, not approved), [`Reason::RedirectUriInvalid`],
/// [`Reason::ClientMetadataInvalid`]; those of [`SigningCertificates`];
/// [`Reason::MethodUnsupported`], [`Reason::ContentTypeUnsupported`];
/// [`Reason::ServiceUnavailable`] where keys, store or approval do not answer.
///
/// # Specification
///
/// UK Open Banking, Dynamic Client Registration 3.2 and 3.3; RFC 7591, 2, 2.3 and 3.2.2.
#[derive(Clone)]
pub struct VerifyRegistration(Arc<Verifier>);

#[derive(Clone)]
struct Verifier {
    directory: Directory,
    audiences: Vec<String>,
    software: Arc<dyn SoftwareKeys>,
    spent: Arc<dyn ReplayStore>,
    policy: RegistrationPolicy,
    organisations: RequireOneOrganisation,
    certificates: Option<SigningCertificates>,
    approval: Option<Arc<dyn ApproveSoftware>>,
}

impl VerifyRegistration {
    /// Verifies requests to the bank of these names in `aud`, with statements of this directory.
    pub fn by<S: Into<String>>(
        directory: Directory,
        audiences: impl IntoIterator<Item = S>,
        software: impl SoftwareKeys,
        spent: impl ReplayStore + 'static,
        policy: RegistrationPolicy,
    ) -> Self {
        Self(Arc::new(Verifier {
            directory,
            audiences: audiences.into_iter().map(Into::into).collect(),
            software: Arc::new(software),
            spent: Arc::new(spent),
            policy,
            organisations: RequireOneOrganisation::by_name(),
            certificates: None,
            approval: None,
        }))
    }

    /// Demands of the signing key a certificate that passes these rules, of the same organisation.
    #[must_use]
    pub fn certified_by(self, certificates: SigningCertificates) -> Self {
        self.with(|verifier| verifier.certificates = Some(certificates))
    }

    /// Asks this before software passes.
    #[must_use]
    pub fn approved_by(self, approval: impl ApproveSoftware) -> Self {
        self.with(|verifier| verifier.approval = Some(Arc::new(approval)))
    }

    fn with(self, change: impl FnOnce(&mut Verifier)) -> Self {
        let mut verifier = Verifier::clone(&self.0);
        change(&mut verifier);
        Self(Arc::new(verifier))
    }
}

impl Rule for VerifyRegistration {
    const NAME: &'static str = "VerifyRegistration";
    type Needs = (BodyBytes, TrustedCertificate);
    type Leaves = RegistrationRequest;

    fn check(
        &self,
        (body, certificate): Refs<'_, Self::Needs>,
        request: &mut Parts,
        context: &Context,
    ) -> Verdict<RegistrationRequest> {
        if let Err(rejection) = is_registration(request, body.bytes()) {
            return Verdict::reject(rejection);
        }
        let (verifier, body) = (self.0.clone(), body.bytes().clone());
        let (certificate, now) = (certificate.shared(), context.now());
        Verdict::Later(Box::pin(async move { verifier.verify(&body, &certificate, now).await }))
    }
}

fn is_registration(request: &Parts, body: &Bytes) -> Result<(), Rejection> {
    if request.method != Method::POST && request.method != Method::PUT {
        return Err(Rejection::new(Reason::MethodUnsupported));
    }
    let refused = || Rejection::new(Reason::ContentTypeUnsupported).place("Content-Type");
    let value = single(&request.headers, &CONTENT_TYPE).map_err(|error| refused().source(error))?;
    let value = value.ok_or_else(|| refused().detail("no Content-Type"))?;
    MediaType::JWT.describes(value).map_err(|error| refused().source(error))?;
    match body.len() > MOST {
        true => Err(Rejection::new(Reason::BodyTooLarge)),
        false => Ok(()),
    }
}

impl Verifier {
    async fn verify(
        &self,
        body: &Bytes,
        certificate: &Certificate,
        now: UnixTime,
    ) -> Result<RegistrationRequest, Halt> {
        let text = std::str::from_utf8(body).map_err(|_| metadata("not a JWT"))?;
        let statement = self.directory.verify(&unverified_statement(text)?, now).await?;
        let organisations = self.organisations_of(&statement);
        self.is_of(&organisations, certificate)?;
        is_of_software(&statement, certificate)?;
        let metadata = self.request(text, &statement, &organisations, now).await?;
        let allowed = self.policy.judge(&metadata, &statement, certificate)?;
        self.approve(&statement).await?;
        self.spend(&metadata, now).await?;
        Ok(RegistrationRequest { statement, metadata, allowed })
    }

    /// The request, once its software is known.
    async fn request(
        &self,
        text: &str,
        statement: &SoftwareStatement,
        organisations: &[String],
        now: UnixTime,
    ) -> Result<ClientMetadata, Halt> {
        let keys = self.software.keys(statement);
        let keys = keys.ok_or_else(|| unapproved("no keys of the software are known"))?;
        let accept = Accept::algorithms(self.policy.accepted());
        let (key, verified) = signed(text, &*keys, now, accept, metadata).await?;
        if let Some(certificates) = &self.certificates {
            let signer = match certificates.judge(&key, now) {
                Verdict::Now(judged) => judged?,
                Verdict::Later(waiting) => waiting.await?,
                Verdict::Flawed(_, rejection) => return Err(rejection.into()),
            };
            self.is_of(organisations, signer.trusted.certificate())?;
        }
        let request = ClientMetadata::parse(verified.payload())
            .map_err(|error| metadata("claims").source(error))?;
        self.facts(&request, statement, now.as_secs())?;
        Ok(request)
    }

    fn facts(
        &self,
        request: &ClientMetadata,
        statement: &SoftwareStatement,
        now: u64,
    ) -> Result<(), Rejection> {
        let of_software = |id: &str| id == statement.software_id;
        if !request.issuer.as_deref().is_some_and(of_software) {
            return Err(metadata("iss is missing or another").place("iss"));
        }
        if !request.software_id.as_deref().is_none_or(of_software) {
            return Err(metadata("another software").place("software_id"));
        }
        let audience = request.audience.as_ref();
        let ours = |name: &String| audience.is_some_and(|audience| audience.contains(name));
        if !self.audiences.iter().any(ours) {
            return Err(metadata("aud is missing or another").place("aud"));
        }
        let issued_at = request.issued_at.ok_or_else(|| metadata("missing").place("iat"))?;
        if issued_at.seconds() > now.saturating_add(SKEW) {
            return Err(metadata("lies ahead").place("iat"));
        }
        let end = request.expires_at.ok_or_else(|| metadata("missing").place("exp"))?.seconds();
        if end <= now || end > now.saturating_add(HOUR) {
            return Err(metadata("past, or more than an hour ahead").place("exp"));
        }
        match request.id.as_deref().is_some_and(|id| (1..=128).contains(&id.len())) {
            true => Ok(()),
            false => Err(metadata("missing or too long").place("jti")),
        }
    }

    /// The organisation by all its names.
    fn organisations_of(&self, statement: &SoftwareStatement) -> Vec<String> {
        let authorities = statement.authorities.iter();
        let identifiers = authorities.filter_map(|claim| claim.organization_identifier());
        let names = identifiers.chain([statement.org_id.clone()]);
        names.filter_map(|name| self.organisations.named(&name)).collect()
    }

    fn is_of(&self, organisations: &[String], certificate: &Certificate) -> Result<(), Rejection> {
        let named = self.organisations.named_by(certificate);
        match named.is_some_and(|name| organisations.contains(&name)) {
            true => Ok(()),
            false => Err(unapproved("a certificate of another organisation")),
        }
    }

    async fn approve(&self, statement: &SoftwareStatement) -> Result<(), Rejection> {
        let Some(approval) = &self.approval else { return Ok(()) };
        match approval.approve(statement).await {
            Ok(Approval::Approve) => Ok(()),
            Ok(Approval::Refuse) => Err(unapproved("not approved by the bank")),
            Err(error) => Err(Rejection::new(Reason::ServiceUnavailable).source(error)),
        }
    }

    /// The last step, so that no request that is refused for another reason is lost to its sender.
    async fn spend(&self, request: &ClientMetadata, now: UnixTime) -> Result<(), Rejection> {
        let issuer = request.issuer.as_deref().unwrap_or_default();
        let key =
            ReplayKey::compose("registration", issuer, request.id.as_deref().unwrap_or_default());
        let until = request.expires_at.map(|end| end.seconds()).unwrap_or(u64::MAX);
        let until = UnixTime::since_unix_epoch(Duration::from_secs(until));
        match self.spent.insert_once(key, until, now).await {
            Ok(Insertion::Fresh) => Ok(()),
            Ok(Insertion::Seen) => Err(metadata("used before").place("jti")),
            Err(error) => Err(Rejection::new(Reason::ServiceUnavailable).source(error)),
        }
    }
}

/// The statement inside a request whose signature nobody can verify yet: it is what tells by whose
/// keys. It is believed for its own signature.
fn unverified_statement(text: &str) -> Result<String, Rejection> {
    let payload = text.split('.').nth(1).and_then(decode_base64url);
    let payload = payload.ok_or_else(|| metadata("not a JWS"))?;
    let (peeked, _) = parse_object::<Peeked>(&payload).map_err(|_| metadata("claims"))?;
    peeked.0.ok_or_else(|| statement_invalid("missing"))
}

#[derive(Default)]
struct Peeked(Option<String>);

impl Members for Peeked {
    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        values: &mut A,
    ) -> Result<bool, A::Error> {
        if name != "software_statement" {
            return Ok(false);
        }
        self.0 = Some(values.next_value()?);
        Ok(true)
    }
}

/// An OBTransport certificate is of one software; others are of an organisation.
fn is_of_software(
    statement: &SoftwareStatement,
    certificate: &Certificate,
) -> Result<(), Rejection> {
    let names: Vec<&str> = certificate.subject().values(COMMON_NAME).collect();
    match certificate.organization_identifiers().is_empty() && names != [statement.software_id()] {
        true => Err(unapproved("a certificate of other software")),
        false => Ok(()),
    }
}

fn metadata(why: &'static str) -> Rejection {
    Rejection::new(Reason::ClientMetadataInvalid).detail(why)
}

impl fmt::Debug for VerifyRegistration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyRegistration")
            .field("directory", &self.0.directory)
            .finish_non_exhaustive()
    }
}

rule_layers!(VerifyRegistration);

const COMMON_NAME: Oid = Oid::literal("2.5.4.3");
const MOST: usize = 64 * 1024;
const SKEW: u64 = 10;
const HOUR: u64 = 3600;
