//! Composable tower layers that give a bank's own service the security profile of open banking.
//!
//! A [`Gate`](gate::Gate) is a list of steps in front of a service:
//!
//! ```text
//!  request ──▶ EchoInteractionId ─ SignResponse ─ PresentCertificate ─ TrustCertificate ─ …
//!                    │                  │                │ leaves             │ needs ClientCertificate,
//!                    │                  │                ▼                    ▼ leaves TrustedCertificate
//!                    │                  │          ┌───────────────────────────────────┐
//!                    │                  │          │  Passport: the request's evidence │──▶ handler
//!                    │                  │          └───────────────────────────────────┘
//!  answer  ◀── writes the id  ◀── signs the bytes ◀── from the handler, a refusal, or a replay
//! ```
//!
//! - A **rule** ([`gate::Rule`]) is a value with one method: it looks at the request and at earlier
//!   evidence, and leaves evidence of its own or refuses.
//! - An **around** ([`gate::Around`]) also sees the answer, on refusals and replays too.
//! - **Evidence** has private fields. Holding a [`token::BoundToken`] is the proof that the binding
//!   was checked; a handler that takes `Proof<BoundToken>` cannot run without the gate. The one
//!   exception are the drills of [`config`], which switch steps off and warn of it.
//! - A **refusal** ([`reject::Rejection`]) is a response; one [`reject::ErrorFormat`] per gate decides
//!   its status and body.
//!
//! Rules compose in two ways: in a gate, whose `build()` checks the order at start-up, or each as a
//! `tower::Layer` of its own, where a rule whose evidence is missing answers 500, and refusals are
//! problem details. [`profile`] has complete gates, [`config`] makes them from a file.
//!
//! | step | kind | needs | leaves |
//! |---|---|---|---|
//! | [`EchoInteractionId`](header::EchoInteractionId) | around | – | [`InteractionId`](header::InteractionId) |
//! | [`SignResponse`](signature::SignResponse) | around | – | [`SigningPlan`](signature::SigningPlan) |
//! | [`PresentCertificate`](cert::PresentCertificate) | rule | – | [`ClientCertificate`](cert::ClientCertificate) |
//! | [`TrustCertificate`](cert::TrustCertificate) | rule | `ClientCertificate` | [`TrustedCertificate`](cert::TrustedCertificate) |
//! | [`IdentifyPsp`](eidas::IdentifyPsp) | rule | `TrustedCertificate` | [`PspIdentity`](eidas::PspIdentity) |
//! | [`RefuseBlocked`](eidas::RefuseBlocked) | rule | `TrustedCertificate` | [`Unblocked`](eidas::Unblocked) |
//! | [`VerifyToken`](token::VerifyToken) | rule | – | [`AccessToken`](token::AccessToken) |
//! | [`BindToken`](token::BindToken) | rule | `TrustedCertificate`, `AccessToken` | [`BoundToken`](token::BoundToken) |
//! | [`MatchClient`](cert::MatchClient) | rule | `TrustedCertificate`, `AccessToken`, `BoundToken` | [`RegisteredClient`](cert::RegisteredClient) |
//! | [`RequireRole`](eidas::RequireRole) | rule | `PspIdentity`, `AccessToken`, `BoundToken` | [`PermittedRole`](eidas::PermittedRole) |
//! | [`RequireScope`](token::RequireScope) | rule | `AccessToken`, `BoundToken` | [`PermittedScope`](token::PermittedScope) |
//! | [`ReadFapiHeaders`](header::ReadFapiHeaders) | rule | – | [`FapiContext`](header::FapiContext) |
//! | [`ReadPsuHeaders`](header::ReadPsuHeaders) | rule | – | [`PsuContext`](header::PsuContext) |
//! | [`NegotiateMedia`](header::NegotiateMedia) | rule | – | [`NegotiatedMedia`](header::NegotiatedMedia) |
//! | [`VerifySignature`](signature::VerifySignature) | rule | [`BodyBytes`](body::BodyBytes), `RegisteredClient` | [`SignedMessage`](signature::SignedMessage) |
//! | [`RequireOneOrganisation`](signature::RequireOneOrganisation) | rule | `TrustedCertificate`, `AccessToken`, `RegisteredClient`, `SignedMessage` | [`OneOrganisation`](signature::OneOrganisation) |
//! | [`MatchConsent`](consent::MatchConsent) | rule | `BodyBytes`, `AccessToken`, `RegisteredClient` | [`MatchedConsent`](consent::MatchedConsent) |
//! | [`RunOnce`](idempotency::RunOnce) | around, last | `BodyBytes`, `RegisteredClient` | [`ClaimedKey`](idempotency::ClaimedKey) |
//! | [`ExclusiveResource`](idempotency::ExclusiveResource) | around, behind `RunOnce` | `MatchedConsent` | [`ExclusiveUse`](idempotency::ExclusiveUse) |
//!
//! Where tokens are bound by DPoP, or by either:
//!
//! | step | kind | needs | leaves |
//! |---|---|---|---|
//! | [`OfferDpopNonce`](token::dpop::OfferDpopNonce) | around | – | [`DpopNonce`](token::dpop::DpopNonce) |
//! | [`VerifyDpop`](token::dpop::VerifyDpop) | rule | `AccessToken` | `BoundToken` |
//! | [`FindClient`](cert::FindClient) | rule | `AccessToken`, `BoundToken` | `RegisteredClient` |
//! | [`ConstrainSender`](token::ConstrainSender) | rule | `OfferedCertificate`, `AccessToken` | `BoundToken` |
//! | [`MatchSender`](cert::MatchSender) | rule | `OfferedCertificate`, `AccessToken`, `BoundToken` | `RegisteredClient` |
//!
//! In front of an authorization server:
//!
//! | step | kind | needs | leaves |
//! |---|---|---|---|
//! | [`OfferCertificate`](client_auth::OfferCertificate) | rule | – | [`OfferedCertificate`](client_auth::OfferedCertificate) |
//! | [`ReadForm`](client_auth::ReadForm) | rule | `BodyBytes` | [`Form`](client_auth::Form) |
//! | [`AuthenticateClient`](client_auth::AuthenticateClient) | rule | `Form`, `TrustedCertificate` or `OfferedCertificate` or nothing | [`AuthenticatedClient`](client_auth::AuthenticatedClient) |
//! | [`ProveDpopKey`](token::dpop::ProveDpopKey) | rule | – | [`DpopKey`](token::dpop::DpopKey) |
//! | [`PermitGrant`](client_auth::PermitGrant) | rule | `Form`, `AuthenticatedClient` | [`PermittedGrant`](client_auth::PermittedGrant) |
//! | [`ReadPushedRequest`](authorize::ReadPushedRequest) | rule | `Form`, `AuthenticatedClient` | [`PresentedRequest`](authorize::PresentedRequest) |
//! | [`ReadRequestObject`](authorize::ReadRequestObject) | rule | `BodyBytes` | `PresentedRequest` |
//! | [`VerifyRequestObject`](authorize::VerifyRequestObject) | rule | `PresentedRequest` | [`ProvenRequest`](authorize::ProvenRequest) |
//! | [`PermitAuthorization`](authorize::PermitAuthorization) | rule | `ProvenRequest` | [`AuthorizationRequest`](authorize::AuthorizationRequest) |
//! | [`MatchIntent`](authorize::MatchIntent) | rule | `AuthorizationRequest` | [`MatchedIntent`](authorize::MatchedIntent) |
//! | [`PushRequest`](authorize::PushRequest), [`PushBoundRequest`](authorize::PushBoundRequest) | rule | `AuthorizationRequest`; the second also `DpopKey` | [`PushedRequest`](authorize::PushedRequest) |
//! | [`VerifyRegistration`](registration::VerifyRegistration) | rule | `BodyBytes`, `TrustedCertificate` | [`RegistrationRequest`](registration::RegistrationRequest) |
//!
//! Order is not completeness: a gate with two rules is in order and protects little. Presets are
//! complete; `must_leave` and `steps()` are for auditors.
#![forbid(unsafe_code)]
#![warn(missing_docs, unreachable_pub, rust_2018_idioms)]
#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing))]

pub mod authorize;
pub mod body;
pub mod cert;
pub mod client_auth;
pub mod config;
pub mod consent;
pub mod context;
pub mod crypto;
pub mod eidas;
#[cfg(feature = "axum")]
pub mod extract;
pub mod fetch;
pub mod gate;
pub mod header;
pub mod idempotency;
pub mod jose;
pub mod profile;
pub mod registration;
pub mod reject;
pub mod replay;
pub mod revocation;
mod runtime;
pub mod signature;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod token;

/// Certificates and times as this crate's signatures name them: `CertificateDer`, `UnixTime`. The
/// same crate as `rustls::pki_types`.
pub use rustls_pki_types as pki_types;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
