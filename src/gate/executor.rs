//! Where work goes that must not die with its client.

use std::sync::Arc;

use super::rule::BoxFuture;

/// Runs a future to its end, whether or not anybody waits for it.
pub trait Executor: Send + Sync + 'static {
    /// Starts the work. It must be run even if the caller goes away.
    fn execute(&self, work: BoxFuture<'static, ()>);
}

/// The tokio runtime that the request runs on.
#[cfg(feature = "tokio")]
struct Tokio;

#[cfg(feature = "tokio")]
impl Executor for Tokio {
    fn execute(&self, work: BoxFuture<'static, ()>) {
        // Outside a runtime the work is dropped unrun, and the request answered with a 500.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(work);
        }
    }
}

#[cfg(feature = "tokio")]
pub(super) fn default() -> Option<Arc<dyn Executor>> {
    Some(Arc::new(Tokio))
}

#[cfg(not(feature = "tokio"))]
pub(super) fn default() -> Option<Arc<dyn Executor>> {
    None
}
