//! What a retry costs beside the first request: the whole way of a payment through its gate, over a
//! store. The handler itself does nothing.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use tower_open_banking::idempotency::IdempotencyStore;

use super::support::bank::{App, Preset, bank_with};
use super::support::payment::Payment;
use super::{NEXT, ROUNDS, WARM_UP, median};

pub async fn compare(store: Arc<dyn IdempotencyStore>) {
    for (preset, what) in
        [(Preset::Fapi1, "token ES256"), (Preset::Uk314, "token ES256, message and answer PS256")]
    {
        let app = App::behind(preset.payments(&bank_with(store.clone())));
        let (mut firsts, mut replays) = (Vec::new(), Vec::new());
        for round in 0..ROUNDS + WARM_UP {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let payment = Payment::good(preset, &format!("replay-{number}"));
            let (first, again) = (payment.request(), payment.request());
            let begin = Instant::now();
            let first = app.answer(first).await;
            let took = begin.elapsed();
            let begin = Instant::now();
            let again = app.answer(again).await;
            if round >= WARM_UP {
                firsts.push(took);
                replays.push(begin.elapsed());
            }
            assert_eq!((first.status.as_u16(), first.payment_id()), (201, again.payment_id()));
        }
        let (first, replay) = (median(firsts), median(replays));
        println!(
            "  a payment ({what}): {:>7.1} µs, its retry {:>7.1} µs, ratio {:>4.2}",
            first.as_secs_f64() * 1e6,
            replay.as_secs_f64() * 1e6,
            replay.as_secs_f64() / first.as_secs_f64(),
        );
    }
}
