//! Whom a verdict asks, in which order, and how often.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Semaphore;

use super::*;
use crate::cert::test_pki::ROOT;

const GOOD: &[u8] = &[0x80, 0];

#[test]
fn a_list_in_its_time_asks_nobody() {
    let (web, leaf) = (Web::default(), client());
    let revocation = over(&web).lists([list(NOW, 1, &[])]).build().unwrap();
    assert_eq!(verdict(&revocation, &path(&leaf), NOW), Ok(NOW + DAY - 1));
    let revocation = over(&web).lists([list(NOW, 1, &[&leaf])]).build().unwrap();
    assert_eq!(verdict(&revocation, &path(&leaf), NOW), REVOKED);
    assert_eq!(web.asked(), [""; 0]);
}

#[test]
fn the_responder_is_asked_before_the_list_and_its_answer_is_held() {
    let (web, leaf) = (Web::default(), client());
    web.answers(answer(&leaf, NOW, GOOD));
    web.lists(list(NOW, 1, &[]));
    let revocation = over(&web).build().unwrap();
    assert_eq!(verdict(&revocation, &path(&leaf), NOW), Ok(NOW + HOUR));
    assert_eq!(web.asked(), [OCSP]);
    assert_eq!(verdict(&revocation, &path(&leaf), NOW + HOUR - 1), Ok(NOW + HOUR));
    assert_eq!(web.asked(), [""; 0]);
    // Its time is over, and there is no newer one.
    assert_eq!(verdict(&revocation, &path(&leaf), NOW + HOUR + 301), Ok(NOW + DAY - 1));
    assert_eq!(web.asked(), [OCSP, LIST]);
}

#[test]
fn the_list_is_fetched_where_the_responder_is_of_no_help_and_serves_others() {
    let (web, leaf) = (Web::default(), client());
    web.lists(list(NOW, 1, &[]));
    let revocation = over(&web).build().unwrap();
    assert_eq!(verdict(&revocation, &path(&leaf), NOW), Ok(NOW + DAY - 1));
    assert_eq!(web.asked(), [OCSP, LIST]);
    assert_eq!(verdict(&revocation, &path(&client()), NOW), Ok(NOW + DAY - 1));
    assert_eq!(web.asked(), [""; 0]);
}

#[test]
fn only_what_was_plugged_in_is_asked() {
    let (web, leaf) = (Web::default(), client());
    let ocsp = Revocation::builder().ocsp_over(web.clone()).build().unwrap();
    assert_eq!(verdict(&ocsp, &path(&leaf), NOW), NO_DATA);
    assert_eq!(web.asked(), [OCSP]);
    let lists = Revocation::builder().lists_over(web.clone()).build().unwrap();
    assert_eq!(verdict(&lists, &path(&leaf), NOW), NO_DATA);
    assert_eq!(web.asked(), [LIST]);
    let nobody = Revocation::builder().build();
    assert!(matches!(nobody, Err(RevocationError::NoSource)));
}

#[test]
fn a_certificate_that_names_nobody_is_refused_at_once() {
    let (web, leaf) = (Web::default(), ISSUING.issues(|_| {}));
    let revocation = over(&web).build().unwrap();
    let checked = revocation.check(&path(&leaf), at(NOW));
    assert!(matches!(checked, Checked::Refused(_)));
    assert_eq!(web.asked(), [""; 0]);
}

#[test]
fn nobody_is_asked_for_a_path_that_is_refused_anyway() {
    let (web, leaf) = (Web::default(), client());
    let link = |certificate: CertificateDer<'_>, by: &Authority| Link {
        certificate: Arc::new(read(&certificate)),
        issuer: Arc::new(Issuer::from_der(&by.der()).unwrap()),
    };
    let links = vec![link(leaf, &ISSUING), link(ISSUING.der(), &ROOT)];
    let path = Arc::new(Path::assertion(links));
    let revoked = list_by(&ROOT, NOW, 1, &[&ISSUING.der()]);
    let revocation = over(&web).lists([revoked]).build().unwrap();
    assert!(matches!(revocation.check(&path, at(NOW)), Checked::Refused(_)));
    assert_eq!(verdict(&revocation, &path, NOW), REVOKED);
    // The authority names nobody either.
    let revocation = over(&web).build().unwrap();
    assert_eq!(verdict(&revocation, &path, NOW), NO_DATA);
    assert_eq!(web.asked(), [""; 0]);
}

#[test]
fn every_certificate_of_the_path_is_asked_about() {
    let web = Web::default();
    let middle = ISSUING.authorizes("Middle", |parameters| {
        parameters.crl_distribution_points = vec![at_uri(LIST)];
    });
    let at_middle = "http://ca.example/middle.crl";
    let leaf = middle.issues(|parameters| {
        parameters.crl_distribution_points = vec![at_uri(at_middle)];
    });
    let link = |certificate: &CertificateDer<'_>, by: &Authority| Link {
        certificate: Arc::new(read(certificate)),
        issuer: Arc::new(Issuer::from_der(&by.der()).unwrap()),
    };
    let links = vec![link(&leaf, &middle), link(&middle.der(), &ISSUING)];
    let path = Arc::new(Path::assertion(links));
    let crl = |der| Ok(fetched("application/pkix-crl", der));
    web.put(at_middle, crl(list_by(&middle, NOW, 1, &[])));
    web.put(LIST, crl(list(NOW - HOUR, 1, &[])));
    let revocation = over(&web).build().unwrap();
    assert_eq!(verdict(&revocation, &path, NOW), Ok(NOW - HOUR + DAY - 1));
    web.put(LIST, crl(list(NOW, 2, &[&middle.der()])));
    let revocation = over(&web).build().unwrap();
    assert_eq!(verdict(&revocation, &path, NOW), REVOKED);
    web.put(LIST, Err(FetchError::Timeout));
    let revocation = over(&web).build().unwrap();
    assert_eq!(verdict(&revocation, &path, NOW), NO_DATA);
}

#[test]
fn a_question_that_failed_is_not_asked_again_for_a_while_and_then_less_and_less_often() {
    let (web, leaf) = (Web::default(), client());
    let revocation = Revocation::builder().ocsp_over(web.clone()).build().unwrap();
    let path = path(&leaf);
    let mut now = NOW;
    for pause in [30, 60, 120, 240, 300, 300] {
        assert_eq!(verdict(&revocation, &path, now), NO_DATA);
        assert_eq!(web.asked(), [OCSP]);
        assert_eq!(verdict(&revocation, &path, now + pause - 1), NO_DATA);
        assert_eq!(web.asked(), [""; 0]);
        now += pause;
    }
    web.answers(answer(&leaf, now, GOOD));
    assert_eq!(verdict(&revocation, &path, now), Ok(now + HOUR));
}

#[test]
fn the_failure_of_one_question_does_not_keep_another_from_being_asked() {
    let (web, leaf, other) = (Web::default(), client(), client());
    let revocation = Revocation::builder().ocsp_over(web.clone()).build().unwrap();
    assert_eq!(verdict(&revocation, &path(&leaf), NOW), NO_DATA);
    web.answers(answer(&other, NOW, GOOD));
    assert_eq!(verdict(&revocation, &path(&other), NOW), Ok(NOW + HOUR));
}

#[test]
fn what_is_no_answer_by_status_or_media_type_or_size_is_a_failure() {
    let leaf = client();
    let good = || Bytes::from(answer(&leaf, NOW, GOOD));
    let headers = |value: &'static str| {
        HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(value))])
    };
    let ocsp = || headers("application/ocsp-response");
    // In order but for its length: certificates of no use are in it.
    let long = TestResponse::good(&ISSUING, &read(&leaf));
    let long = TestResponse { certificates: vec![ISSUING.der().to_vec(); 200], ..long };
    let long = Bytes::from(long.signed_by(&ISSUING));
    assert!(long.len() > 64 << 10);
    for (what, expected, answer) in [
        ("in order", Ok(NOW + HOUR), Fetched::new(StatusCode::OK, &ocsp(), good())),
        ("404", NO_DATA, Fetched::new(StatusCode::NOT_FOUND, &ocsp(), good())),
        ("206", NO_DATA, Fetched::new(StatusCode::PARTIAL_CONTENT, &ocsp(), good())),
        ("a page", NO_DATA, Fetched::new(StatusCode::OK, &headers("text/html"), good())),
        ("too long", NO_DATA, Fetched::new(StatusCode::OK, &ocsp(), long)),
        ("empty", NO_DATA, Fetched::new(StatusCode::OK, &ocsp(), Bytes::new())),
    ] {
        let web = Web::default();
        web.put(OCSP, Ok(answer));
        let revocation = Revocation::builder().ocsp_over(web).build().unwrap();
        assert_eq!(verdict(&revocation, &path(&leaf), NOW), expected, "{what}");
    }
}

#[test]
fn the_question_is_a_post_with_limits_and_media_types() {
    let leaf = client();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let record = asked.clone();
    let fetch = move |request: FetchRequest| -> BoxFuture<'static, Result<Fetched, FetchError>> {
        record.lock().unwrap().push(request);
        Box::pin(async { Err(FetchError::Timeout) })
    };
    let builder = Revocation::builder().ocsp_over(fetch.clone()).lists_over(fetch);
    assert_eq!(verdict(&builder.build().unwrap(), &path(&leaf), NOW), NO_DATA);
    let asked = asked.lock().unwrap();
    let [ocsp, list] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!(ocsp.body().unwrap().0, "application/ocsp-request");
    assert_eq!((ocsp.accepted(), ocsp.limit()), (Some("application/ocsp-response"), 64 << 10));
    assert!(list.body().is_none());
    assert_eq!(list.limit(), 20 << 20);
}

/// Answers once the gate is open.
#[derive(Clone)]
struct Slow {
    web: Web,
    gate: Arc<Semaphore>,
    asked: Arc<AtomicUsize>,
}

impl Fetch for Slow {
    fn fetch(&self, request: FetchRequest) -> BoxFuture<'static, Result<Fetched, FetchError>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let (answer, gate) = (self.web.fetch(request), self.gate.clone());
        Box::pin(async move {
            gate.acquire().await.unwrap().forget();
            gate.add_permits(1);
            answer.await
        })
    }
}

fn slow(web: &Web) -> Slow {
    Slow { web: web.clone(), gate: Arc::new(Semaphore::new(0)), asked: Arc::default() }
}

#[tokio::test]
async fn a_hundred_requests_at_once_ask_once() {
    let (web, leaf) = (Web::default(), client());
    web.answers(answer(&leaf, NOW, GOOD));
    let slow = slow(&web);
    let revocation = Revocation::builder().ocsp_over(slow.clone()).build().unwrap();
    let path = path(&leaf);
    let asked = (0..100).map(|_| match revocation.check(&path, at(NOW)) {
        Checked::Ask(asked) => tokio::spawn(asked),
        _ => panic!("nothing is known"),
    });
    let asked: Vec<_> = asked.collect();
    tokio::task::yield_now().await;
    assert_eq!(slow.asked.load(Ordering::SeqCst), 1);
    slow.gate.add_permits(1);
    for verdict in asked {
        assert_eq!(verdict.await.unwrap().unwrap(), at(NOW + HOUR));
    }
    assert_eq!(slow.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_client_that_hangs_up_does_not_take_the_answer_from_those_that_wait_with_it() {
    let (web, leaf) = (Web::default(), client());
    web.answers(answer(&leaf, NOW, GOOD));
    let slow = slow(&web);
    let revocation = Revocation::builder().ocsp_over(slow.clone()).build().unwrap();
    let path = path(&leaf);
    let ask = || match revocation.check(&path, at(NOW)) {
        Checked::Ask(asked) => tokio::spawn(asked),
        _ => panic!("nothing is known"),
    };
    let (first, second) = (ask(), ask());
    tokio::task::yield_now().await;
    first.abort();
    tokio::task::yield_now().await;
    slow.gate.add_permits(1);
    assert_eq!(second.await.unwrap().unwrap(), at(NOW + HOUR));
    assert_eq!(slow.asked.load(Ordering::SeqCst), 1);
}
