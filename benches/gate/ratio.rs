//! The whole way of a payment over the raw signature checks in it, taken in turns.

use std::hint::black_box;
use std::time::{Duration, Instant};

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey, RSA_PSS_2048_8192_SHA256};
use tower::Service;
use tower_open_banking::crypto::PublicKey;

use super::kernel;
use super::stack::{Payments, Stack, VARIANTS, Variant, WAY, way};
use super::support::bank::{CLIENT_KEY, TOKEN_KEY, TOKEN_RSA_KEY};

/// Something that is timed, and its times.
struct Contender {
    name: String,
    run: Box<dyn FnMut() -> Duration>,
    times: Vec<Duration>,
}

impl Contender {
    fn new(name: impl Into<String>, run: impl FnMut() -> Duration + 'static) -> Self {
        Self { name: name.into(), run: Box::new(run), times: Vec::with_capacity(ROUNDS) }
    }

    fn raw(name: &str, key: &PublicKey, is_rsa: bool, input: Vec<u8>, signature: Vec<u8>) -> Self {
        let key = match is_rsa {
            true => ParsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, key.spki()),
            false => ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.spki()),
        }
        .unwrap();
        Self::new(name, move || {
            let start = Instant::now();
            black_box(key.verify_sig(black_box(&input), black_box(&signature))).unwrap();
            start.elapsed()
        })
    }

    fn stack(steps: usize, variant: Variant) -> Self {
        let mut stack = Stack::behind(way(steps), variant);
        Self::new(WAY[steps - 1], move || {
            let request = stack.payments.next();
            let start = Instant::now();
            let answer = stack.answer(request);
            let took = start.elapsed();
            assert_eq!(black_box(answer).status(), 200);
            took
        })
    }

    /// In microseconds.
    fn median(&self) -> f64 {
        let mut times = self.times.clone();
        times.sort_unstable();
        times[times.len() / 2].as_nanos() as f64 / 1000.0
    }

    fn minimum(&self) -> f64 {
        self.times.iter().min().unwrap().as_nanos() as f64 / 1000.0
    }
}

/// The kernel with nobody counting allocations.
fn print_kernel() {
    let mut service = kernel::gate();
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let requests: Vec<_> = (0..BATCH).map(|_| kernel::request()).collect();
            let start = Instant::now();
            for request in requests {
                drop(black_box(kernel::now(service.call(request))));
            }
            start.elapsed() / BATCH
        })
        .collect();
    times.sort_unstable();
    let (median, minimum) = (times[times.len() / 2].as_nanos(), times[0].as_nanos());
    println!("\nten passing rules, without a body: median {median} ns, minimum {minimum} ns");
}

pub fn print() {
    print_kernel();
    for variant in VARIANTS {
        let [message, token] = Payments::new(variant).signatures();
        let of_token = match variant {
            Variant::Ps256 => &TOKEN_RSA_KEY,
            Variant::Es256Token => &TOKEN_KEY,
        };
        let is_rsa = matches!(variant, Variant::Ps256);
        let mut contenders = vec![
            Contender::raw(
                "raw verify, message",
                CLIENT_KEY.key.public_key(),
                true,
                message.0,
                message.1,
            ),
            Contender::raw(
                "raw verify, token",
                of_token.key.public_key(),
                is_rsa,
                token.0,
                token.1,
            ),
        ];
        contenders.extend((1..=WAY.len()).map(|steps| Contender::stack(steps, variant)));
        for round in 0..ROUNDS + WARM_UP {
            for contender in &mut contenders {
                let took = (contender.run)();
                if round >= WARM_UP {
                    contender.times.push(took);
                }
            }
        }
        table(variant, &contenders);
    }
}

fn table(variant: Variant, contenders: &[Contender]) {
    println!("\n{variant:?}, 1 KB body, {ROUNDS} interleaved rounds   median µs   minimum µs");
    let row = |name: &str, median: f64, minimum: f64| {
        println!("  {name:<48} {median:>9.2}    {minimum:>9.2}");
    };
    let [message, token, steps @ ..] = contenders else { return };
    let raw = |of: fn(&Contender) -> f64| of(message) + of(token);
    row(&message.name, message.median(), message.minimum());
    row(&token.name, token.median(), token.minimum());
    let mut before = (0.0, 0.0);
    for step in steps {
        let (median, minimum) = (step.median(), step.minimum());
        row(&format!("+ {}", step.name), median - before.0, minimum - before.1);
        before = (median, minimum);
    }
    row("whole stack", before.0, before.1);
    row(
        "ratio to both raw verifications",
        before.0 / raw(Contender::median),
        before.1 / raw(Contender::minimum),
    );
    row("ratio to the message's alone", before.0 / message.median(), before.1 / message.minimum());
}

const ROUNDS: usize = 4000;
const WARM_UP: usize = 200;
const BATCH: u32 = 100;
