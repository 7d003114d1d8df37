//! The client certificate over a real socket: from the handshake to the handler, by each adapter.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::State;
use axum::routing::get;
use axum::{Extension, Router};
use http::StatusCode;
use rustls_pki_types::UnixTime;
use tower_open_banking::cert::{
    Anchors, ClientCertificate, PeerAddress, PresentCertificate, TrustCertificate,
};
use tower_open_banking::extract::Proof;
use tower_open_banking::gate::Gate;
use tower_open_banking::reject::Problem;
use tower_open_banking::revocation::Revocation;

use self::client::{Client, Shown, Version};
use self::server::Adapter;
use crate::support::{NOW, pki};

mod client;
mod proxy;
mod server;

const ADAPTERS: [Adapter; 3] = [Adapter::AxumServe, Adapter::AxumServer, Adapter::Hyper];
const VERSIONS: [Version; 2] = [Version::Http1, Version::Http2];

/// The handlers' evidence, kept so that no other certificate can be parsed to the same place.
type Kept = Arc<Mutex<Vec<Proof<ClientCertificate>>>>;

/// The bank's clock.
#[derive(Clone)]
struct Hand(Arc<AtomicU64>);

impl Hand {
    fn now() -> Self {
        Self(Arc::new(AtomicU64::new(NOW)))
    }

    fn goes_on(&self, days: u64) {
        self.0.fetch_add(days * 86_400, Ordering::SeqCst);
    }
}

/// Answers with the client's address and the place at which its certificate was parsed.
fn app(hand: &Hand, present: PresentCertificate) -> Router {
    let lists = Revocation::by_lists([pki::revocation_list()]).unwrap();
    let trust = TrustCertificate::anchored_in(Anchors::of([pki::anchor()]).unwrap(), lists);
    let seconds = hand.0.clone();
    let clock =
        move || UnixTime::since_unix_epoch(Duration::from_secs(seconds.load(Ordering::SeqCst)));
    let gate = Gate::new(Problem::default()).clock(clock).then(present).then(trust);
    Router::new()
        .route("/", get(show))
        .route_layer(gate.build().unwrap())
        .with_state(Kept::default())
}

async fn show(
    State(kept): State<Kept>,
    presented: Proof<ClientCertificate>,
    Extension(address): Extension<PeerAddress>,
) -> String {
    let place: *const _ = presented.certificate();
    kept.lock().unwrap().push(presented);
    format!("{address:?} {place:p}")
}

async fn start(adapter: Adapter) -> (Client, Hand) {
    let hand = Hand::now();
    let client = adapter.start(app(&hand, PresentCertificate::from_tls())).await;
    (client, hand)
}

#[tokio::test]
async fn a_good_certificate_is_shown_to_the_handler_and_parsed_once_for_a_connection() {
    for adapter in ADAPTERS {
        let (client, _) = start(adapter).await;
        for version in VERSIONS {
            let mut connection = client.connects(version, Shown::Good).await;
            let (first, second) = (connection.get().await, connection.get().await);
            assert_eq!(first.0, StatusCode::OK, "{adapter:?} {version:?}: {first:?}");
            assert!(first.1.starts_with("Ip(127.0.0.1) "), "{adapter:?} {version:?}: {first:?}");
            assert_eq!(first, second, "{adapter:?} {version:?}");
            let other = client.connects(version, Shown::Good).await.get().await;
            assert_ne!(first.1, other.1, "{adapter:?} {version:?}");
        }
    }
}

#[tokio::test]
async fn whom_the_rules_refuse_hears_why_over_http() {
    for adapter in ADAPTERS {
        let (client, _) = start(adapter).await;
        for version in VERSIONS {
            for (shown, code) in [
                (Shown::Nothing, "certificate_missing"),
                (Shown::SelfSigned, "certificate_untrusted"),
                (Shown::Rogue, "certificate_untrusted"),
                (Shown::Revoked, "certificate_revoked"),
            ] {
                let (status, body) = client.connects(version, shown).await.get().await;
                let what = format!("{adapter:?} {version:?} {shown:?}: {status} {body}");
                assert_eq!(status, StatusCode::UNAUTHORIZED, "{what}");
                assert!(body.contains(code), "{what}");
            }
        }
    }
}

#[tokio::test]
async fn a_resumed_session_keeps_its_certificate_and_is_judged_again() {
    for adapter in ADAPTERS {
        let (client, hand) = start(adapter).await;
        let client = client.with_memory(Shown::Good);
        let mut full = client.connects(Version::Http1, Shown::Good).await;
        assert!(!full.is_resumed(), "{adapter:?}");
        assert_eq!(full.get().await.0, StatusCode::OK, "{adapter:?}");
        let mut resumed = client.connects(Version::Http1, Shown::Good).await;
        assert!(resumed.is_resumed(), "{adapter:?}");
        assert_eq!(resumed.get().await.0, StatusCode::OK, "{adapter:?}");

        hand.goes_on(365);
        let mut later = client.connects(Version::Http1, Shown::Good).await;
        assert!(later.is_resumed(), "{adapter:?}");
        for connection in [&mut later, &mut resumed] {
            let (status, body) = connection.get().await;
            assert_eq!(status, StatusCode::UNAUTHORIZED, "{adapter:?} {body}");
            assert!(body.contains("certificate_expired"), "{adapter:?} {body}");
        }
    }
}

#[tokio::test]
async fn a_client_that_does_not_shake_hands_holds_up_nobody() {
    for adapter in ADAPTERS {
        let (client, _) = start(adapter).await;
        let silent = [client.only_connects().await, client.only_connects().await];
        let answered = client.connects(Version::Http1, Shown::Good).await.get().await;
        assert_eq!(answered.0, StatusCode::OK, "{adapter:?}");
        // Nor was it sent away for the others' sake.
        for stream in silent {
            assert!(client::is_open(stream), "{adapter:?}");
        }
    }
}

#[tokio::test]
async fn a_silent_client_gives_up_its_place_in_the_end() {
    let hand = Hand::now();
    let client = server::narrow(app(&hand, PresentCertificate::from_tls())).await;
    let silent = [client.only_connects().await, client.only_connects().await];
    let answered = async { client.connects(Version::Http1, Shown::Good).await.get().await };
    // A guard only: without an end to handshakes this would never be answered.
    let answered = tokio::time::timeout(Duration::from_secs(60), answered).await.unwrap();
    assert_eq!(answered.0, StatusCode::OK);
    // There is one place: whoever came before is gone.
    for stream in silent {
        assert!(!client::is_open(stream));
    }
}

#[tokio::test]
async fn a_router_without_the_adapter_answers_nobody() {
    let hand = Hand::now();
    let client = server::forgotten(app(&hand, PresentCertificate::from_tls())).await;
    let answered = client.connects(Version::Http1, Shown::Good).await.get().await;
    assert_eq!(answered.0, StatusCode::INTERNAL_SERVER_ERROR);
}
