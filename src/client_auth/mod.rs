//! Client authentication at the endpoints of an authorization server: who calls, and what that
//! client registered.

mod authenticated;
mod parameters;
mod read_form;
mod registration;

pub use self::authenticated::AuthenticatedClient;
pub use self::parameters::{Parameters, ParametersError};
pub use self::read_form::{Form, ReadForm};
pub use self::registration::{AuthenticationMethod, GrantType, Registration, SenderConstraint};
