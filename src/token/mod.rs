//! Access tokens: verified, bound to the certificate, sufficient in scope.

mod access;
mod bearer;
mod bind;
mod constrain;
pub mod dpop;
mod introspection;
mod revoke;
mod scope;
#[cfg(test)]
pub(crate) mod test_tokens;

pub use self::access::{AccessToken, TokenAudience, TokenIssuer, VerifyToken};
pub use self::bearer::TokenSchemes;
pub use self::bind::{BindToken, BoundToken};
pub use self::constrain::ConstrainSender;
pub use self::introspection::{
    CallerAuthentication, Introspect, Introspected, IntrospectionAnswer, IntrospectionEndpoint,
    IntrospectionError, IntrospectionSigner, introspection_response,
};
pub use self::revoke::{revocable, revoked};
pub(crate) use self::scope::require;
pub use self::scope::{PermittedScope, RequireScope};
