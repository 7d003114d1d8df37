//! Random schedules of clients, handlers, crashes and a faltering store against one law: within the
//! window of a key nothing is booked twice, and whoever was told of a payment finds it booked.
//!
//! Every future is polled by hand, in an order drawn from a seed, so that a schedule that breaks the
//! law can be run again by its number.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use rustls_pki_types::UnixTime;
use tower::{Layer, ServiceExt, service_fn};

use super::*;
use crate::cert::{CertificateMatch, Client};
use crate::gate::{Executor, Gate, Rule};
use crate::idempotency::{Claimed, Held, MemoryStore, Settlement, StoreError, StoreFuture};
use crate::reject::Problem;

const SCHEDULES: u64 = 20_000;
const DAY: u64 = 86_400;
const LEASE: u64 = 60;

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A generator of random numbers whose whole state is its seed (xorshift64*).
#[derive(Clone)]
struct Dice(Arc<AtomicU64>);

impl Dice {
    fn seeded(seed: u64) -> Self {
        Self(Arc::new(AtomicU64::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)))
    }

    fn below(&self, limit: u64) -> u64 {
        let mut state = self.0.load(Ordering::Relaxed);
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        self.0.store(state, Ordering::Relaxed);
        (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % limit
    }

    fn one_in(&self, chances: u64) -> bool {
        self.below(chances) == 0
    }
}

/// Lets others run, a few times.
async fn pause(dice: &Dice) {
    for _ in 0..dice.below(3) {
        let mut yielded = false;
        std::future::poll_fn(|_| match std::mem::replace(&mut yielded, true) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        })
        .await;
    }
}

/// A store whose answers come late, and sometimes not at all although it did what it was asked.
struct Faltering {
    store: Arc<MemoryStore>,
    dice: Dice,
}

impl Faltering {
    fn act<'a, T: Send + 'a>(&'a self, act: StoreFuture<'a, T>) -> StoreFuture<'a, T> {
        Box::pin(async move {
            let lost = || StoreError::Unavailable { source: "the connection is cut".into() };
            pause(&self.dice).await;
            if self.dice.one_in(20) {
                return Err(lost());
            }
            let done = act.await;
            pause(&self.dice).await;
            if self.dice.one_in(20) { Err(lost()) } else { done }
        })
    }
}

impl IdempotencyStore for Faltering {
    fn claim(&self, claim: Claim) -> StoreFuture<'_, Claimed> {
        self.act(self.store.claim(claim))
    }

    fn settle<'a>(&'a self, lease: &'a Lease, record: Record) -> StoreFuture<'a, Settlement> {
        self.act(self.store.settle(lease, record))
    }

    fn release<'a>(&'a self, lease: &'a Lease) -> StoreFuture<'a, Settlement> {
        self.act(self.store.release(lease))
    }

    fn look_up(&self, key: StoreKey, now: UnixTime) -> StoreFuture<'_, Option<Held>> {
        self.store.look_up(key, now)
    }
}

/// Collects what the gate wants to outlive its client.
#[derive(Clone, Default)]
struct Pool(Arc<Mutex<Vec<Task>>>);

impl Executor for Pool {
    fn execute(&self, work: BoxFuture<'static, ()>) {
        self.0.lock().unwrap().push(work);
    }
}

#[derive(Clone)]
struct Known;

impl Rule for Known {
    const NAME: &'static str = "Known";
    type Needs = ();
    type Leaves = RegisteredClient;
    fn check(&self, (): (), _: &mut Parts, _: &Context) -> Verdict<RegisteredClient> {
        let client = Client::new("tpp", CertificateMatch::Thumbprint([0; 32]));
        Verdict::pass(RegisteredClient::assertion(Arc::new(client)))
    }
}

/// What was booked under a key, and when; what clients were told of it.
#[derive(Default)]
struct Ledger {
    booked: HashMap<String, Vec<(u64, String)>>,
    told: Vec<(String, String)>,
    runs: u64,
    replays: u64,
}

#[derive(Clone)]
struct World {
    dice: Dice,
    now: Arc<AtomicU64>,
    pool: Pool,
    ledger: Arc<Mutex<Ledger>>,
    gate: Gate,
}

impl World {
    fn new(seed: u64) -> Self {
        let (dice, now) = (Dice::seeded(seed), Arc::new(AtomicU64::new(1_700_000_000)));
        let store = Arc::new(MemoryStore::with_capacity(1_000));
        let (clock, pool) = (now.clone(), Pool::default());
        let rule = RunOnce::per_key(Faltering { store, dice: dice.clone() })
            .lease(Duration::from_secs(LEASE));
        let gate = Gate::new(Problem::default())
            .clock(move || {
                UnixTime::since_unix_epoch(Duration::from_secs(clock.load(Ordering::SeqCst)))
            })
            .executor(pool.clone())
            .then(Known)
            .around(rule)
            .build()
            .unwrap();
        Self { dice, now, pool, ledger: Arc::default(), gate }
    }

    /// A handler: it may refuse, fail before it books, or book and then answer, or be cut off.
    async fn handle(self, key: String) -> Response<Full<Bytes>> {
        self.ledger.lock().unwrap().runs += 1;
        pause(&self.dice).await;
        let answer = |status: StatusCode, body: String| {
            let mut response = Response::new(Full::new(Bytes::from(body)));
            *response.status_mut() = status;
            response
        };
        match self.dice.below(8) {
            0 => return answer(StatusCode::INTERNAL_SERVER_ERROR, String::new()),
            1 => return answer(StatusCode::BAD_REQUEST, String::new()),
            _ => {}
        }
        let id = {
            let mut ledger = self.ledger.lock().unwrap();
            let booked = ledger.booked.entry(key.clone()).or_default();
            let id = format!("{key}-{}", booked.len());
            booked.push((self.now.load(Ordering::SeqCst), id.clone()));
            id
        };
        pause(&self.dice).await;
        match self.dice.one_in(8) {
            true => answer(StatusCode::GATEWAY_TIMEOUT, String::new()),
            false => answer(StatusCode::CREATED, id),
        }
    }

    /// A client that sends one payment and notes what it is told.
    fn client(&self) -> Task {
        let (world, key) = (self.clone(), format!("key-{}", self.dice.below(3)));
        let inside = world.clone();
        let named = key.clone();
        let handler = service_fn(move |_: Request<Full<Bytes>>| {
            let (world, key) = (inside.clone(), named.clone());
            async move { Ok::<_, std::convert::Infallible>(world.handle(key).await) }
        });
        let service = world.gate.layer(handler);
        Box::pin(async move {
            let runs = world.ledger.lock().unwrap().runs;
            let request = Request::post("/domestic-payments")
                .header("x-idempotency-key", &key)
                .body(Full::from("{}"))
                .unwrap();
            let response = service.oneshot(request).await.unwrap();
            if response.status() == StatusCode::CREATED {
                let body = response.into_body().collect().await.unwrap().to_bytes();
                let id = String::from_utf8(body.to_vec()).unwrap();
                let mut ledger = world.ledger.lock().unwrap();
                ledger.replays += u64::from(ledger.runs == runs);
                ledger.told.push((key, id));
            }
        })
    }

    /// Polls a task drawn by chance; takes it out when it is done.
    fn poll_one(tasks: &mut Vec<Task>, dice: &Dice) {
        let index = dice.below(tasks.len() as u64) as usize;
        let mut waker = std::task::Context::from_waker(Waker::noop());
        if tasks[index].as_mut().poll(&mut waker).is_ready() {
            drop(tasks.swap_remove(index));
        }
    }

    fn run(&self) {
        let (mut clients, mut work) = (Vec::new(), Vec::<Task>::new());
        let mut to_send = 2 + self.dice.below(12);
        let mut steps = 0;
        while to_send > 0 || !clients.is_empty() || !work.is_empty() {
            steps += 1;
            assert!(steps < 100_000, "the schedule does not end");
            work.append(&mut self.pool.0.lock().unwrap());
            match self.dice.below(40) {
                0..8 if to_send > 0 => {
                    to_send -= 1;
                    clients.push(self.client());
                }
                // A client hangs up.
                8 if !clients.is_empty() => {
                    let index = self.dice.below(clients.len() as u64) as usize;
                    drop(clients.swap_remove(index));
                }
                // The process dies, and another one goes on with the same store.
                9 if self.dice.one_in(4) => {
                    clients.clear();
                    work.clear();
                    self.pool.0.lock().unwrap().clear();
                }
                10 => drop(self.now.fetch_add(self.dice.below(40), Ordering::SeqCst)),
                // Nobody runs for a day; that would end its own window.
                11 if clients.is_empty() && work.is_empty() => {
                    self.now.fetch_add(DAY + LEASE, Ordering::SeqCst);
                }
                12..24 if !clients.is_empty() => Self::poll_one(&mut clients, &self.dice),
                _ if !work.is_empty() => Self::poll_one(&mut work, &self.dice),
                _ if !clients.is_empty() => Self::poll_one(&mut clients, &self.dice),
                _ => {}
            }
        }
    }
}

#[test]
fn no_schedule_books_a_payment_twice_or_loses_one_that_was_told() {
    let (mut booked, mut runs, mut replays) = (0, 0, 0);
    for seed in 1..=SCHEDULES {
        let world = World::new(seed);
        world.run();
        let ledger = world.ledger.lock().unwrap();
        for (key, times) in &ledger.booked {
            for pair in times.windows(2) {
                let apart = pair[1].0 - pair[0].0;
                assert!(apart >= DAY - LEASE, "schedule {seed}: {key} booked {apart} s apart");
            }
        }
        for (key, id) in &ledger.told {
            let known = ledger.booked.get(key).is_some_and(|all| all.iter().any(|(_, b)| b == id));
            assert!(known, "schedule {seed}: {id} was told and is not booked");
        }
        booked += ledger.booked.values().map(Vec::len).sum::<usize>();
        runs += ledger.runs;
        replays += ledger.replays;
    }
    println!("{SCHEDULES} schedules: {runs} runs, {booked} booked, {replays} replays seen");
    assert!(replays > SCHEDULES / 10 && booked as u64 > SCHEDULES);
}
