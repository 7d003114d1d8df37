//! `SignResponse`: the bank signs what it sends.

use std::fmt;
use std::sync::Arc;

use http::header::{CONTENT_TYPE, HeaderValue};
use http::request::Parts;
use rustls_pki_types::UnixTime;

use super::{EndpointTable, HEADER, ObieSigning};
use crate::context::Context;
use crate::crypto::{Algorithm, KeyError, SigningKey};
use crate::gate::{Answer, Around, BoxFuture, Evidence, Halt, Refs, Verdict, around_layers};
use crate::header::MediaType;
use crate::jose::NewHeader;
use crate::reject::{Reason, Rejection};

/// Signs responses with `x-jws-signature`, over the very bytes that are sent.
///
/// # Passes when
///
/// Always: it only notes whether the endpoint's responses are signed, by the table. The signature
/// goes on every answer with a body, on refusals and replays too, with a fresh `iat`; an answer
/// without a body has none. `cty` is the media type of the answer. A signature that the handler set
/// is replaced; where none is due it is removed.
///
/// # Needs and leaves
///
/// Needs nothing; leaves [`SigningPlan`]. It should stand before every step that refuses.
///
/// # Does not check
///
/// The body. Layers outside the gate must not change it: compress outside, and the signature covers
/// the content before compression, as the profile demands.
///
/// # Rejections
///
/// [`Reason::ResponseUnreadable`] where the body cannot be read or the key does not sign: an answer
/// that must be signed is not sent unsigned. This 500 itself has no signature.
///
/// # Specification
///
/// Open Banking UK Read/Write profile, "Message Signing".
///
/// ```
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use tower::{Layer, ServiceExt, service_fn};
/// use tower_open_banking::{body::Body, crypto::SigningKey, signature::*};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # type Answer = Result<Response<Body>, std::convert::Infallible>;
/// # let pem = openssl::rsa::Rsa::generate(2048)?.private_key_to_pem()?;
/// # let curve = rcgen::KeyPair::generate()?.serialize_pem();
/// let made = |pem: &[u8]| {
///     let key = SigningKey::from_pem(pem)?;
///     let (issuer, anchor) = ("0015800000jf9GgAAI", "openbanking.org.uk");
///     ResponseSigner::new(ObieSigning::V3_1_4, key, "bank-1", issuer, anchor)
/// };
/// assert!(made(curve.as_bytes()).is_err()); // PS256 wants RSA
///
/// let handler = service_fn(|_| async { Answer::Ok(Response::new(Body::from(Bytes::from("{}")))) });
/// let signed = SignResponse::with(made(&pem)?).layer(handler);
/// for (path, is_signed) in [("/domestic-payments", true), ("/funds-confirmations", false)] {
///     let answer = signed.clone().oneshot(Request::post(path).body(Body::empty())?).await?;
///     assert_eq!(answer.headers().contains_key("x-jws-signature"), is_signed);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct SignResponse {
    signer: Arc<ResponseSigner>,
    table: EndpointTable,
}

/// The key of the bank, and what it says of itself in the header.
pub struct ResponseSigner {
    key: SigningKey,
    algorithm: Algorithm,
    kid: String,
    issuer: String,
    trust_anchor: String,
    signing: ObieSigning,
}

impl ResponseSigner {
    /// A signer by the rules of a version, with PS256.
    ///
    /// `kid` is the key's id in the trust anchor's directory, `issuer` the organisation id of the
    /// bank there (no software id: that is for providers), `trust_anchor` the anchor's DNS name.
    ///
    /// # Errors
    ///
    /// A key that cannot make the algorithm's signatures.
    pub fn new(
        signing: ObieSigning,
        key: SigningKey,
        kid: impl Into<String>,
        issuer: impl Into<String>,
        trust_anchor: impl Into<String>,
    ) -> Result<Self, KeyError> {
        let algorithm = Algorithm::Ps256;
        match key.public_key().fits(algorithm) {
            true => Ok(Self {
                key,
                algorithm,
                kid: kid.into(),
                issuer: issuer.into(),
                trust_anchor: trust_anchor.into(),
                signing,
            }),
            false => Err(KeyError::Unsupported),
        }
    }

    fn sign(
        &self,
        body: &[u8],
        media_type: Option<MediaType>,
        now: UnixTime,
    ) -> Result<HeaderValue, Rejection> {
        let failed = || Rejection::new(Reason::ResponseUnreadable);
        let cty = media_type.map(|media_type| media_type.to_string());
        let mut header = NewHeader::new(self.algorithm, &self.kid).typ("JOSE");
        if let Some(cty) = &cty {
            header = header.cty(cty);
        }
        if self.signing == ObieSigning::V3_1_0 {
            header = header.unencoded();
        }
        let header = header.obie(now.as_secs(), &self.issuer, &self.trust_anchor);
        let signed =
            header.sign_detached(&self.key, body).map_err(|error| failed().source(error))?;
        HeaderValue::from_str(&signed).map_err(|error| failed().source(error))
    }
}

impl SignResponse {
    /// Signs with this, by the UK endpoint table.
    pub fn with(signer: ResponseSigner) -> Self {
        Self { signer: Arc::new(signer), table: EndpointTable::OBIE }
    }

    /// Takes the signed endpoints from another table.
    #[must_use]
    pub fn on(mut self, table: EndpointTable) -> Self {
        self.table = table;
        self
    }
}

impl Around for SignResponse {
    const NAME: &'static str = "SignResponse";
    type Needs = ();
    type Leaves = SigningPlan;

    fn check(&self, (): Refs<'_, ()>, request: &mut Parts, _: &Context) -> Verdict<SigningPlan> {
        let demands = self.table.demands(&request.method, request.uri.path());
        Verdict::pass(SigningPlan { is_signed: demands.signed_response })
    }

    fn answer<'a>(
        &'a self,
        plan: &'a SigningPlan,
        answer: &'a mut Answer<'_>,
        context: &'a Context,
    ) -> BoxFuture<'a, Result<(), Halt>> {
        Box::pin(async move {
            answer.headers_mut().remove(HEADER);
            if !plan.is_signed {
                return Ok(());
            }
            let body = answer.bytes(context).await?;
            if body.is_empty() {
                return Ok(());
            }
            let value = self.signer.sign(&body, media_type(answer), context.now())?;
            answer.headers_mut().insert(HEADER, value);
            Ok(())
        })
    }
}

/// The media type of the body, which `cty` must name where it is not JSON.
fn media_type(answer: &Answer<'_>) -> Option<MediaType> {
    let text = answer.headers().get(CONTENT_TYPE)?.to_str().ok()?;
    text.split(';').next()?.trim().parse().ok()
}

/// Whether the answer to a request is to be signed.
#[derive(Debug)]
pub struct SigningPlan {
    is_signed: bool,
}

impl Evidence for SigningPlan {}

impl fmt::Debug for ResponseSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseSigner").field("kid", &self.kid).finish_non_exhaustive()
    }
}

impl fmt::Debug for SignResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignResponse").field("signer", &self.signer).finish_non_exhaustive()
    }
}

around_layers!(SignResponse);

#[cfg(test)]
mod tests;
