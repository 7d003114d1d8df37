//! What must not run, or die, with the request that started it.

use crate::body::BoxError;
use crate::gate::BoxFuture;

/// Runs this to its end whoever goes away. Outside a tokio runtime it gets no further than those who
/// wait for it take it.
pub(crate) fn drive(work: impl Future<Output = ()> + Send + 'static) {
    let work: BoxFuture<'static, ()> = Box::pin(work);
    #[cfg(feature = "tokio")]
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        runtime.spawn(work);
        return;
    }
    drop(work);
}

/// Runs what takes long where nothing else waits for it: a list of twenty megabytes is read in a good
/// part of a second.
#[cfg(feature = "tokio")]
pub(crate) async fn off_the_runtime<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, BoxError> {
    match tokio::runtime::Handle::try_current() {
        Ok(runtime) => Ok(runtime.spawn_blocking(work).await?),
        Err(_) => Ok(work()),
    }
}

#[cfg(not(feature = "tokio"))]
pub(crate) async fn off_the_runtime<T>(work: impl FnOnce() -> T) -> Result<T, BoxError> {
    Ok(work())
}
