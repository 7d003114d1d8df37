//! `VerifySignature`: the message is what the client signed.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::header::CONTENT_TYPE;
use http::request::Parts;

use rustls_pki_types::UnixTime;

use super::certificates::Signer;
use super::obie::{HeaderRules, rejection};
use super::{EndpointTable, HEADER, HEADER_TEXT, ObieSigning, SigningCertificates, TrustAnchors};
use crate::body::BodyBytes;
use crate::cert::{Certificate, Client, RegisteredClient};
use crate::context::{Context, relaxed};
use crate::crypto::{Algorithm, VerifyError, hex};
use crate::eidas::PspIdentity;
use crate::gate::{Audit, Evidence, Refs, Rule, Verdict, rule_layers};
use crate::header::{HeaderTextError, single, single_text};
use crate::jose::{Accept, Detached, FoundKey, JwsError, Key, KeyLookup};
use crate::reject::{Reason, Rejection};

/// Verifies `x-jws-signature` on requests.
///
/// # Passes when
///
/// On an endpoint that the table calls signed: there is one header `H..S`; its JOSE header has the
/// members of the profile's version with their values and no others ([`ObieSigning`]); `alg` is
/// among the algorithms of the rule **and** of the client; `iss` is the client that the token was
/// issued to; `kid` names one of that client's keys; and the signature holds over the bytes of the
/// body as received, never over a re-serialisation. After [`certified_by`](Self::certified_by) the
/// certificate that the client published with the key must be in order as well. On other endpoints
/// a message without signature passes, and one with a signature as [`unexpected`](Self::unexpected)
/// says.
///
/// # Needs and leaves
///
/// Needs [`BodyBytes`] and [`RegisteredClient`]; leaves [`SignedMessage`].
///
/// # Does not check
///
/// Unless asked to, the certificate behind the signing key; whose certificate it is, which is
/// [`RequireOneOrganisation`](super::RequireOneOrganisation)'s matter; that a signature was not seen
/// before, which is `RunOnce`'s. `iat` may be of any age unless [`max_age`](Self::max_age) is set.
///
/// # Rejections
///
/// [`Reason::SignatureMissing`], [`Reason::SignatureMalformed`],
/// [`Reason::SignatureClaimMissing`] and [`Reason::SignatureClaimInvalid`] with the member's name,
/// [`Reason::SignatureInvalid`], [`Reason::SignatureUnexpected`];
/// [`Reason::ContentTypeUnsupported`] for a repeated `Content-Type`, which `cty` must be;
/// [`Reason::ServiceUnavailable`] where the keys do not answer. Of the certificate:
/// [`Reason::SigningCertificateExpired`], [`Reason::SigningCertificateRevoked`],
/// [`Reason::SigningCertificateInvalid`], [`Reason::CertificateBlocked`], and
/// [`Reason::RevocationUnknown`] where its status cannot be told.
///
/// # Specification
///
/// Open Banking UK Read/Write profile, "Message Signing"; RFC 7515; RFC 7797.
#[derive(Clone)]
pub struct VerifySignature(Arc<Verifier>);

#[derive(Clone)]
struct Verifier {
    rules: HeaderRules,
    table: EndpointTable,
    algorithms: Vec<Algorithm>,
    unexpected: Unexpected,
    certificates: Option<SigningCertificates>,
    waived: bool,
}

/// What to do with a signature on an endpoint that expects none.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unexpected {
    /// Leaves it alone.
    Ignore,
    /// Refuses it.
    Reject,
    /// Verifies it like a due one: the profile lets implementers sign elsewhere.
    Verify,
}

impl VerifySignature {
    /// By the rules of a version, with PS256 alone, the UK endpoint table and anchors.
    pub fn detached_jws(signing: ObieSigning) -> Self {
        let anchors = TrustAnchors::obie();
        let rules = HeaderRules { signing, anchors, max_age: None, tolerated: Vec::new() };
        Self(Arc::new(Verifier {
            rules,
            table: EndpointTable::OBIE,
            algorithms: vec![Algorithm::Ps256],
            unexpected: Unexpected::Verify,
            certificates: None,
            waived: false,
        }))
    }

    /// Takes the signed endpoints from another table.
    #[must_use]
    pub fn on(self, table: EndpointTable) -> Self {
        self.with(|verifier| verifier.table = table)
    }

    /// Accepts other trust anchors in `tan`.
    #[must_use]
    pub fn trust_anchors(self, anchors: TrustAnchors) -> Self {
        self.with(|verifier| verifier.rules.anchors = anchors)
    }

    /// Sets the algorithms of the profile; a client may use those of them that it registered. The
    /// UK profiles know PS256 alone; an empty list lets no signature pass. The family of RS256, which
    /// no profile allows here, is left out even if listed.
    #[must_use]
    pub fn algorithms(self, algorithms: impl Into<Vec<Algorithm>>) -> Self {
        let mut algorithms = algorithms.into();
        algorithms.retain(|algorithm| !NEVER.contains(algorithm));
        self.with(|verifier| verifier.algorithms = algorithms)
    }

    /// Refuses a message that was signed longer ago than this.
    #[must_use]
    pub fn max_age(self, max_age: Duration) -> Self {
        self.with(|verifier| verifier.rules.max_age = Some(max_age))
    }

    /// What to do with a signature on an endpoint that expects none.
    #[must_use]
    pub fn unexpected(self, unexpected: Unexpected) -> Self {
        self.with(|verifier| verifier.unexpected = unexpected)
    }

    /// Judges the certificate behind the signing key, too.
    #[must_use]
    pub fn certified_by(self, certificates: SigningCertificates) -> Self {
        self.with(|verifier| verifier.certificates = Some(certificates))
    }

    /// Ignores a member of the JOSE header that some providers send, such as `x5t#S256`. It is never
    /// followed.
    #[must_use]
    pub fn allow_member(self, name: impl Into<String>) -> Self {
        relaxed(Self::NAME, "allow_member");
        self.with(|verifier| verifier.rules.tolerated.push(name.into()))
    }

    /// Waiver 007: verifies nothing and refuses nothing. It expired in 2020; logged as a warning.
    #[must_use]
    pub fn danger_waiver_007(self) -> Self {
        tracing::warn!("waiver 007 is on: message signatures are not verified");
        self.with(|verifier| verifier.waived = true)
    }

    fn with(self, change: impl FnOnce(&mut Verifier)) -> Self {
        let mut verifier = Verifier::clone(&self.0);
        change(&mut verifier);
        Self(Arc::new(verifier))
    }
}

impl Rule for VerifySignature {
    const NAME: &'static str = "VerifySignature";
    type Needs = (BodyBytes, RegisteredClient);
    type Leaves = SignedMessage;

    fn check(
        &self,
        (body, registered): Refs<'_, Self::Needs>,
        request: &mut Parts,
        context: &Context,
    ) -> Verdict<SignedMessage> {
        let verifier = &*self.0;
        if verifier.waived {
            return Verdict::pass(SignedMessage::unsigned());
        }
        let value = match verifier.value(request) {
            Ok(Some(value)) => value,
            Ok(None) => return Verdict::pass(SignedMessage::unsigned()),
            Err(rejection) => return Verdict::reject(rejection),
        };
        let client = registered.client();
        let message = match verifier.read(value, client, request, context) {
            Ok(message) => message,
            Err(rejection) => return Verdict::reject(rejection),
        };
        let kid = message.header().key_id().unwrap_or_default();
        let Some(keys) = client.signing_keys() else {
            return Verdict::reject(unknown_key());
        };
        let (accept, now) = (verifier.accepted(client), context.now());
        match keys.find(kid, now) {
            KeyLookup::Now(found) => verifier.finish(&message, found, &accept, body.bytes(), now),
            KeyLookup::Later(search) => {
                let verifier = self.0.clone();
                let (value, bytes) = (value.to_owned(), body.bytes().clone());
                Verdict::Later(Box::pin(async move {
                    let found = search.await;
                    let signing = verifier.rules.signing;
                    let message =
                        Detached::parse(&value).map_err(|error| rejection(error, signing))?;
                    match verifier.finish(&message, found, &accept, &bytes, now) {
                        Verdict::Flawed(_, rejection) => Err(rejection.into()),
                        Verdict::Later(waiting) => waiting.await,
                        Verdict::Now(result) => result,
                    }
                }))
            }
        }
    }
}

impl Verifier {
    /// The header's value, where it is to be verified.
    fn value<'a>(&self, request: &'a Parts) -> Result<Option<&'a str>, Rejection> {
        let due = self.table.demands(&request.method, request.uri.path()).signed_request;
        if !due && self.unexpected == Unexpected::Ignore {
            return Ok(None);
        }
        let malformed =
            |error: HeaderTextError| Rejection::new(Reason::SignatureMalformed).source(error);
        match single_text(&request.headers, &HEADER).map_err(malformed)? {
            None if due => Err(Rejection::new(Reason::SignatureMissing).place(HEADER_TEXT)),
            Some(_) if !due && self.unexpected == Unexpected::Reject => {
                Err(Rejection::new(Reason::SignatureUnexpected).place(HEADER_TEXT))
            }
            value => Ok(value),
        }
    }

    /// Reads the value and judges its header, before any key is touched.
    fn read<'a>(
        &self,
        value: &'a str,
        client: &Client,
        request: &Parts,
        context: &Context,
    ) -> Result<Detached<'a>, Rejection> {
        let refused = |error| rejection(error, self.rules.signing);
        let message = Detached::parse(value).map_err(refused)?;
        let header = message.header();
        let allowed = self.accepted(client);
        if !allowed.contains(&header.algorithm()) {
            return Err(refused(JwsError::AlgorithmNotAccepted(header.algorithm())));
        }
        // A second media type would be signed by nobody and perhaps read by the handler.
        let content_type = single(&request.headers, &CONTENT_TYPE).map_err(|error| {
            Rejection::new(Reason::ContentTypeUnsupported).place("Content-Type").source(error)
        })?;
        let content_type = content_type.map(|value| value.to_str().unwrap_or_default());
        self.rules.judge(header, client, content_type, context.now())?;
        Ok(message)
    }

    /// The algorithms of the profile that the client registered.
    fn accepted(&self, client: &Client) -> Vec<Algorithm> {
        let own = client.algorithms();
        self.algorithms.iter().copied().filter(|algorithm| own.contains(algorithm)).collect()
    }

    /// The signature first: only what the key has signed makes anybody look at its certificate.
    fn finish(
        &self,
        message: &Detached<'_>,
        found: FoundKey,
        accept: &[Algorithm],
        body: &[u8],
        now: UnixTime,
    ) -> Verdict<SignedMessage> {
        let key = match self.signing_key(message, found, accept, body) {
            Ok(key) => key,
            Err(rejection) => return Verdict::reject(rejection),
        };
        let Some(certificates) = &self.certificates else {
            return Verdict::pass(SignedMessage::signed(None));
        };
        let signed = |signer| SignedMessage::signed(Some(signer));
        match certificates.judge(&key, now) {
            Verdict::Flawed(_, rejection) => Verdict::reject(rejection),
            Verdict::Later(waiting) => {
                Verdict::Later(Box::pin(async move { waiting.await.map(signed) }))
            }
            Verdict::Now(result) => Verdict::Now(result.map(signed)),
        }
    }

    fn signing_key(
        &self,
        message: &Detached<'_>,
        found: FoundKey,
        accept: &[Algorithm],
        body: &[u8],
    ) -> Result<Arc<Key>, Rejection> {
        let signing = self.rules.signing;
        let key = found
            .map_err(|error| Rejection::new(Reason::ServiceUnavailable).source(error))?
            .ok_or_else(unknown_key)?;
        let accept = Accept::algorithms(accept).understanding(signing.critical());
        message.verify(&key, accept, body).map_err(|error| match error {
            // The key is of another kind than `alg` says: a wrong header, no wrong signature.
            JwsError::Verify(VerifyError::WrongKey) => {
                Rejection::new(Reason::SignatureClaimInvalid).place("alg").source(error)
            }
            error => rejection(error, signing),
        })?;
        Ok(key)
    }
}

fn unknown_key() -> Rejection {
    Rejection::new(Reason::SignatureClaimInvalid).place("kid").detail("no such key of the client")
}

/// The message went through the rules of message signing.
pub struct SignedMessage {
    is_signed: bool,
    signer: Option<Signer>,
}

impl SignedMessage {
    pub(super) fn signed(signer: Option<Signer>) -> Self {
        Self { is_signed: true, signer }
    }

    /// Of a message that nobody verified.
    pub(crate) fn unsigned() -> Self {
        Self { is_signed: false, signer: None }
    }

    /// Whether a signature was verified; false on an endpoint that expects none, and under waiver.
    pub fn is_signed(&self) -> bool {
        self.is_signed
    }

    /// The certificate behind the signature, trusted and not revoked; none unless
    /// [`VerifySignature::certified_by`] was set.
    pub fn certificate(&self) -> Option<&Certificate> {
        self.signer.as_ref().map(|signer| signer.trusted.certificate())
    }

    /// The provider that the certificate identifies; none for one without qcStatements, where such
    /// are allowed.
    pub fn organisation(&self) -> Option<&PspIdentity> {
        self.signer.as_ref()?.psp.as_ref()
    }
}

impl Evidence for SignedMessage {
    fn audit(&self, line: &mut Audit) {
        if let Some(certificate) = self.certificate() {
            line.field("signing_thumbprint", hex(certificate.thumbprint()));
        }
    }
}

impl fmt::Debug for SignedMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A subject may be a person.
        f.debug_struct("SignedMessage").field("is_signed", &self.is_signed).finish_non_exhaustive()
    }
}

impl fmt::Debug for VerifySignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifySignature")
            .field("rules", &self.0.rules)
            .field("algorithms", &self.0.algorithms)
            .finish_non_exhaustive()
    }
}

rule_layers!(VerifySignature);

/// Read/Write profile, "Message Signing": never; FAPI 1.0 Advanced, 8.6: should not.
const NEVER: [Algorithm; 3] = [Algorithm::Rs256, Algorithm::Rs384, Algorithm::Rs512];

#[cfg(test)]
mod tests;
