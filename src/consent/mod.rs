//! The consent behind a request: the one that the token was given for, and what it allows.

mod in_body;
mod match_consent;

pub use match_consent::{ConsentFault, Consents, MatchConsent, MatchedConsent, Submission};
