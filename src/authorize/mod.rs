//! The authorisation endpoint, the PAR endpoint, and what goes back through the browser.
//!
//! ```text
//!  browser ──▶ ReadRequestObject ─┐                                            ┌─▶ handler: asks the user,
//!                                 ├─ VerifyRequestObject ─ PermitAuthorization ┤   answers by Responder
//!  client  ──▶ ReadPushedRequest ─┘          │ leaves                          └─▶ PushRequest: 201
//!   (authenticated)                          ▼
//!                              ProvenRequest: only from here on may a refusal redirect
//! ```
//!
//! | step | needs | leaves |
//! |---|---|---|
//! | [`ReadRequestObject`] | [`BodyBytes`](crate::body::BodyBytes) | [`PresentedRequest`] |
//! | [`ReadPushedRequest`] | [`Form`](crate::client_auth::Form), [`AuthenticatedClient`](crate::client_auth::AuthenticatedClient) | [`PresentedRequest`] |
//! | [`VerifyRequestObject`] | `PresentedRequest` | [`ProvenRequest`] |
//! | [`PermitAuthorization`] | `ProvenRequest` | [`AuthorizationRequest`] |
//! | [`MatchIntent`] | `AuthorizationRequest` | [`MatchedIntent`] |
//! | [`PushRequest`] | `AuthorizationRequest` | [`PushedRequest`] |
//!
//! What the profiles demand is in the tables of [`RequestProfile`]; the gates are made by
//! [`profile::authorization_server`](crate::profile::authorization_server). The client's half makes
//! request objects with [`NewRequestObject`].
//!
//! ```
//! # use std::convert::Infallible;
//! # use http::{Request, Response, StatusCode};
//! # use rustls_pki_types::UnixTime;
//! # use tower::{Layer, ServiceExt, service_fn};
//! use tower_open_banking::{authorize::*, body::Body, cert::*, client_auth::*, crypto::*};
//! use tower_open_banking::{gate::Gate, jose::*, reject::AuthorizationEndpoint};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let pem = rcgen::KeyPair::generate()?.serialize_pem();
//! # let (key, bank) = (SigningKey::from_pem(pem.as_bytes())?, SigningKey::from_pem(pem.as_bytes())?);
//! # let handler = service_fn(|_| async { Ok::<_, Infallible>(Response::new(Body::empty())) });
//! let (method, bound) = (AuthenticationMethod::PrivateKeyJwt, SenderConstraint::Certificate);
//! let registration = Registration::new(method, bound)
//!     .grants([GrantType::AuthorizationCode])
//!     .scopes(["openid", "accounts"])
//!     .redirect_uris(["https://tpp.example/cb"]);
//! let keys = KeySet::of([Key::new(key.public_key().clone()).with_id("tpp-1")])?;
//! let client = Client::new("tpp", CertificateMatch::NoCertificate)
//!     .signs_with(keys, [Algorithm::Es256])
//!     .registered_as(registration);
//!
//! let (profile, issuer) = (RequestProfile::FAPI1, "https://as.bank.example");
//! let responder = Responder::of(issuer).signing_with(bank, Algorithm::Es256, "bank-1")?;
//! let gate = Gate::new(AuthorizationEndpoint::of(responder))
//!     .then(ReadRequestObject::of(profile, Clients::of([client])?))
//!     .then(VerifyRequestObject::of(profile, issuer))
//!     .then(PermitAuthorization::of(profile))
//!     .build()?;
//!
//! for (redirect, scope, status) in [
//!     ("https://tpp.example/cb", "openid accounts", StatusCode::OK),
//!     ("https://tpp.example/cb", "openid payments", StatusCode::SEE_OTHER), // tells the client
//!     ("https://evil.example/cb", "openid accounts", StatusCode::BAD_REQUEST), // tells the user
//! ] {
//!     let mut claims = RequestClaims::default();
//!     claims.response_type = Some("code id_token".into());
//!     claims.redirect_uri = Some(redirect.into());
//!     claims.scope = Some(scope.into());
//!     claims.nonce = Some("n-0S6_WzA2Mj".into());
//!     let maker = NewRequestObject::of("tpp", issuer);
//!     let object = maker.sign(claims, &key, Algorithm::Es256, "tpp-1", UnixTime::now())?;
//!     let query: Parameters = [
//!         ("client_id", "tpp"),
//!         ("response_type", "code id_token"),
//!         ("scope", scope),
//!         ("request", &object),
//!     ]
//!     .into_iter()
//!     .collect();
//!     let request = Request::get(format!("/authorize?{query}")).body(Body::empty())?;
//!     assert_eq!(gate.layer(handler).oneshot(request).await?.status(), status);
//! }
//! # Ok(())
//! # }
//! ```

mod claims;
mod id_token;
mod intent;
mod make;
mod permit;
mod presented;
mod profile;
mod proven;
mod push;
mod pushed;
mod read;
mod read_pushed;
mod request;
mod requested;
mod responder;
mod response_type;
mod verify;

pub use self::claims::{Audiences, RequestClaims, RequestClaimsError};
pub use self::id_token::{Authenticated, NewIdToken};
pub use self::intent::{
    FoundIntent, Intent, IntentLookup, IntentStatus, Intents, IntentsUnavailable, MatchIntent,
    MatchedIntent,
};
pub use self::make::NewRequestObject;
pub use self::permit::PermitAuthorization;
pub use self::presented::PresentedRequest;
pub use self::profile::RequestProfile;
pub use self::proven::ProvenRequest;
pub(crate) use self::proven::is_https;
pub use self::push::{PushBoundRequest, PushRequest, PushedRequest};
pub use self::pushed::{
    MemoryPushedRequests, PushedKey, PushedLifetime, PushedRequests, RequestUri,
};
pub use self::read::ReadRequestObject;
pub use self::read_pushed::ReadPushedRequest;
pub use self::request::{AuthorizationRequest, Prompt};
pub use self::requested::{RequestedClaim, RequestedClaims, RequestedMembers};
pub(crate) use self::responder::PRIVATE;
pub use self::responder::{AnswerError, FrontChannelToken, Responder};
pub use self::response_type::{ResponseMode, ResponseType};
pub use self::verify::VerifyRequestObject;

#[cfg(test)]
mod hostile;
#[cfg(test)]
pub(crate) mod test_requests;
#[cfg(test)]
mod tests;
