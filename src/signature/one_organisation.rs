//! `RequireOneOrganisation`: certificates, token and client are of one organisation.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use http::request::Parts;

use super::SignedMessage;
use crate::cert::{
    Certificate, CertificateMatch, Client, Oid, RegisteredClient, TrustedCertificate,
};
use crate::context::Context;
use crate::eidas::OrganizationId;
use crate::gate::{Audit, Evidence, Refs, Rule, Verdict, rule_layers};
use crate::reject::{Reason, Rejection};
use crate::token::AccessToken;

/// Demands that transport certificate, signing certificate, token and registered client name the
/// same organisation.
///
/// # Passes when
///
/// The token was issued to the registered client; the transport certificate names one of the
/// organisations by which the client was registered; and, where the message is signed, so does the
/// certificate behind the signature. What names whom:
///
/// - a QWAC, QSealC, OBWAC or OBSeal, its one organizationIdentifier;
/// - a certificate without one (OBTransport, OBSigning), the directory id in its one `OU`;
/// - a client, its organisation id in the directory ([`Client::in_directory`]), its
///   organizationIdentifier ([`Client::identified_by`]), and the one by which its certificate is
///   known ([`CertificateMatch::OrganizationIdentifier`]).
///
/// Names are compared after an [`OrganisationMapping`], letter by letter. A name that is missing,
/// that stands twice or that the mapping does not know refuses.
///
/// # Needs and leaves
///
/// Needs [`TrustedCertificate`], [`AccessToken`], [`RegisteredClient`] and [`SignedMessage`]; leaves
/// [`OneOrganisation`]. Its place is behind `VerifySignature`, which must be
/// [`certified_by`](super::VerifySignature::certified_by) something.
///
/// # Does not check
///
/// Anything of a message that is not signed but the transport certificate: whether a signature is
/// due is `VerifySignature`'s matter. That the registration is right: a client that was registered
/// under two organisations is of both.
///
/// # Rejections
///
/// [`Reason::OrganisationMismatch`]; which name it was is for the log.
///
/// # Specification
///
/// ETSI TS 119 495, 5.2.1; Open Banking UK directory, OBWAC and OBSeal profiles.
#[derive(Clone)]
pub struct RequireOneOrganisation(Arc<dyn OrganisationMapping>);

/// A name of an organisation, as a certificate or a registration has it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OrganisationName<'a> {
    /// The id of an organisation in a directory, such as `0015800001041RHAAY`.
    Directory(&'a str),
    /// An organizationIdentifier, such as `PSDGB-FCA-123456`.
    Identifier(&'a OrganizationId),
}

/// Tells under which id the bank knows an organisation, so that two names of one can be compared:
/// a group with several authorisations, say, or an authorisation that was renewed.
///
/// Implemented by functions.
pub trait OrganisationMapping: Send + Sync + 'static {
    /// The bank's id for the organisation of this name; none refuses.
    fn organisation<'a>(&self, name: OrganisationName<'a>) -> Option<Cow<'a, str>>;
}

impl<F> OrganisationMapping for F
where
    F: for<'a> Fn(OrganisationName<'a>) -> Option<Cow<'a, str>> + Send + Sync + 'static,
{
    fn organisation<'a>(&self, name: OrganisationName<'a>) -> Option<Cow<'a, str>> {
        self(name)
    }
}

/// The mapping unless another is set: every name is its own, but that `PSDGB-OB-Unknown<id>`, which
/// the UK directory gives to organisations that the FCA does not know, is the directory id in it.
pub fn by_its_own_name(name: OrganisationName<'_>) -> Option<Cow<'_, str>> {
    let text = match name {
        OrganisationName::Directory(id) => id,
        OrganisationName::Identifier(identifier) => {
            let whole = identifier.as_str();
            match whole.strip_prefix("PSDGB-OB-Unknown") {
                // What the directory does not know is nobody whom an authority knows.
                Some(id) if OrganizationId::parse(id).is_ok() => return None,
                Some(id) => id,
                None => whole,
            }
        }
    };
    (!text.is_empty()).then_some(Cow::Borrowed(text))
}

impl RequireOneOrganisation {
    /// With [`by_its_own_name`].
    pub fn by_name() -> Self {
        Self::mapped_by(by_its_own_name)
    }

    /// With a mapping of your own.
    pub fn mapped_by(mapping: impl OrganisationMapping) -> Self {
        Self(Arc::new(mapping))
    }

    fn compare(
        &self,
        transport: &Certificate,
        token: &AccessToken,
        client: &Client,
        message: &SignedMessage,
    ) -> Result<OneOrganisation, Rejection> {
        if token.client_id() != client.client_id() {
            return Err(mismatch("the token is of another client"));
        }
        let registered = self.registered(client);
        if registered.is_empty() {
            return Err(mismatch("the client is registered without an organisation"));
        }
        let organisation = self.named_by(transport);
        let organisation =
            organisation.ok_or_else(|| mismatch("the transport certificate names none"))?;
        if !registered.contains(&organisation) {
            return Err(mismatch("the transport certificate is of another organisation"));
        }
        if message.is_signed() {
            let signing = message.certificate();
            let signing = signing.ok_or_else(|| mismatch("no signing certificate was judged"))?;
            let signer = self.named_by(signing);
            let signer = signer.ok_or_else(|| mismatch("the signing certificate names none"))?;
            if !registered.contains(&signer) {
                return Err(mismatch("the signing certificate is of another organisation"));
            }
        }
        Ok(OneOrganisation { id: organisation })
    }

    /// The organisations of the client, of which a directory and an authority know one each.
    fn registered(&self, client: &Client) -> Vec<String> {
        let matched = match client.certificate() {
            CertificateMatch::OrganizationIdentifier(identifier) => Some(identifier.as_str()),
            _ => None,
        };
        let names = [client.organisation_id(), client.organization_identifier(), matched];
        names.into_iter().flatten().filter_map(|name| self.named(name)).collect()
    }

    pub(crate) fn named_by(&self, certificate: &Certificate) -> Option<String> {
        match certificate.organization_identifiers().as_slice() {
            [identifier] => {
                let identifier = OrganizationId::parse(identifier).ok()?;
                self.map(OrganisationName::Identifier(&identifier))
            }
            [] => {
                let unit = only_unit(certificate)?;
                // An authority checks an organizationIdentifier, and hardly an OU.
                let is_identifier = OrganizationId::parse(unit).is_ok();
                if is_identifier { None } else { self.map(OrganisationName::Directory(unit)) }
            }
            _ => None,
        }
    }

    /// A registered name, which says by its form what it is.
    pub(crate) fn named(&self, name: &str) -> Option<String> {
        match OrganizationId::parse(name) {
            Ok(identifier) => self.map(OrganisationName::Identifier(&identifier)),
            Err(_) => self.map(OrganisationName::Directory(name)),
        }
    }

    fn map(&self, name: OrganisationName<'_>) -> Option<String> {
        self.0.organisation(name).map(Cow::into_owned)
    }
}

fn only_unit(certificate: &Certificate) -> Option<&str> {
    let attributes = certificate.subject().attributes();
    let mut units = attributes.filter(|attribute| attribute.oid() == ORGANIZATIONAL_UNIT);
    match (units.next(), units.next()) {
        (Some(unit), None) => unit.text(),
        _ => None,
    }
}

fn mismatch(why: &'static str) -> Rejection {
    Rejection::new(Reason::OrganisationMismatch).detail(why)
}

impl Rule for RequireOneOrganisation {
    const NAME: &'static str = "RequireOneOrganisation";
    type Needs = (TrustedCertificate, AccessToken, RegisteredClient, SignedMessage);
    type Leaves = OneOrganisation;

    fn check(
        &self,
        (transport, token, client, message): Refs<'_, Self::Needs>,
        _: &mut Parts,
        _: &Context,
    ) -> Verdict<OneOrganisation> {
        self.compare(transport.certificate(), token, client.client(), message).into()
    }
}

/// The organisation that all agreed on.
#[derive(Debug)]
pub struct OneOrganisation {
    id: String,
}

impl OneOrganisation {
    /// Its id, by the mapping, of the name in the transport certificate.
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl Evidence for OneOrganisation {
    fn audit(&self, line: &mut Audit) {
        line.field("organisation", self.id.clone());
    }
}

impl fmt::Debug for RequireOneOrganisation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequireOneOrganisation").finish_non_exhaustive()
    }
}

rule_layers!(RequireOneOrganisation);

const ORGANIZATIONAL_UNIT: Oid = Oid::literal("2.5.4.11");

#[cfg(test)]
mod tests;
