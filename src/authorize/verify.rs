//! `VerifyRequestObject`: the request is its client's, for this server, now, and its answer goes where
//! the client registered.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use http::request::Parts;
use rustls_pki_types::UnixTime;

use super::claims::RequestClaims;
use super::presented::{Carrier, PresentedRequest};
use super::profile::{ByValue, Pushed, RequestProfile};
use super::proven::{Origin, ProvenRequest};
use crate::cert::Client;
use crate::context::{Context, relaxed};
use crate::crypto::Algorithm;
use crate::gate::{Halt, Refs, Rule, Verdict, rule_layers};
use crate::jose::{Accept, Compact, DecryptionKeys, FoundKey, KeyLookup};
use crate::reject::{Reason, Rejection};

/// Verifies the request object, or what a client pushed without one.
///
/// # Passes when
///
/// The object, once decrypted where it is encrypted (RSA-OAEP or RSA-OAEP-256, A256GCM), is a JWT
///
/// - without a `typ`, or with `JWT` or `oauth-authz-req+jwt`;
/// - signed by the key of the client that its `kid` names, with an algorithm of the profile that the
///   client registered;
/// - whose `iss` and `client_id` are the client, and whose `aud` is or contains the issuer;
/// - whose `exp` lies ahead, at most 60 minutes after `nbf`, and whose `nbf` lies at most 60 minutes
///   back and at most ten seconds ahead;
/// - with neither `request` nor `request_uri` inside, nor what would change its meaning if it were
///   ignored (`authorization_details`, `registration`);
/// - whose `redirect_uri` is an https URI that the client registered, character by character.
///
/// Of parameters pushed without an object, where the profile takes them, the last two hold. What was kept by the PAR endpoint was verified there;
/// its redirection URI is looked at again.
///
/// # Needs and leaves
///
/// Needs [`PresentedRequest`]; leaves [`ProvenRequest`]. Refusals behind this step may redirect.
///
/// # Does not check
///
/// What is asked for: [`PermitAuthorization`](super::PermitAuthorization) does. Nor whether the
/// object was seen before: it asks for a user's consent and does nothing without, and its answer
/// serves whoever holds the session of its `state`, its `nonce` or its PKCE verifier.
///
/// # Rejections
///
/// None of them redirects. [`Reason::RequestObjectInvalid`], [`Reason::ParameterMissing`] or
/// [`Reason::ParameterInvalid`] at `redirect_uri` and where an object is due;
/// [`Reason::ServiceUnavailable`] where keys do not answer.
///
/// # Specification
///
/// RFC 9101, 4 to 6; RFC 9126, 3; FAPI 1.0 Advanced, 5.2.2 and 8.6; FAPI 2.0 Message Signing, 5.3;
/// OpenID Connect Core, 6.1.
#[derive(Clone)]
pub struct VerifyRequestObject(Arc<Verifier>);

#[derive(Clone)]
struct Verifier {
    profile: RequestProfile,
    issuer: String,
    decryption: Option<DecryptionKeys>,
    other_audience: Option<String>,
    not_before: NotBefore,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum NotBefore {
    Demand,
    Forgive,
}

impl VerifyRequestObject {
    /// Verifies what is meant for this issuer identifier.
    pub fn of(profile: RequestProfile, issuer: impl Into<String>) -> Self {
        Self(Arc::new(Verifier {
            profile,
            issuer: issuer.into(),
            decryption: None,
            other_audience: None,
            not_before: NotBefore::Demand,
        }))
    }

    /// Opens encrypted objects with these keys. Without them an encrypted object is refused.
    #[must_use]
    pub fn decrypting_with(self, keys: DecryptionKeys) -> Self {
        self.with(|verifier| verifier.decryption = Some(keys))
    }

    /// Also takes objects whose `aud` is or contains this name, such as the token endpoint, as WSO2
    /// Open Banking documented. FAPI demands the issuer identifier.
    #[must_use]
    pub fn allow_audience(self, audience: impl Into<String>) -> Self {
        relaxed(Self::NAME, "allow_audience");
        self.with(|verifier| verifier.other_audience = Some(audience.into()))
    }

    /// Also takes objects without `nbf`, as WSO2 Open Banking did. Their `exp` is then at most 60
    /// minutes from now.
    #[must_use]
    pub fn allow_missing_not_before(self) -> Self {
        relaxed(Self::NAME, "allow_missing_not_before");
        self.with(|verifier| verifier.not_before = NotBefore::Forgive)
    }

    fn with(self, change: impl FnOnce(&mut Verifier)) -> Self {
        let mut verifier = Verifier::clone(&self.0);
        change(&mut verifier);
        Self(Arc::new(verifier))
    }
}

impl Rule for VerifyRequestObject {
    const NAME: &'static str = "VerifyRequestObject";
    type Needs = PresentedRequest;
    type Leaves = ProvenRequest;

    fn check(
        &self,
        presented: Refs<'_, PresentedRequest>,
        _: &mut Parts,
        context: &Context,
    ) -> Verdict<ProvenRequest> {
        let client = &presented.client;
        match &presented.carrier {
            Carrier::Kept { claims, signed, unspent } => {
                let origin = Origin::Pushed { signed: *signed, unspent: Some(unspent.clone()) };
                self.0.prove_plain(client, claims.clone(), origin).into()
            }
            Carrier::PushedParameters(claims) => {
                let origin = Origin::Pushed { signed: false, unspent: None };
                match self.0.profile.pushed {
                    Pushed::Any => self.0.prove_plain(client, claims.clone(), origin).into(),
                    Pushed::Signed => {
                        let missing = Rejection::new(Reason::ParameterMissing).place("request");
                        Verdict::reject(missing.detail("parameters without a signature"))
                    }
                }
            }
            Carrier::PushedObject(object) => {
                let origin = Origin::Pushed { signed: true, unspent: None };
                self.verify(client, object, origin, Encryption::Optional, context)
            }
            Carrier::ByValue { object, outside } => {
                let encryption = match self.0.profile.by_value {
                    ByValue::SignAndEncrypt => Encryption::Demanded,
                    ByValue::Refuse | ByValue::Sign => Encryption::Optional,
                };
                self.verify(client, object, Origin::ByValue(outside.clone()), encryption, context)
            }
        }
    }
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Encryption {
    Demanded,
    Optional,
}

impl VerifyRequestObject {
    fn verify(
        &self,
        client: &Arc<Client>,
        object: &str,
        origin: Origin,
        encryption: Encryption,
        context: &Context,
    ) -> Verdict<ProvenRequest> {
        let now = context.now().as_secs();
        let signed = match self.0.open(object, encryption) {
            Ok(signed) => signed,
            Err(rejection) => return Verdict::reject(rejection),
        };
        let lookup = match self.0.read(&signed, client, context.now()) {
            Ok((_, lookup)) => lookup,
            Err(rejection) => return Verdict::reject(rejection),
        };
        match lookup {
            KeyLookup::Now(found) => self.0.judge(client, &signed, found, origin, now).into(),
            KeyLookup::Later(search) => {
                let (verifier, client) = (self.0.clone(), client.clone());
                let signed = signed.into_owned();
                Verdict::Later(Box::pin(async move {
                    let found = search.await;
                    verifier.judge(&client, &signed, found, origin, now).map_err(Halt::from)
                }))
            }
        }
    }
}

impl Verifier {
    /// The signed object inside an encrypted one, or the signed object itself.
    fn open<'a>(&self, object: &'a str, encryption: Encryption) -> Result<Cow<'a, str>, Rejection> {
        if object.len() > MOST {
            return Err(invalid("too large"));
        }
        if object.bytes().filter(|byte| *byte == b'.').count() != 4 {
            return match encryption {
                Encryption::Demanded => Err(invalid("not encrypted")),
                Encryption::Optional => Ok(Cow::Borrowed(object)),
            };
        }
        let keys = self.decryption.as_ref().ok_or_else(|| invalid("encrypted"))?;
        let opened = keys.open(object).map_err(|error| invalid("encrypted").source(error))?;
        String::from_utf8(opened).map(Cow::Owned).map_err(|_| invalid("not text inside"))
    }

    /// Reads an object and asks for its key, before any of it is believed.
    fn read<'a>(
        &self,
        signed: &'a str,
        client: &Client,
        now: UnixTime,
    ) -> Result<(Compact<'a>, KeyLookup), Rejection> {
        let jws = Compact::parse(signed).map_err(|error| invalid("not a JWS").source(error))?;
        let typ = jws.header().typ().map(|typ| typ.strip_prefix("application/").unwrap_or(typ));
        // A JWT of another explicit type is no request, whoever signed it (RFC 8725, 3.11).
        let fits = typ.is_none_or(|typ| {
            typ.eq_ignore_ascii_case("oauth-authz-req+jwt") || typ.eq_ignore_ascii_case("JWT")
        });
        if !fits {
            return Err(invalid("typ of another kind"));
        }
        let kid = jws.header().key_id().ok_or_else(|| invalid("no kid"))?;
        let keys = client.signing_keys().ok_or_else(|| invalid("the client has no keys"))?;
        let lookup = keys.find(kid, now);
        Ok((jws, lookup))
    }

    fn judge(
        &self,
        client: &Arc<Client>,
        signed: &str,
        found: FoundKey,
        origin: Origin,
        now: u64,
    ) -> Result<ProvenRequest, Rejection> {
        let key = found
            .map_err(|error| Rejection::new(Reason::ServiceUnavailable).source(error))?
            .ok_or_else(|| invalid("no key of this kid"))?;
        let jws = Compact::parse(signed).map_err(|error| invalid("not a JWS").source(error))?;
        let algorithms = self.algorithms(client);
        let verified = jws
            .verify(&key, Accept::algorithms(&algorithms))
            .map_err(|error| invalid("signature").source(error))?;
        let claims = RequestClaims::parse(verified.payload())
            .map_err(|error| invalid("claims").source(error))?;
        self.facts(client, &claims, now)?;
        ProvenRequest::new(client.clone(), Box::new(claims), origin)
    }

    /// Those of the profile that the client registered.
    fn algorithms(&self, client: &Client) -> Vec<Algorithm> {
        let own = client.algorithms();
        self.profile.algorithms.iter().copied().filter(|one| own.contains(one)).collect()
    }

    fn facts(&self, client: &Client, claims: &RequestClaims, now: u64) -> Result<(), Rejection> {
        ignorable(claims, Reason::RequestObjectInvalid)?;
        let of_client = |claim: &Option<String>| claim.as_deref() == Some(client.client_id());
        if !of_client(&claims.client_id) {
            return Err(invalid("client_id is missing or another"));
        }
        if !of_client(&claims.issuer) {
            return Err(invalid("iss is missing or another"));
        }
        let other = self.other_audience.as_deref();
        let ours = |name: &str| claims.audience.contains(name);
        if !ours(&self.issuer) && !other.is_some_and(ours) {
            return Err(invalid("aud is missing or another"));
        }
        self.times(claims, now)
    }

    fn times(&self, claims: &RequestClaims, now: u64) -> Result<(), Rejection> {
        let expires_at = claims.expires_at.ok_or_else(|| invalid("exp is missing"))?;
        let not_before = match (claims.not_before, self.not_before) {
            (Some(time), _) => time,
            (None, NotBefore::Forgive) => now,
            (None, NotBefore::Demand) => return Err(invalid("nbf is missing")),
        };
        if expires_at <= now {
            return Err(invalid("expired"));
        }
        if not_before > now.saturating_add(SKEW) {
            return Err(invalid("nbf lies ahead"));
        }
        // So `nbf` lies at most 60 minutes back: what ends after it lies ahead.
        if expires_at > not_before.saturating_add(HOUR) {
            return Err(invalid("exp lies more than 60 minutes after nbf"));
        }
        Ok(())
    }

    /// What an authenticated client pushed without a signature, or was verified when it was pushed.
    fn prove_plain(
        &self,
        client: &Arc<Client>,
        claims: Box<RequestClaims>,
        origin: Origin,
    ) -> Result<ProvenRequest, Rejection> {
        ignorable(&claims, Reason::ParameterInvalid)?;
        ProvenRequest::new(client.clone(), claims, origin)
    }
}

fn ignorable(claims: &RequestClaims, reason: Reason) -> Result<(), Rejection> {
    match claims.refused {
        None => Ok(()),
        Some(name) => Err(Rejection::new(reason).place(name).detail("not taken")),
    }
}

fn invalid(why: &'static str) -> Rejection {
    Rejection::new(Reason::RequestObjectInvalid).detail(why)
}

impl fmt::Debug for VerifyRequestObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyRequestObject")
            .field("profile", &self.0.profile.name)
            .field("issuer", &self.0.issuer)
            .finish_non_exhaustive()
    }
}

rule_layers!(VerifyRequestObject);

const MOST: usize = 32 * 1024;
/// FAPI 2.0, 5.3.2.1: clocks differ by up to ten seconds.
const SKEW: u64 = 10;
/// FAPI 1.0 Advanced, 5.2.2, 13 and 17.
const HOUR: u64 = 3600;
