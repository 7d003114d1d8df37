//! What is kept of answers, and for how long.

use super::*;

/// Asks this long after [`NOW`], and says whether the token was active.
fn asks(endpoint: &IntrospectionEndpoint, token: &str, seconds: i64) -> bool {
    let now = at(NOW.checked_add_signed(seconds).unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let answer = runtime.block_on(endpoint.introspect(token, now)).unwrap();
    matches!(answer, Introspected::Active(claims) if claims.client_id.as_deref() == Some("tpp"))
}

#[test]
fn nothing_is_kept_unless_it_is_said() {
    let server = Server::saying(&active(|_| {}));
    let endpoint = server.endpoint();
    for asked in 1..4 {
        assert!(asks(&endpoint, "opaque", 0));
        assert_eq!(server.questions(), asked);
    }
}

#[test]
fn an_active_answer_is_kept_for_a_minute_at_most() {
    let server = Server::saying(&active(|_| {}));
    let endpoint = server.endpoint().keep_for(Duration::from_secs(3_600));
    for (seconds, questions) in [(0, 1), (59, 1), (60, 2), (119, 2), (120, 3)] {
        assert!(asks(&endpoint, "opaque", seconds));
        assert_eq!(server.questions(), questions, "{seconds}");
    }
    let endpoint = server.endpoint().keep_for(Duration::from_secs(5));
    for (seconds, questions) in [(0, 4), (4, 4), (5, 5)] {
        assert!(asks(&endpoint, "opaque", seconds));
        assert_eq!(server.questions(), questions, "{seconds}");
    }
}

#[test]
fn an_answer_is_never_kept_past_the_end_of_the_token() {
    let ends = |seconds: u64| {
        active(move |answer| drop(answer.insert("exp".into(), (NOW + seconds).into())))
    };
    let server = Server::saying(&ends(7));
    let endpoint = server.endpoint().keep_for(Duration::from_secs(60));
    for (seconds, questions) in [(0, 1), (6, 1), (7, 2), (8, 3)] {
        asks(&endpoint, "opaque", seconds);
        assert_eq!(server.questions(), questions, "{seconds}");
    }
    // Of one whose end nobody knows nothing is kept.
    let server = Server::saying(&active(|answer| drop(answer.remove("exp"))));
    let endpoint = server.endpoint().keep_for(Duration::from_secs(60));
    asks(&endpoint, "opaque", 0);
    asks(&endpoint, "opaque", 0);
    assert_eq!(server.questions(), 2);
}

#[test]
fn an_inactive_answer_is_not_kept() {
    let server = Server::saying(r#"{"active":false}"#);
    let endpoint = server.endpoint().keep_for(Duration::from_secs(60));
    assert!(!asks(&endpoint, "opaque", 0));
    server.sends(
        Response::builder()
            .header(CONTENT_TYPE, "application/json")
            .body(active(|_| {}).into())
            .unwrap(),
    );
    assert!(asks(&endpoint, "opaque", 0));
}

#[test]
fn an_answer_is_about_one_token() {
    let server = Server::saying(&active(|_| {}));
    let endpoint = server.endpoint().keep_for(Duration::from_secs(60));
    assert!(asks(&endpoint, "one", 0));
    server.sends(
        Response::builder()
            .header(CONTENT_TYPE, "application/json")
            .body(Bytes::from_static(br#"{"active":false}"#))
            .unwrap(),
    );
    assert!(asks(&endpoint, "one", 1));
    assert!(!asks(&endpoint, "two", 1));
    assert!(!asks(&endpoint, "one ", 1));
}

#[test]
fn an_answer_from_before_the_clock_went_back_is_not_used() {
    let server = Server::saying(&active(|_| {}));
    let endpoint = server.endpoint().keep_for(Duration::from_secs(60));
    for (seconds, questions) in [(0, 1), (-1, 2), (-1, 2)] {
        asks(&endpoint, "opaque", seconds);
        assert_eq!(server.questions(), questions, "{seconds}");
    }
}

#[test]
fn a_full_memory_keeps_no_more_and_answers_all_the_same() {
    let server = Server::saying(&active(|_| {}));
    let endpoint = server.endpoint().keep_for(Duration::from_secs(60)).capacity(2);
    for (token, seconds, questions) in [
        ("one", 0, 1),
        ("two", 0, 2),
        ("three", 0, 3),
        ("three", 0, 4),
        ("one", 0, 4),
        // What is over makes room.
        ("three", 60, 5),
        ("three", 60, 5),
    ] {
        assert!(asks(&endpoint, token, seconds));
        assert_eq!(server.questions(), questions, "{token} {seconds}");
    }
}
