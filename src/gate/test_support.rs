//! How unit tests call a rule: without tower, and at a time of their choice.

use std::sync::Arc;
use std::time::Duration;

use http::Request;
use http::request::Parts;
use rustls_pki_types::UnixTime;

use super::{Halt, Verdict};
use crate::context::{Context, Surroundings};
use crate::reject::Rejection;

/// The surroundings of a check at this second since 1970.
pub(crate) fn at(seconds: u64) -> Context {
    let clock = move || UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    Context::new(Surroundings { clock: Arc::new(clock), ..Surroundings::default() })
}

/// A request of which only what the test adds matters.
pub(crate) fn request() -> Parts {
    Request::new(()).into_parts().0
}

/// What a rule says in the end.
pub(crate) fn judged<T>(verdict: Verdict<T>) -> Result<T, Rejection> {
    let result = match verdict {
        Verdict::Flawed(_, rejection) => return Err(rejection),
        Verdict::Later(waiting) => {
            tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(waiting)
        }
        Verdict::Now(result) => result,
    };
    result.map_err(|halt| match halt {
        Halt::Answer(response) => panic!("answered with {}", response.status()),
        Halt::Reject(rejection) => rejection,
    })
}
