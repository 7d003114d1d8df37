//! `PermitGrant`: the client may ask for this in this way.

use std::fmt;
use std::sync::Arc;

use http::request::Parts;

use super::{AuthenticatedClient, CodeVerifier, Form, GrantType, Registration, SenderConstraint};
use crate::context::Context;
use crate::gate::{Audit, Evidence, Refs, Rule, Verdict, rule_layers};
use crate::jose::Scope;
use crate::reject::{Reason, Rejection};

/// Permits a token request, by what the server has and the client registered.
///
/// # Passes when
///
/// `grant_type` is one of the rule's and of the client's, and its parameters are there:
///
/// - `authorization_code`: `code` and `redirect_uri`; `code_verifier`, if sent or
///   [due](Self::require_code_verifier), of the form of RFC 7636, 4.1;
/// - `client_credentials`: `scope`, of names that the client registered and that the server has for
///   this grant;
/// - `refresh_token`: `refresh_token`; `scope`, if sent, of names that the client registered and that
///   the server has for this grant.
///
/// A client whose tokens are bound to certificates has shown one.
///
/// # Needs and leaves
///
/// Needs [`Form`] and [`AuthenticatedClient`]; leaves [`PermittedGrant`].
///
/// # Does not check
///
/// The code, its redirection URI and challenge, and the refresh token: whoever keeps them does, such
/// as [`Grants`](super::Grants). Nor a proof by DPoP. A `scope` beside a code is not looked at: the
/// user has already decided.
///
/// # Rejections
///
/// [`Reason::ParameterMissing`] with the parameter's name; [`Reason::GrantTypeUnsupported`];
/// [`Reason::ClientUnauthorized`] for a grant that the client did not register;
/// [`Reason::ScopeInvalid`]; [`Reason::GrantInvalid`] for a verifier that is missing or malformed,
/// as for one that does not fit; [`Reason::CertificateMissing`].
///
/// # Specification
///
/// RFC 6749, 4.1.3, 4.4.2 and 6; RFC 7636, 4.5; RFC 8705, 3; FAPI 2.0, 5.3.2.1.
///
/// ```
/// # use rustls_pki_types::UnixTime;
/// # use http::{Request, Response, StatusCode};
/// # use tower::{Layer, ServiceExt, service_fn};
/// # use tower_open_banking::cert::{CertificateMatch, Client, Clients};
/// # use tower_open_banking::{body::Body, client_auth::*, crypto::*, gate::Gate, jose::*};
/// # use tower_open_banking::{reject::AuthorizationServer, replay::MemoryReplayStore};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # type Answer = Result<Response<Body>, std::convert::Infallible>;
/// # let key = SigningKey::from_pem(rcgen::KeyPair::generate()?.serialize_pem().as_bytes())?;
/// # let keys = KeySet::of([Key::new(key.public_key().clone()).with_id("1")])?;
/// # let spent = MemoryReplayStore::with_capacity(9);
/// # let handler = service_fn(|_| async { Answer::Ok(Response::new(Body::empty())) });
/// let by_assertions =
///     Registration::new(AuthenticationMethod::PrivateKeyJwt, SenderConstraint::Dpop)
///         .grants([GrantType::ClientCredentials])
///         .scopes(["openid", "accounts"]);
/// # let tpp = Client::new("tpp", CertificateMatch::NoCertificate)
/// #     .signs_with(keys, [Algorithm::Es256])
/// #     .registered_as(by_assertions);
/// # let client = AuthenticateClient::registered_in(Clients::of([tpp])?, "https://as", spent);
/// # let client = client.without_certificates();
/// let permit = PermitGrant::of([GrantType::ClientCredentials, GrantType::AuthorizationCode])
///     .scopes(GrantType::ClientCredentials, ["accounts", "payments"]);
/// let gate = Gate::new(AuthorizationServer::default())
///     .then(ReadForm::posted())
///     .then(client)
///     .then(permit)
///     .build()?;
/// # let assertions = ClientAssertions::of("tpp", key, "1", Algorithm::Es256);
/// for (form, status) in [
///     ("grant_type=client_credentials&scope=accounts", StatusCode::OK),
///     ("grant_type=client_credentials&scope=openid", StatusCode::BAD_REQUEST),
///     ("grant_type=authorization_code&code=c&redirect_uri=u", StatusCode::BAD_REQUEST),
/// ] {
/// #   let client = assertions.parameters("https://as", UnixTime::now())?;
/// #   let form = format!("{}&{form}", client.into_iter().collect::<Parameters>());
/// #   let request = Request::post("/token")
/// #       .header("content-type", "application/x-www-form-urlencoded")
/// #       .body(Body::from(bytes::Bytes::from(form)))?;
///     assert_eq!(gate.layer(handler).oneshot(request).await?.status(), status);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct PermitGrant(Arc<Policy>);

#[derive(Clone, Default)]
struct Policy {
    grants: Vec<(GrantType, Option<Vec<String>>)>,
    verifier_is_due: bool,
}

impl PermitGrant {
    /// Of these types, each for every scope that the client registered.
    pub fn of(grants: impl IntoIterator<Item = GrantType>) -> Self {
        let grants = grants.into_iter().map(|grant| (grant, None)).collect();
        Self(Arc::new(Policy { grants, ..Policy::default() }))
    }

    /// Restricts what can be asked for by a grant to these scopes: a client that speaks for itself
    /// has no use for `openid`.
    #[must_use]
    pub fn scopes<S: Into<String>>(
        self,
        grant: GrantType,
        scopes: impl IntoIterator<Item = S>,
    ) -> Self {
        let mut policy = Policy::clone(&self.0);
        let scopes: Vec<String> = scopes.into_iter().map(Into::into).collect();
        for (_, restricted) in policy.grants.iter_mut().filter(|(known, _)| *known == grant) {
            *restricted = Some(scopes.clone());
        }
        Self(Arc::new(policy))
    }

    /// Demands `code_verifier` with every code: FAPI 2.0 always, FAPI 1.0 Advanced where all requests
    /// are pushed. A verifier that a challenge is kept for is demanded by whoever keeps it.
    #[must_use]
    pub fn require_code_verifier(self) -> Self {
        Self(Arc::new(Policy { verifier_is_due: true, ..Policy::clone(&self.0) }))
    }
}

impl Rule for PermitGrant {
    const NAME: &'static str = "PermitGrant";
    type Needs = (Form, AuthenticatedClient);
    type Leaves = PermittedGrant;

    fn check(
        &self,
        (form, client): Refs<'_, Self::Needs>,
        _: &mut Parts,
        _: &Context,
    ) -> Verdict<PermittedGrant> {
        self.0.judge(form, client).map(PermittedGrant).into()
    }
}

impl Policy {
    fn judge(&self, form: &Form, client: &AuthenticatedClient) -> Result<Grant, Rejection> {
        let unauthorized = |why| Rejection::new(Reason::ClientUnauthorized).detail(why);
        let registration =
            client.client().registration().ok_or_else(|| unauthorized("not registered"))?;
        let name = due(form, "grant_type")?;
        let permitted = GrantType::named(name)
            .and_then(|grant| self.grants.iter().find(|(known, _)| *known == grant));
        let Some((grant, scopes)) = permitted else {
            return Err(Rejection::new(Reason::GrantTypeUnsupported));
        };
        if !registration.may_use(*grant) {
            return Err(unauthorized("a grant type that the client did not register"));
        }
        let bound = registration.constraint() == SenderConstraint::Certificate;
        if bound && client.certificate().is_none() {
            return Err(Rejection::new(Reason::CertificateMissing));
        }
        let scope = || scope(form, registration, scopes.as_deref());
        Ok(match grant {
            GrantType::AuthorizationCode => Grant::AuthorizationCode {
                code: due(form, "code")?.to_owned(),
                redirect_uri: due(form, "redirect_uri")?.to_owned(),
                code_verifier: self.verifier(form)?,
            },
            GrantType::ClientCredentials => Grant::ClientCredentials {
                scope: scope()?.ok_or_else(|| invalid_scope("no scope, and none by default"))?,
            },
            GrantType::RefreshToken => Grant::RefreshToken {
                refresh_token: due(form, "refresh_token")?.to_owned(),
                scope: scope()?,
            },
        })
    }

    fn verifier(&self, form: &Form) -> Result<Option<CodeVerifier>, Rejection> {
        // RFC 7636, 4.6: what is wrong with a verifier is wrong with the grant.
        let refused = |why| Rejection::new(Reason::GrantInvalid).place("code_verifier").detail(why);
        match form.get("code_verifier") {
            None if self.verifier_is_due => Err(refused("no verifier")),
            None => Ok(None),
            Some(text) => {
                CodeVerifier::parse(text).map(Some).ok_or_else(|| refused("not of RFC 7636, 4.1"))
            }
        }
    }
}

fn due<'a>(form: &'a Form, name: &'static str) -> Result<&'a str, Rejection> {
    form.get(name).ok_or_else(|| Rejection::new(Reason::ParameterMissing).place(name))
}

fn scope(
    form: &Form,
    registration: &Registration,
    restricted: Option<&[String]>,
) -> Result<Option<Scope>, Rejection> {
    let Some(text) = form.get("scope") else { return Ok(None) };
    let scope = Scope::parse(text).ok_or_else(|| invalid_scope("not of RFC 6749, 3.3"))?;
    let has = |name: &str| restricted.is_none_or(|names| names.iter().any(|known| known == name));
    if !scope.names().all(|name| registration.may_ask_for(name)) {
        return Err(invalid_scope("a scope that the client did not register"));
    }
    if !scope.names().all(has) {
        return Err(invalid_scope("a scope that this grant does not give"));
    }
    Ok(Some(scope))
}

fn invalid_scope(why: &'static str) -> Rejection {
    Rejection::new(Reason::ScopeInvalid).detail(why)
}

/// A request for a token that the client may make: of what it is, nothing is verified yet.
pub struct PermittedGrant(Grant);

/// What a client presents for a token, or asks for itself.
#[derive(Clone, Eq, PartialEq)]
#[non_exhaustive]
pub enum Grant {
    /// A code of the authorisation endpoint.
    AuthorizationCode {
        /// The code.
        code: String,
        /// Must be the one of the authorisation request, character by character.
        redirect_uri: String,
        /// Proves that the client made the authorisation request.
        code_verifier: Option<CodeVerifier>,
    },
    /// The client for itself.
    ClientCredentials {
        /// What it asks for.
        scope: Scope,
    },
    /// A refresh token.
    RefreshToken {
        /// The token.
        refresh_token: String,
        /// What it asks for, where that is less than it was given.
        scope: Option<Scope>,
    },
}

impl PermittedGrant {
    /// The grant.
    pub fn grant(&self) -> &Grant {
        &self.0
    }

    /// Its type.
    pub fn grant_type(&self) -> GrantType {
        match self.0 {
            Grant::AuthorizationCode { .. } => GrantType::AuthorizationCode,
            Grant::ClientCredentials { .. } => GrantType::ClientCredentials,
            Grant::RefreshToken { .. } => GrantType::RefreshToken,
        }
    }
}

impl Evidence for PermittedGrant {
    fn audit(&self, line: &mut Audit) {
        line.field("grant_type", self.grant_type().as_str());
    }
}

impl fmt::Debug for PermittedGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PermittedGrant({})", self.grant_type().as_str())
    }
}

impl fmt::Debug for Grant {
    /// The type alone: codes, verifiers and tokens are secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AuthorizationCode { .. } => "AuthorizationCode",
            Self::ClientCredentials { .. } => "ClientCredentials",
            Self::RefreshToken { .. } => "RefreshToken",
        })
    }
}

impl fmt::Debug for PermitGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let grants = self.0.grants.iter().map(|(grant, _)| grant.as_str());
        f.debug_list().entries(grants).finish()
    }
}

rule_layers!(PermitGrant);

#[cfg(test)]
mod tests;
