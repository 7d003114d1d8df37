//! `VerifySignature`: the message is what the client signed.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::header::CONTENT_TYPE;
use http::request::Parts;

use super::obie::{HeaderRules, rejection};
use super::{EndpointTable, HEADER, HEADER_TEXT, ObieSigning, TrustAnchors};
use crate::body::BodyBytes;
use crate::cert::{Client, RegisteredClient};
use crate::context::{Context, relaxed};
use crate::crypto::{Algorithm, VerifyError};
use crate::gate::{Evidence, Halt, Refs, Rule, Verdict, rule_layers};
use crate::header::{HeaderTextError, single, single_text};
use crate::jose::{Accept, Detached, FoundKey, JwsError, KeyLookup};
use crate::reject::{Reason, Rejection};

/// Verifies `x-jws-signature` on requests.
///
/// # Passes when
///
/// On an endpoint that the table calls signed: there is one header `H..S`; its JOSE header has the
/// members of the profile's version with their values and no others ([`ObieSigning`]); `alg` is
/// among the algorithms of the rule **and** of the client; `iss` is the client that the token was
/// issued to; `kid` names one of that client's keys; and the signature holds over the bytes of the
/// body as received, never over a re-serialisation. On other endpoints a message without signature
/// passes, and one with a signature as [`unexpected`](Self::unexpected) says.
///
/// # Needs and leaves
///
/// Needs [`BodyBytes`] and [`RegisteredClient`]; leaves [`SignedMessage`].
///
/// # Does not check
///
/// The certificate behind the signing key; that a signature was not seen before, which is
/// `RunOnce`'s matter. `iat` may be of any age unless [`max_age`](Self::max_age) is set.
///
/// # Rejections
///
/// [`Reason::SignatureMissing`], [`Reason::SignatureMalformed`],
/// [`Reason::SignatureClaimMissing`] and [`Reason::SignatureClaimInvalid`] with the member's name,
/// [`Reason::SignatureInvalid`], [`Reason::SignatureUnexpected`];
/// [`Reason::ContentTypeUnsupported`] for a repeated `Content-Type`, which `cty` must be;
/// [`Reason::ServiceUnavailable`] where the keys do not answer.
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
            return Verdict::pass(SignedMessage { is_signed: false });
        }
        let value = match verifier.value(request) {
            Ok(Some(value)) => value,
            Ok(None) => return Verdict::pass(SignedMessage { is_signed: false }),
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
        match keys.find(kid) {
            KeyLookup::Now(found) => {
                let accept = verifier.accepted(client);
                finish(&message, found, &accept, verifier.rules.signing, body.bytes()).into()
            }
            KeyLookup::Later(search) => {
                let (accept, signing) = (verifier.accepted(client), verifier.rules.signing);
                let (value, bytes) = (value.to_owned(), body.bytes().clone());
                Verdict::Later(Box::pin(async move {
                    let found = search.await;
                    let message =
                        Detached::parse(&value).map_err(|error| rejection(error, signing))?;
                    finish(&message, found, &accept, signing, &bytes).map_err(Halt::from)
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
}

fn finish(
    message: &Detached<'_>,
    found: FoundKey,
    accept: &[Algorithm],
    signing: ObieSigning,
    body: &[u8],
) -> Result<SignedMessage, Rejection> {
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
    Ok(SignedMessage { is_signed: true })
}

fn unknown_key() -> Rejection {
    Rejection::new(Reason::SignatureClaimInvalid).place("kid").detail("no such key of the client")
}

/// The message went through the rules of message signing.
#[derive(Debug)]
pub struct SignedMessage {
    is_signed: bool,
}

impl SignedMessage {
    /// Whether a signature was verified; false on an endpoint that expects none, and under waiver.
    pub fn is_signed(&self) -> bool {
        self.is_signed
    }
}

impl Evidence for SignedMessage {}

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
