//! Claims, and the faults that every store with a server must withstand.

use std::convert::Infallible;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use tower::{Layer, ServiceExt, service_fn};
use tower_open_banking::body::Body;
use tower_open_banking::cert::{CertificateMatch, Client, Clients};
use tower_open_banking::client_auth::{
    AuthenticateClient, AuthenticationMethod, ClientAssertions, Parameters, ReadForm, Registration,
    SenderConstraint,
};
use tower_open_banking::crypto::{Algorithm, SigningKey};
use tower_open_banking::gate::Gate;
use tower_open_banking::idempotency::{
    Claim, Claimant, Claimed, Fingerprint, IdempotencyStore, Lease, Record, Settlement, StoreError,
    StoreKey,
};
use tower_open_banking::jose::{Key, KeySet};
use tower_open_banking::pki_types::UnixTime;
use tower_open_banking::reject::AuthorizationServer;
use tower_open_banking::replay::{Insertion, ReplayKey, ReplayStore};

use crate::cut;
use crate::server::Server;

pub fn now() -> UnixTime {
    UnixTime::since_unix_epoch(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap())
}

pub fn ahead(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(now().as_secs() + seconds))
}

pub fn claim(name: &str) -> Claim {
    claim_at(name, now())
}

pub fn claim_at(name: &str, now: UnixTime) -> Claim {
    let key = StoreKey::exclusive("", "test", name);
    Claim::new(key, Fingerprint::from([1; 32]), Claimant::random().unwrap(), now)
}

pub fn record() -> Record {
    Record::of(StatusCode::CREATED, &HeaderMap::new(), &[], b"{}", now())
}

pub async fn take(store: &impl IdempotencyStore, claim: Claim) -> Lease {
    match store.claim(claim).await {
        Ok(Claimed::New(lease)) => lease,
        other => panic!("{other:?}"),
    }
}

pub async fn is_settled(store: &impl IdempotencyStore, name: &str) {
    let answer = store.claim(claim(name)).await;
    assert!(matches!(answer, Ok(Claimed::Settled(_))), "{answer:?}");
}

pub async fn is_running(store: &impl IdempotencyStore, name: &str) {
    let answer = store.claim(claim(name)).await;
    assert!(matches!(answer, Ok(Claimed::InFlight { .. })), "{answer:?}");
}

/// The server is killed between claim and settlement, and comes back while the outcome is kept.
pub async fn a_killed_server_keeps_claims_and_outcomes<S: IdempotencyStore>(
    mut server: Server,
    store: S,
) {
    let settled = take(&store, claim("settled")).await;
    assert_eq!(store.settle(&settled, record()).await.unwrap(), Settlement::Done);
    let running = take(&store, claim("running")).await;
    server.kill();
    let refused = store.claim(claim("refused")).await;
    assert!(matches!(refused, Err(StoreError::Unavailable { .. })), "{refused:?}");
    let (settlement, _server) = tokio::join!(store.settle(&running, outcome()), async {
        tokio::task::spawn_blocking(move || {
            server.run();
            server
        })
        .await
        .unwrap()
    });
    match settlement {
        Ok(settlement) => assert_eq!(settlement, Settlement::Done),
        // It took longer to start than the store is patient.
        Err(_) => assert_eq!(store.settle(&running, outcome()).await.unwrap(), Settlement::Done),
    }
    is_settled(&store, "settled").await;
    is_settled(&store, "running").await;
    take(&store, claim("refused")).await;
}

fn outcome() -> Record {
    record()
}

/// The connection is cut before and after each act reaches the server; every act is done once.
pub async fn a_cut_connection_loses_and_doubles_nothing<S>(server: Server, store: impl Fn(u16) -> S)
where
    S: IdempotencyStore + ReplayStore,
{
    let (port, cut) = cut::stand_before(server.port).await;
    let store = store(port);
    take(&store, claim("warm")).await;
    let acts = [
        ("before the server", (|cut| cut.next_request()) as fn(&cut::Cut)),
        ("before the client", |cut| cut.next_answer()),
    ];
    for (place, fall) in acts {
        let name = |act| format!("{act}, cut {place}");
        fall(&cut);
        let lease = take(&store, claim(&name("claim"))).await;
        is_running(&store, &name("claim")).await;
        fall(&cut);
        let settlement = store.settle(&lease, record()).await.unwrap();
        assert!(matches!(settlement, Settlement::Already | Settlement::Done), "{place}");
        is_settled(&store, &name("claim")).await;

        let lease = take(&store, claim(&name("release"))).await;
        fall(&cut);
        let _freed = store.release(&lease).await.unwrap();
        fall(&cut);
        take(&store, claim(&name("release"))).await;

        let key = ReplayKey::compose("test", "issuer", &name("jti"));
        fall(&cut);
        let insertion = store.insert_once(key, ahead(60), now()).await.unwrap();
        assert_eq!(insertion, Insertion::Fresh, "{place}: the store knows its own insertion");
        let insertion = store.insert_once(key, ahead(60), now()).await.unwrap();
        assert_eq!(insertion, Insertion::Seen);
    }
    let cuts = cut.cuts.load(std::sync::atomic::Ordering::SeqCst);
    assert_eq!(cuts, 10, "every cut fell");
}

/// The server hangs: the store gives up after its deadline, and goes on when the server does.
pub async fn a_hanging_server_is_given_up<S: IdempotencyStore>(
    server: &Server,
    store: S,
    (hang, go_on): (impl Fn(&Server), impl Fn(&Server)),
) {
    take(&store, claim("warm")).await;
    hang(server);
    let begin = Instant::now();
    let lost = claim("lost");
    let refused = store.claim(lost.clone()).await;
    assert!(matches!(refused, Err(StoreError::Unavailable { .. })), "{refused:?}");
    // Not a measurement: without a deadline it would not come back at all.
    assert!(begin.elapsed() < Duration::from_secs(60));
    go_on(server);
    // What became of the lost claim is unknown; its claimant may ask again, nobody else gets it.
    take(&store, lost.clone()).await;
    is_running(&store, "lost").await;
    assert_eq!(store.release(&Lease::presumed(&lost)).await.unwrap(), Settlement::Done);
    take(&store, claim("lost")).await;
}

/// A claim whose future is dropped at any of its awaits takes the key for its claimant, or not; in
/// both cases the claimant can have it or free it, and nobody else runs beside it.
pub async fn a_claim_dropped_at_any_await_can_be_repeated<S: IdempotencyStore>(store: S) {
    take(&store, claim("warm")).await;
    for polls in 0..6 {
        let claim = claim(&format!("dropped after {polls}"));
        let mut asked = store.claim(claim.clone());
        for _ in 0..polls {
            let done = poll_fn(|wakeup| Poll::Ready(asked.as_mut().poll(wakeup).is_ready())).await;
            if done {
                break;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        drop(asked);
        let lease = take(&store, claim.clone()).await;
        is_running(&store, &format!("dropped after {polls}")).await;
        assert_eq!(store.settle(&lease, record()).await.unwrap(), Settlement::Done);
    }
}

/// An outcome over the store's limit is not kept, and its key stays taken.
pub async fn an_outcome_over_the_limit_is_refused(store: impl IdempotencyStore, limit: usize) {
    let lease = take(&store, claim("large")).await;
    let of = |size| Record::of(StatusCode::OK, &HeaderMap::new(), &[], &vec![0; size], now());
    let refused = store.settle(&lease, of(limit + 1)).await;
    assert!(matches!(refused, Err(StoreError::TooLarge { .. })), "{refused:?}");
    is_running(&store, "large").await;
    assert_eq!(store.settle(&lease, of(limit)).await.unwrap(), Settlement::Done);
}

/// A process whose clock is off is refused, whatever it asks for.
pub async fn a_clock_that_is_off_is_refused<S: IdempotencyStore + ReplayStore>(store: S) {
    let key = ReplayKey::compose("test", "issuer", "clock");
    for seconds in [360, 25 * 60 * 60] {
        let refused = store.claim(claim_at("clock", ahead(seconds))).await;
        assert!(matches!(refused, Err(StoreError::Unavailable { .. })), "{refused:?}");
        let refused = store.insert_once(key, ahead(seconds + 9), ahead(seconds)).await;
        assert!(matches!(refused, Err(StoreError::Unavailable { .. })), "{refused:?}");
    }
    let behind = UnixTime::since_unix_epoch(Duration::from_secs(now().as_secs() - 360));
    let refused = store.claim(claim_at("clock", behind)).await;
    assert!(matches!(refused, Err(StoreError::Unavailable { .. })), "{refused:?}");
    take(&store, claim_at("clock", ahead(120))).await;
}

/// Two gates, each with a connection of its own as two processes have it, and one assertion that is
/// posted to both at once, ten times over.
pub async fn an_assertion_is_taken_by_one_of_two<S: ReplayStore + 'static>(
    connect: impl Fn() -> S,
) {
    let pem = rcgen::KeyPair::generate().unwrap().serialize_pem();
    let key = SigningKey::from_pem(pem.as_bytes()).unwrap();
    let public = Key::new(key.public_key().clone()).with_id("1");
    let client = Client::new("tpp", CertificateMatch::NoCertificate)
        .signs_with(KeySet::of([public]).unwrap(), [Algorithm::Es256])
        .registered_as(Registration::new(
            AuthenticationMethod::PrivateKeyJwt,
            SenderConstraint::Dpop,
        ));
    let clients = Arc::new(Clients::of([client]).unwrap());
    let gates = [connect(), connect()].map(|spent| {
        let rule = AuthenticateClient::registered_in(clients.clone(), "https://as", spent);
        let gate = Gate::new(AuthorizationServer::default()).then(ReadForm::posted());
        gate.then(rule.without_certificates()).build().unwrap()
    });
    let handler = service_fn(async |_| Ok::<_, Infallible>(Response::new(Body::empty())));
    let assertions = ClientAssertions::of("tpp", key, "1", Algorithm::Es256);
    for _ in 0..10 {
        let form: Parameters =
            assertions.parameters("https://as", now()).unwrap().into_iter().collect();
        let post = |gate: &Gate| {
            let request = Request::post("/token")
                .header("content-type", "application/x-www-form-urlencoded")
                .body(Body::from(Bytes::from(form.to_string())))
                .unwrap();
            gate.layer(handler).oneshot(request)
        };
        let (one, other) = tokio::join!(post(&gates[0]), post(&gates[1]));
        let mut statuses = [one.unwrap().status(), other.unwrap().status()];
        statuses.sort();
        assert_eq!(statuses, [StatusCode::OK, StatusCode::UNAUTHORIZED]);
        assert_eq!(post(&gates[0]).await.unwrap().status(), StatusCode::UNAUTHORIZED);
    }
}
