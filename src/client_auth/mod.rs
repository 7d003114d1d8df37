//! Client authentication at the endpoints of an authorization server: who calls, and what that
//! client registered.

mod access_token;
mod assertion;
mod authenticate;
mod authenticated;
mod grants;
mod offer_certificate;
mod parameters;
mod permit_grant;
mod pkce;
mod read_form;
mod registration;
mod token_answer;

pub use self::access_token::{AccessTokens, IssueError, NewAccessToken};
pub use self::assertion::{AssertionError, CLIENT_ASSERTION_TYPE, ClientAssertions};
pub use self::authenticate::{AssertionAudience, AuthenticateClient};
pub use self::authenticated::AuthenticatedClient;
pub use self::grants::{
    GrantError, GrantKey, GrantStore, Granted, Grants, MemoryGrantStore, NewCode, Taken, Unredeemed,
};
pub use self::offer_certificate::{OfferCertificate, OfferedCertificate};
pub use self::parameters::{Parameters, ParametersError};
pub use self::permit_grant::{Grant, PermitGrant, PermittedGrant};
pub use self::pkce::{CodeChallenge, CodeVerifier};
pub use self::read_form::{Form, ReadForm};
pub use self::registration::{AuthenticationMethod, GrantType, Registration, SenderConstraint};
pub use self::token_answer::TokenAnswer;
