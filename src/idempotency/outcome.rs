//! What an answer says of what was done.

use http::StatusCode;

use crate::gate::{Answer, Origin};

/// Marks a 4xx response of a handler, in its extensions, as the final outcome: retries get it again
/// instead of running the handler anew.
#[derive(Clone, Copy, Debug)]
pub struct FinalOutcome;

/// What becomes of a claim.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Outcome {
    /// Nothing was done: another request may try.
    Free,
    /// Something was done, or refused for good.
    Keep,
    /// Nobody knows.
    Unknown,
}

impl Outcome {
    pub(super) fn of(answer: &mut Answer<'_>) -> Self {
        if answer.origin() != Origin::Handler {
            return Self::Free;
        }
        let status = answer.status();
        let marked = answer.extensions_mut().get::<FinalOutcome>().is_some();
        match status.is_success() || status.is_redirection() || (status.is_client_error() && marked)
        {
            true => Self::Keep,
            false if is_cut_off(status) => Self::Unknown,
            false => Self::Free,
        }
    }
}

/// What a time limit or a gateway answers, in the handler's stead or in that of a service behind it.
/// The handler was dropped half-way or is still waited for elsewhere: to free the key would be to
/// pay twice.
fn is_cut_off(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT | StatusCode::REQUEST_TIMEOUT
    )
}
