//! `AuthenticateClient`: the caller is a registered client, proven in the way it registered.

mod certificate;
mod verify;

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use http::header::AUTHORIZATION;
use http::request::Parts;
use rustls_pki_types::UnixTime;

use self::verify::Verifier;
use super::assertion::CLIENT_ASSERTION_TYPE;
use super::offer_certificate::Offer;
use super::{
    AuthenticatedClient, AuthenticationMethod, Form, OfferedCertificate, SenderConstraint,
};
#[cfg(doc)]
use crate::cert::CertificateMatch;
use crate::cert::{Client, ClientLookup, ClientRegistry, TrustedCertificate};
use crate::context::{Context, relaxed};
use crate::crypto::Algorithm;
use crate::gate::{Needs, Refs, Rule, Verdict, rule_layers};
use crate::reject::{Reason, Rejection};
use crate::replay::ReplayStore;

/// Authenticates the client at the token, PAR, introspection or revocation endpoint.
///
/// # Passes when
///
/// The form names a registered client, by `client_id` or by the assertion, and the request has the
/// one proof that this client registered:
///
/// - `private_key_jwt`: `client_assertion_type` and one `client_assertion` of at most 16 KiB, signed
///   with an algorithm of the profile **and** of the client by that of the client's keys which its
///   `kid` names; `typ` absent, `JWT` or `client-authentication+jwt`; no `crit`, `jku`, `jwk` or
///   `x5u`; `iss` and `sub` are the client, and so is `client_id` if it was sent; `aud` is as
///   [`AssertionAudience`] says; `exp` lies ahead, by at most five minutes and ten seconds; `iat`
///   and `nbf`, where there, do not lie ahead by more than ten seconds; and `jti`, of at most 256
///   bytes, was not used before. It is spent last, so that nobody can spend what he cannot sign;
/// - `tls_client_auth`: `client_id`, and a trusted certificate that is the client's by its
///   [`CertificateMatch`];
/// - `self_signed_tls_client_auth`: `client_id`, and a certificate that is registered for the client
///   by key or thumbprint, in its time and strong enough. No path is looked for.
///
/// Of a client that authenticates by assertions and has its tokens bound to certificates, a
/// certificate that is shown must be trusted and its own; one that is not shown is for
/// [`PermitGrant`](super::PermitGrant) to miss.
///
/// # Needs and leaves
///
/// Needs [`Form`], and [`TrustedCertificate`]; after [`if_offered`](Self::if_offered)
/// [`OfferedCertificate`] in its place, after [`without_certificates`](Self::without_certificates)
/// nothing. Leaves [`AuthenticatedClient`].
///
/// # Does not check
///
/// What the client asks for. Nor does it hide by the time it takes whether a client exists; its
/// answers do.
///
/// # Rejections
///
/// [`Reason::ClientAuthenticationFailed`] for everything that has to do with the client, whatever it
/// is: unknown, of another method, a bad assertion, no certificate or not its own. The log says
/// which. [`Reason::ParameterInvalid`] for two methods in one request, where a secret and an
/// `Authorization` header are one each. [`Reason::ServiceUnavailable`] where the registry, the keys
/// or the store do not answer, and [`Reason::RevocationUnknown`] where
/// [`OfferCertificate`](super::OfferCertificate) could not tell.
///
/// # Specification
///
/// RFC 6749, 2.3; RFC 7523, 3; RFC 8705, 2; FAPI 1.0 Advanced, 5.2.2 and 8.6; FAPI 2.0, 5.3.2.1 and
/// 5.4; draft-ietf-oauth-rfc7523bis.
///
/// ```
/// # use rustls_pki_types::UnixTime;
/// use http::{Request, Response, StatusCode};
/// use tower::{Layer, ServiceExt, service_fn};
/// use tower_open_banking::cert::{CertificateMatch, Client, Clients};
/// use tower_open_banking::{body::Body, client_auth::*, crypto::*, gate::Gate, jose::*};
/// use tower_open_banking::{reject::AuthorizationServer, replay::MemoryReplayStore};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # type Answer = Result<Response<Body>, std::convert::Infallible>;
/// # let key = SigningKey::from_pem(rcgen::KeyPair::generate()?.serialize_pem().as_bytes())?;
/// let handler = service_fn(|_| async { Answer::Ok(Response::new(Body::empty())) });
/// let keys = KeySet::of([Key::new(key.public_key().clone()).with_id("1")])?;
/// let tpp = Client::new("tpp", CertificateMatch::NoCertificate)
///     .signs_with(keys, [Algorithm::Es256])
///     .registered_as(Registration::new(
///         AuthenticationMethod::PrivateKeyJwt,
///         SenderConstraint::Dpop,
///     ));
/// let spent = MemoryReplayStore::with_capacity(100_000);
/// let rule = AuthenticateClient::registered_in(Clients::of([tpp])?, "https://as", spent);
/// let gate = Gate::new(AuthorizationServer::default())
///     .then(ReadForm::posted())
///     .then(rule.without_certificates())
///     .build()?;
/// let form = ClientAssertions::of("tpp", key, "1", Algorithm::Es256)
///     .parameters("https://as", UnixTime::now())?;
/// let form: Parameters = form.into_iter().collect();
/// // The second time it is a replay.
/// for status in [StatusCode::OK, StatusCode::UNAUTHORIZED] {
///     let request = Request::post("/par")
///         .header("content-type", "application/x-www-form-urlencoded")
///         .body(Body::from(bytes::Bytes::from(form.to_string())))?;
///     assert_eq!(gate.layer(handler).oneshot(request).await?.status(), status);
/// }
/// # Ok(())
/// # }
/// ```
pub struct AuthenticateClient<C = TrustedCertificate>(Arc<Authenticator>, PhantomData<fn() -> C>);

struct Authenticator {
    clients: Arc<dyn ClientRegistry>,
    assertions: Verifier,
}

/// Whom an assertion may be meant for: this server and nobody else, compared character by character.
/// An assertion for two servers is one that the first can use at the second.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum AssertionAudience {
    /// The issuer identifier alone (draft-ietf-oauth-rfc7523bis; FAPI 2.0). An assertion for the URL
    /// of an endpoint may have been asked for by another server that calls this URL its own.
    IssuerSole,
    /// The issuer identifier or one of these URLs: the token endpoint, and the endpoint itself, as
    /// RFC 9126, 2 has it and as clients of FAPI 1.0, CDR and OBIE do. An array may name several of
    /// them, as the certification of FAPI 1.0 tests: all of them are this server.
    IssuerOrEndpoint(Vec<String>),
}

impl AuthenticateClient {
    /// Authenticates clients of this registry to the server of this issuer identifier. What was used
    /// once is remembered in `spent`, which all instances share.
    ///
    /// Assertions are for the issuer alone; PS256, ES256 and EdDSA are allowed.
    pub fn registered_in(
        clients: impl ClientRegistry,
        issuer: impl Into<String>,
        spent: impl ReplayStore + 'static,
    ) -> Self {
        let assertions = Verifier::new(issuer.into(), Arc::new(spent));
        Self(Arc::new(Authenticator { clients: Arc::new(clients), assertions }), PhantomData)
    }

    /// Takes the certificate from [`OfferCertificate`](super::OfferCertificate), for endpoints that
    /// are called without one too, or with one that is self-signed.
    #[must_use]
    pub fn if_offered(self) -> AuthenticateClient<OfferedCertificate> {
        AuthenticateClient(self.0, PhantomData)
    }

    /// Looks at no certificate: every client authenticates by assertions, and its tokens are bound by
    /// DPoP.
    #[must_use]
    pub fn without_certificates(self) -> AuthenticateClient<()> {
        AuthenticateClient(self.0, PhantomData)
    }
}

impl<C> AuthenticateClient<C> {
    /// Whom assertions may be meant for.
    #[must_use]
    pub fn audience(self, audience: AssertionAudience) -> Self {
        self.with(|assertions| assertions.audience = audience)
    }

    /// Restricts the algorithms to these of PS256, ES256 and EdDSA. No others can be added; an empty
    /// list lets no assertion pass.
    #[must_use]
    pub fn algorithms(self, algorithms: impl Into<Vec<Algorithm>>) -> Self {
        let kept = algorithms.into();
        self.with(|assertions| assertions.algorithms.retain(|known| kept.contains(known)))
    }

    /// Takes assertions whose `exp` lies further ahead than five minutes, up to this far.
    #[must_use]
    pub fn allow_lifetime(self, longest: Duration) -> Self {
        relaxed(NAME, "allow_lifetime");
        self.with(|assertions| assertions.longest = longest)
    }

    fn with(self, change: impl FnOnce(&mut Verifier)) -> Self {
        let clients = self.0.clients.clone();
        let mut assertions = self.0.assertions.clone();
        change(&mut assertions);
        Self(Arc::new(Authenticator { clients, assertions }), PhantomData)
    }

    fn verdict(
        &self,
        form: &Form,
        offer: Offer,
        request: &Parts,
        context: &Context,
    ) -> Verdict<AuthenticatedClient> {
        let (server, form, now) = (self.0.clone(), form.clone(), context.now());
        let authorization = request.headers.contains_key(AUTHORIZATION);
        Verdict::Later(Box::pin(async move {
            Ok(server.authenticate(&form, offer, authorization, now).await?)
        }))
    }
}

impl Rule for AuthenticateClient<TrustedCertificate> {
    const NAME: &'static str = NAME;
    type Needs = (Form, TrustedCertificate);
    type Leaves = AuthenticatedClient;

    fn check(
        &self,
        (form, trusted): Refs<'_, Self::Needs>,
        request: &mut Parts,
        context: &Context,
    ) -> Verdict<AuthenticatedClient> {
        self.verdict(form, Offer::Trusted(trusted.shared()), request, context)
    }
}

impl Rule for AuthenticateClient<OfferedCertificate> {
    const NAME: &'static str = NAME;
    type Needs = (Form, OfferedCertificate);
    type Leaves = AuthenticatedClient;

    fn check(
        &self,
        (form, offered): Refs<'_, Self::Needs>,
        request: &mut Parts,
        context: &Context,
    ) -> Verdict<AuthenticatedClient> {
        self.verdict(form, offered.0.clone(), request, context)
    }
}

impl Rule for AuthenticateClient<()> {
    const NAME: &'static str = NAME;
    type Needs = Form;
    type Leaves = AuthenticatedClient;

    fn check(
        &self,
        form: <Form as Needs>::Refs<'_>,
        request: &mut Parts,
        context: &Context,
    ) -> Verdict<AuthenticatedClient> {
        self.verdict(form, Offer::Nothing, request, context)
    }
}

impl Authenticator {
    async fn authenticate(
        &self,
        form: &Form,
        offer: Offer,
        authorization: bool,
        now: UnixTime,
    ) -> Result<AuthenticatedClient, Rejection> {
        let assertion = assertion(form, authorization)?;
        let client = self.client(form.get("client_id"), assertion).await?;
        let registration =
            client.registration().ok_or_else(|| failed("registered for no method"))?;
        let certificate = match (registration.authentication(), assertion) {
            (AuthenticationMethod::PrivateKeyJwt, Some(assertion)) => {
                let bound = registration.constraint() == SenderConstraint::Certificate;
                let certificate = match bound {
                    true => certificate::shown(offer, &client, now).await?,
                    false => None,
                };
                self.assertions.verify(assertion, &client, now).await?;
                certificate
            }
            (AuthenticationMethod::TlsClientAuth, None) => {
                Some(certificate::issued(offer, &client, now).await?)
            }
            (AuthenticationMethod::SelfSignedTlsClientAuth, None) => {
                Some(certificate::self_signed(offer, &client, now).await?)
            }
            (registered, _) => {
                let registered = registered.as_str();
                return Err(failed(format!("not by {registered}, which the client registered")));
            }
        };
        Ok(AuthenticatedClient::assertion(client).showing(certificate))
    }

    /// The client that the request says it is from: a claim, until the proof is verified.
    async fn client(
        &self,
        client_id: Option<&str>,
        assertion: Option<&str>,
    ) -> Result<Arc<Client>, Rejection> {
        let claimed = match (client_id, assertion) {
            (Some(client_id), _) => client_id.to_owned(),
            (None, Some(assertion)) => verify::claimed_client(assertion)?,
            (None, None) => return Err(failed("neither client_id nor an assertion")),
        };
        let found = match self.clients.find(&claimed) {
            ClientLookup::Later(search) => search.await,
            ClientLookup::Now(found) => found,
        };
        found
            .map_err(|error| Rejection::new(Reason::ServiceUnavailable).source(error))?
            .ok_or_else(|| failed("no such client"))
    }
}

/// The assertion, where the request has one and no other method (RFC 6749, 2.3).
fn assertion(form: &Form, authorization: bool) -> Result<Option<&str>, Rejection> {
    let (typ, assertion) = (form.get("client_assertion_type"), form.get("client_assertion"));
    let asserted = typ.is_some() || assertion.is_some();
    let secret = form.get("client_secret").is_some();
    match (asserted, secret, authorization) {
        (false, false, false) => Ok(None),
        (true, false, false) if typ != Some(CLIENT_ASSERTION_TYPE) => {
            Err(failed("client_assertion_type is missing or another"))
        }
        (true, false, false) => match assertion {
            Some(assertion) => Ok(Some(assertion)),
            None => Err(failed("client_assertion is missing")),
        },
        (false, true, false) | (false, false, true) => {
            Err(failed("by a secret or the Authorization header, which no client registered"))
        }
        _ => Err(Rejection::new(Reason::ParameterInvalid).detail("two methods of authentication")),
    }
}

/// Whatever is wrong with the client looks the same from outside.
fn failed(detail: impl Into<std::borrow::Cow<'static, str>>) -> Rejection {
    Rejection::new(Reason::ClientAuthenticationFailed).detail(detail)
}

impl<C> Clone for AuthenticateClient<C> {
    fn clone(&self) -> Self {
        Self(self.0.clone(), PhantomData)
    }
}

impl<C> fmt::Debug for AuthenticateClient<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuthenticateClient({:?})", self.0.assertions)
    }
}

rule_layers!(
    AuthenticateClient<TrustedCertificate>,
    AuthenticateClient<OfferedCertificate>,
    AuthenticateClient<()>,
);

const NAME: &str = "AuthenticateClient";

#[cfg(test)]
mod tests;
