use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use crate::idempotency::StoreFuture;

/// Drives all of them at once from one task, without a runtime.
pub(super) async fn all<T>(acts: impl IntoIterator<Item = StoreFuture<'_, T>>) -> Vec<T> {
    let mut running: Vec<_> = acts.into_iter().collect();
    let mut answers = Vec::with_capacity(running.len());
    poll_fn(|context| {
        running.retain_mut(|act| match Pin::new(act).poll(context) {
            Poll::Ready(Ok(answer)) => {
                answers.push(answer);
                false
            }
            Poll::Ready(Err(error)) => panic!("the store failed: {error:?}"),
            Poll::Pending => true,
        });
        if running.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    answers
}

/// A name that no earlier run of a suite has used: a store may keep what those left.
pub(super) fn fresh_name() -> String {
    match crate::crypto::random::<16>() {
        Ok(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        Err(error) => panic!("{error}"),
    }
}
