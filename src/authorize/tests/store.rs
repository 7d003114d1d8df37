//! Where pushed requests are kept.

use std::sync::Arc;
use std::time::Duration;

use super::super::test_requests::*;
use super::super::*;
use crate::cert::test_pki::NOW;
use crate::idempotency::{StoreError, StoreFuture};
use crate::reject::Reason;

/// A store that is not there, or gives back what nobody kept.
struct Broken(Option<&'static [u8]>);

impl PushedRequests for Broken {
    fn keep(
        &self,
        _: PushedKey,
        _: bytes::Bytes,
        _: rustls_pki_types::UnixTime,
        _: rustls_pki_types::UnixTime,
    ) -> StoreFuture<'_, ()> {
        Box::pin(async { Err(StoreError::unavailable("gone")) })
    }

    fn look_up(
        &self,
        key: PushedKey,
        now: rustls_pki_types::UnixTime,
    ) -> StoreFuture<'_, Option<bytes::Bytes>> {
        self.take(key, now)
    }

    fn take(
        &self,
        _: PushedKey,
        _: rustls_pki_types::UnixTime,
    ) -> StoreFuture<'_, Option<bytes::Bytes>> {
        let given = self.0;
        Box::pin(async move {
            match given {
                Some(bytes) => Ok(Some(bytes::Bytes::from_static(bytes))),
                None => Err(StoreError::unavailable("gone")),
            }
        })
    }
}

#[test]
fn a_store_that_errs_is_unavailable_and_never_a_pass() {
    use crate::gate::Rule as _;
    use crate::gate::test_support::{at, judged, request};
    let uri = RequestUri::random().unwrap();
    let ask = format!("client_id=tpp&request_uri={}", uri.as_str());
    for given in [None, Some(b"{".as_slice()), Some(b"[]"), Some(br#"{"signed":1}"#)] {
        let rule = ReadRequestObject::of(RequestProfile::FAPI2, clients()).pushed_to(Broken(given));
        let mut request = request();
        request.uri = format!("/authorize?{ask}").parse().unwrap();
        let body = crate::body::BodyBytes::new(bytes::Bytes::new());
        let refused = judged(rule.check(&body, &mut request, &at(NOW))).unwrap_err();
        assert_eq!(refused.reason(), Reason::ServiceUnavailable, "{given:?}");
    }
    let permitted = super::answers::permitted(RequestProfile::FAPI2, |claims| {
        claims.insert("response_type".to_owned(), "code".into());
        claims.insert("code_challenge".to_owned(), CHALLENGE.into());
        claims.insert("code_challenge_method".to_owned(), "S256".into());
    });
    let push = PushRequest::into(Broken(None));
    let verdict = push.check(&permitted, &mut request(), &at(NOW));
    assert_eq!(judged(verdict).unwrap_err().reason(), Reason::ServiceUnavailable);
}

#[test]
fn of_many_takers_one_gets_the_request() {
    let store = Arc::new(MemoryPushedRequests::with_capacity(100));
    let runtime = || tokio::runtime::Builder::new_current_thread().build().unwrap();
    for round in 0..50 {
        let uri = RequestUri::random().unwrap();
        let key = PushedKey::compose("tpp", &uri);
        let until = rustls_pki_types::UnixTime::since_unix_epoch(Duration::from_secs(NOW + 60));
        let bytes = bytes::Bytes::from_static(b"{}");
        runtime().block_on(store.keep(key, bytes.clone(), until, now())).unwrap();
        let again = runtime().block_on(store.keep(key, bytes, until, now()));
        assert!(again.is_err(), "a key is kept once");
        let takers: Vec<_> = (0..4)
            .map(|_| {
                let store = store.clone();
                std::thread::spawn(move || runtime().block_on(store.take(key, now())).unwrap())
            })
            .collect();
        let taken = takers.into_iter().filter_map(|taker| taker.join().unwrap()).count();
        assert_eq!(taken, 1, "{round}");
    }
}

#[test]
fn a_request_uri_has_one_form_and_a_lifetime_its_bounds() {
    let own = RequestUri::random().unwrap();
    assert!(RequestUri::parse(own.as_str()).is_some());
    for text in [
        &own.as_str()[..own.as_str().len() - 1],
        &format!("{}A", own.as_str()),
        &own.as_str().replace("urn:", "URN:"),
        &format!("{}+", &own.as_str()[..own.as_str().len() - 1]),
        "https://as.bank.example/object",
        "",
    ] {
        assert!(RequestUri::parse(text).is_none(), "{text}");
    }
    for (seconds, fits) in [(0, false), (4, false), (5, true), (599, true), (600, false)] {
        let lifetime = PushedLifetime::new(Duration::from_secs(seconds));
        assert_eq!(lifetime.is_some(), fits, "{seconds}");
    }
    let (one, other) = (PushedKey::compose("a", &own), PushedKey::compose("b", &own));
    assert_ne!(one, other);
    assert!(!format!("{own:?}").contains(own.as_str()));
}
