//! Owners who publish what is no key set, and ids that are none.

use super::*;

/// A set of 256 keys that nobody can use.
fn many(count: usize) -> String {
    set_of(&vec![r#"{"kty":"x","kid":"a"}"#.to_owned(); count])
}

#[tokio::test]
async fn what_is_no_key_set_leaves_the_one_before_in_place() {
    let ok = |body: &str| Ok(answer(StatusCode::OK, body, None));
    let oversize = format!("{}{}", set(&["a"]), " ".repeat(1 << 20));
    let status = |status| Ok(answer(status, &set(&["b"]), None));
    let hostile: [Result<Fetched, FetchError>; 14] = [
        ok("<!DOCTYPE html><html><body>Please log in</body></html>"),
        ok(""),
        ok("{"),
        ok("[]"),
        ok(r#"{"keys":"a"}"#),
        ok(r#"{"keys":[],"keys":[]}"#),
        ok(&format!("{} {}", set(&["b"]), set(&["b"]))),
        ok(&oversize),
        ok(&many(10_000)),
        ok(&many(257)),
        status(StatusCode::FOUND),
        status(StatusCode::NOT_MODIFIED),
        status(StatusCode::INTERNAL_SERVER_ERROR),
        Err(FetchError::Redirect),
    ];
    for (number, answer) in hostile.into_iter().enumerate() {
        let owner = Owner::of(&["a"]);
        let keys = owner.keys();
        assert_eq!(finds(&keys, "a", START).await, FOUND);
        owner.answers(answer.clone());
        assert_eq!(finds(&keys, "b", START + 30).await, UNAVAILABLE, "{number}");
        assert_eq!(finds(&keys, "a", START + 30).await, FOUND, "{number}");
        assert_eq!(owner.fetches(), 2);
        // At the start there is nothing to keep.
        let keys = owner.keys();
        assert_eq!(finds(&keys, "a", START).await, UNAVAILABLE, "{number}");
    }
}

#[tokio::test]
async fn a_key_that_cannot_be_used_is_left_out_and_the_others_are_not() {
    let owner = Owner::of(&[]);
    owner.publishes(&set_of(&[
        jwk("a"),
        r#"{"kty":"quantum","kid":"b"}"#.to_owned(),
        jwk("c").replace("P-256", "P-999"),
        jwk("d").replace("\"sig\"", "\"enc\""),
        jwk("e").replace("ES256", "PS256"),
        jwk("f").replace("\"kty\"", "\"x5c\":[\"AAAA\"],\"kty\""),
        r#"{"kty":"RSA","kid":"g","n":"AQAB","e":"AQAB"}"#.to_owned(),
        jwk("h"),
    ]));
    let keys = owner.keys();
    for kid in ["a", "h"] {
        let key = found(&keys, kid, START).await.unwrap().unwrap();
        assert_eq!(key.algorithm(), Some(Algorithm::Es256), "pinned by the set");
    }
    for kid in ["b", "c", "d", "e", "f", "g"] {
        assert_eq!(finds(&keys, kid, START).await, UNKNOWN, "{kid}");
    }
}

#[tokio::test]
async fn an_id_of_two_keys_is_no_keys_and_the_others_stay_good() {
    let owner = Owner::of(&["twice", "a", "twice", "thrice", "thrice", "thrice"]);
    let keys = owner.keys();
    assert_eq!(finds(&keys, "a", START).await, FOUND);
    assert_eq!(finds(&keys, "twice", START).await, UNKNOWN);
    assert_eq!(finds(&keys, "thrice", START).await, UNKNOWN);
}

#[tokio::test]
async fn a_set_with_a_private_key_withdraws_all() {
    for secret in [
        jwk("b").replace("\"kty\"", "\"d\":\"AAAA\",\"kty\""),
        r#"{"kty":"oct","kid":"b","k":"AAAA"}"#.to_owned(),
    ] {
        let owner = Owner::of(&["a"]);
        let keys = owner.keys();
        assert_eq!(finds(&keys, "a", START).await, FOUND);
        owner.publishes(&set_of(&[jwk("a"), secret]));
        assert_eq!(finds(&keys, "b", START + 30).await, UNKNOWN);
        assert_eq!(finds(&keys, "a", START + 30).await, UNKNOWN);
    }
}

#[tokio::test]
async fn an_id_of_a_megabyte_is_unknown_and_costs_no_more_than_another() {
    let owner = Owner::of(&["a"]);
    let keys = owner.keys();
    let long = "k".repeat(1 << 20);
    assert_eq!(finds(&keys, &long, START).await, UNKNOWN);
    assert_eq!(finds(&keys, "", START + 1).await, UNKNOWN);
    assert_eq!(finds(&keys, "a", START + 1).await, FOUND);
    assert_eq!(owner.fetches(), 1);
}

#[tokio::test]
async fn one_client_has_neither_the_keys_nor_the_time_of_another() {
    let (mine, other) = (Owner::of(&["kid"]), Owner::of(&["kid", "theirs"]));
    let (my_keys, other_keys) = (mine.keys(), other.keys());
    let my_key = found(&my_keys, "kid", START).await.unwrap().unwrap();
    let other_key = found(&other_keys, "kid", START).await.unwrap().unwrap();
    assert!(my_key.public_key() != other_key.public_key(), "one id, two owners");
    assert_eq!(finds(&my_keys, "theirs", START).await, UNKNOWN);
    // The other's source hangs, and all its fetches are used up.
    other.holds();
    let hanging: Vec<_> =
        (0..100).map(|n| other_keys.find(&n.to_string(), at(START + 30))).collect();
    assert!(hanging.iter().all(|lookup| matches!(lookup, Lookup::Later(_))));
    mine.publishes(&set(&["kid", "new"]));
    assert_eq!(finds(&my_keys, "new", START + 30).await, FOUND);
    assert_eq!(mine.fetches(), 2);
    assert!(other.fetches() <= 2);
}

#[tokio::test]
async fn a_fetcher_that_panics_is_an_owner_who_errs() {
    let panics = |_: FetchRequest| -> BoxFuture<'static, Result<Fetched, FetchError>> {
        Box::pin(async { panic!("in the fetcher") })
    };
    let keys = FetchedKeys::at(Uri::from_static("https://tpp.example/jwks"), panics).unwrap();
    for now in [START, START + 1, START + 30] {
        assert_eq!(finds(&keys, "a", now).await, UNAVAILABLE);
    }
}

#[tokio::test]
async fn a_fetch_that_takes_too_long_is_followed_by_another_and_does_not_undo_it() {
    // The first fetch ends when it is told, with what was published when it began.
    let (tell, told) = tokio::sync::oneshot::channel::<()>();
    let (first, fetches) = (Mutex::new(Some(told)), Arc::new(AtomicUsize::new(0)));
    let count = fetches.clone();
    let owner = move |_: FetchRequest| -> BoxFuture<'static, Result<Fetched, FetchError>> {
        count.fetch_add(1, Ordering::SeqCst);
        let told = first.lock().unwrap().take();
        Box::pin(async move {
            let kid = if told.is_some() { "old" } else { "new" };
            if let Some(told) = told {
                told.await.unwrap();
            }
            Ok(answer(StatusCode::OK, &set(&[kid]), None))
        })
    };
    let keys = FetchedKeys::at(Uri::from_static("https://tpp.example/jwks"), owner).unwrap();
    let Lookup::Later(slow) = keys.find("old", at(START)) else { panic!("at once") };
    tokio::task::yield_now().await;
    assert_eq!(finds(&keys, "new", START + 30).await, FOUND);
    tell.send(()).unwrap();
    assert!(slow.await.unwrap().is_none(), "withdrawn since");
    assert_eq!(finds(&keys, "new", START + 31).await, FOUND);
    assert_eq!(fetches.load(Ordering::SeqCst), 2);
}

/// A server that sends a byte now and then, over "TLS".
#[cfg(feature = "fetch")]
#[tokio::test]
async fn an_owner_who_drips_is_not_waited_for() {
    use crate::fetch::{HttpFetch, Secure, Stream};
    use std::io;
    use tokio::io::AsyncWriteExt;
    use tokio::net::{TcpListener, TcpStream};

    struct Plain;
    impl Secure for Plain {
        fn secure(
            &self,
            _: &str,
            connection: TcpStream,
        ) -> BoxFuture<'static, io::Result<Box<dyn Stream>>> {
            Box::pin(async { Ok(Box::new(connection) as Box<dyn Stream>) })
        }
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n";
        let _ = connection.write_all(head).await;
        while connection.write_all(b" ").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let (connect, total) = (Duration::from_secs(60), Duration::from_millis(200));
    let fetch = HttpFetch::new().allow_host("localhost").allow_port(port).over_tls(Plain);
    let uri = format!("https://localhost:{port}/jwks").parse().unwrap();
    let keys = FetchedKeys::at(uri, fetch.timeouts(connect, total)).unwrap();
    assert_eq!(finds(&keys, "a", START).await, UNAVAILABLE);
}
