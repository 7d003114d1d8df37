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
