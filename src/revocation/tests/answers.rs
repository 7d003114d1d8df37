//! What an OCSP answer at hand is worth, and what takes its place.

use super::*;
use crate::revocation::ocsp::test_responses::{NONCE, extension, tlv};

const GOOD: &[u8] = &[0x80, 0];
const NOT_KNOWN: &[u8] = &[0x82, 0];

/// With a responder that says this now.
fn told(leaf: &CertificateDer<'_>, status: &[u8]) -> (Web, Revocation) {
    let web = Web::default();
    web.answers(answer(leaf, NOW, status));
    let revocation = over(&web).build().unwrap();
    (web, revocation)
}

#[test]
fn a_revocation_is_refused_without_asking_again_and_bumps_the_generation() {
    let leaf = client();
    let (web, revocation) = told(&leaf, &status_revoked(NOW - DAY, Some(1)));
    let before = revocation.generation();
    assert_eq!(verdict(&revocation, &path(&leaf), NOW), REVOKED);
    assert_ne!(revocation.generation(), before);
    assert_eq!(web.asked(), [OCSP]);
    assert_eq!(verdict(&revocation, &path(&leaf), NOW + HOUR - 1), REVOKED);
    assert_eq!(web.asked(), [""; 0]);
}

#[test]
fn a_revocation_by_ocsp_wins_over_a_newer_list_without_it() {
    let leaf = client();
    let (web, revocation) = told(&leaf, &status_revoked(NOW - DAY, None));
    assert_eq!(verdict(&revocation, &path(&leaf), NOW), REVOKED);
    web.is_down();
    revocation.replace_lists([list(NOW + 60, 1, &[])]).unwrap();
    assert_eq!(verdict(&revocation, &path(&leaf), NOW + 60), REVOKED);
    // Nor does time lift it, whoever keeps us from asking.
    let open = revocation.under(RevocationPolicy::allow_soft_fail_open());
    assert_eq!(verdict(&open, &path(&leaf), NOW + 10 * HOUR), REVOKED);
}

#[test]
fn a_revocation_by_list_wins_over_a_newer_good_answer() {
    let leaf = client();
    let (_, revocation) = told(&leaf, GOOD);
    assert_eq!(verdict(&revocation, &path(&leaf), NOW), Ok(NOW + HOUR));
    revocation.replace_lists([list(NOW - 2 * DAY, 1, &[&leaf])]).unwrap();
    assert_eq!(verdict(&revocation, &path(&leaf), NOW), REVOKED);
}

#[test]
fn a_hold_is_lifted_by_a_newer_answer_and_by_no_older_one() {
    let leaf = client();
    let (web, revocation) = told(&leaf, &status_revoked(NOW - DAY, Some(6)));
    assert_eq!(verdict(&revocation, &path(&leaf), NOW), REVOKED);
    let later = NOW + HOUR;
    // Played back: from before the hold, and from the same second.
    for replayed in [NOW - 60, NOW] {
        let old = TestResponse::good(&ISSUING, &read(&leaf));
        let old = TestResponse { produced_at: replayed, ..old }.saying(|single| {
            single.this_update = replayed;
            single.next_update = Some(NOW + DAY);
        });
        web.answers(old.signed_by(&ISSUING));
        assert_eq!(verdict(&revocation, &path(&leaf), later + replayed - NOW + 60), REVOKED);
        assert!(web.asked().contains(&OCSP.to_owned()));
    }
    web.answers(answer(&leaf, later, GOOD));
    assert_eq!(verdict(&revocation, &path(&leaf), later + 600), Ok(later + HOUR));
}

#[test]
fn an_unknown_lifts_no_revocation() {
    let leaf = client();
    let (web, revocation) = told(&leaf, &status_revoked(NOW - DAY, None));
    assert_eq!(verdict(&revocation, &path(&leaf), NOW), REVOKED);
    web.answers(answer(&leaf, NOW + HOUR, NOT_KNOWN));
    assert_eq!(verdict(&revocation, &path(&leaf), NOW + HOUR), REVOKED);
    assert_eq!(verdict(&revocation, &path(&leaf), NOW + 9 * HOUR), REVOKED);
}

#[test]
fn an_old_good_answer_does_not_take_the_place_of_a_newer_one() {
    let leaf = client();
    let web = Web::default();
    web.answers(answer(&leaf, NOW, GOOD));
    let revocation = Revocation::builder().ocsp_over(web.clone()).build().unwrap();
    assert_eq!(verdict(&revocation, &path(&leaf), NOW), Ok(NOW + HOUR));
    let old = TestResponse::good(&ISSUING, &read(&leaf));
    web.answers(old.signed_by(&ISSUING));
    assert_eq!(verdict(&revocation, &path(&leaf), NOW + 2 * HOUR), NO_DATA);
}

#[test]
fn unknown_falls_to_the_list_and_is_refused_without_one_under_every_policy() {
    let leaf = client();
    let (web, revocation) = told(&leaf, NOT_KNOWN);
    assert_eq!(verdict(&revocation, &path(&leaf), NOW), UNKNOWN);
    assert_eq!(web.asked(), [OCSP, LIST]);
    let open = revocation.under(RevocationPolicy::allow_soft_fail_open());
    assert_eq!(verdict(&open, &path(&leaf), NOW), UNKNOWN);
    assert_eq!(web.asked(), [""; 0]);
    let (web, revocation) = told(&leaf, NOT_KNOWN);
    web.lists(list(NOW, 1, &[]));
    assert_eq!(verdict(&revocation, &path(&leaf), NOW), Ok(NOW + DAY - 1));
}

#[test]
fn unknown_takes_the_place_of_good_and_is_forgotten_within_minutes() {
    let leaf = client();
    let web = Web::default();
    web.answers(answer(&leaf, NOW, GOOD));
    let revocation = Revocation::builder().ocsp_over(web.clone()).build().unwrap();
    let day = Duration::from_secs(DAY);
    let soft = revocation.under(RevocationPolicy::SoftFail { max_stale: day });
    assert_eq!(verdict(&soft, &path(&leaf), NOW), Ok(NOW + HOUR));
    let before = revocation.generation();
    web.answers(answer(&leaf, NOW + HOUR + 1, NOT_KNOWN));
    assert_eq!(verdict(&soft, &path(&leaf), NOW + HOUR + 1), UNKNOWN);
    assert_ne!(revocation.generation(), before);
    // A certificate may be too new for its responder.
    web.answers(answer(&leaf, NOW + HOUR + 2, GOOD));
    assert_eq!(verdict(&soft, &path(&leaf), NOW + HOUR + 300), UNKNOWN);
    assert_eq!(verdict(&soft, &path(&leaf), NOW + HOUR + 302), Ok(NOW + 2 * HOUR + 2));
}

#[test]
fn an_answer_that_is_over_but_for_the_skew_serves_those_who_wait_for_it() {
    let leaf = client();
    let web = Web::default();
    web.answers(answer(&leaf, NOW - HOUR - 60, GOOD));
    let revocation = Revocation::builder().ocsp_over(web.clone()).build().unwrap();
    assert_eq!(verdict(&revocation, &path(&leaf), NOW), Ok(NOW + 5));
    web.is_down();
    assert_eq!(verdict(&revocation, &path(&leaf), NOW + 6), NO_DATA);
}

#[test]
fn a_hold_that_names_no_next_update_is_asked_about_after_five_minutes() {
    let leaf = client();
    let on_hold = TestResponse::good(&ISSUING, &read(&leaf));
    let on_hold = TestResponse { produced_at: NOW, ..on_hold }.saying(|single| {
        (single.this_update, single.next_update) = (NOW, None);
        single.status = status_revoked(NOW - DAY, Some(6));
    });
    let web = Web::default();
    web.answers(on_hold.signed_by(&ISSUING));
    let revocation = Revocation::builder().ocsp_over(web.clone()).build().unwrap();
    assert_eq!(verdict(&revocation, &path(&leaf), NOW), REVOKED);
    web.answers(answer(&leaf, NOW + 1, GOOD));
    assert_eq!(verdict(&revocation, &path(&leaf), NOW + 299), REVOKED);
    assert_eq!(verdict(&revocation, &path(&leaf), NOW + 300), Ok(NOW + 1 + HOUR));
}

#[test]
fn an_unknown_is_no_answer_any_more_once_its_minutes_are_over() {
    let leaf = client();
    let (web, revocation) = told(&leaf, NOT_KNOWN);
    assert_eq!(verdict(&revocation, &path(&leaf), NOW), UNKNOWN);
    web.is_down();
    assert_eq!(verdict(&revocation, &path(&leaf), NOW + 300), UNKNOWN);
    assert_eq!(verdict(&revocation, &path(&leaf), NOW + 301), NO_DATA);
}

#[test]
fn a_good_answer_out_of_date_is_good_within_max_stale_and_not_beyond() {
    let leaf = client();
    let (web, revocation) = told(&leaf, GOOD);
    let hour = Duration::from_secs(HOUR);
    let soft = revocation.under(RevocationPolicy::SoftFail { max_stale: hour });
    let open = revocation.under(RevocationPolicy::allow_soft_fail_open());
    assert_eq!(verdict(&soft, &path(&leaf), NOW), Ok(NOW + HOUR));
    web.is_down();
    let (path, end) = (path(&leaf), NOW + HOUR);
    assert_eq!(verdict(&soft, &path, end + 1), Ok(end + 31));
    assert_eq!(verdict(&revocation, &path, end + 1), NO_DATA);
    assert_eq!(verdict(&soft, &path, end + HOUR), Ok(end + HOUR));
    assert_eq!(verdict(&soft, &path, end + HOUR + 1), NO_DATA);
    assert_eq!(verdict(&open, &path, end + HOUR + 1), Ok(end + HOUR + 31));
    // Soft fail is for those that were good once.
    assert_eq!(verdict(&soft, &super::path(&client()), NOW), NO_DATA);
    assert_eq!(verdict(&open, &super::path(&client()), NOW), Ok(NOW + 30));
}

#[test]
fn the_answer_for_one_certificate_says_nothing_of_another() {
    let (leaf, other) = (client(), client());
    let (web, revocation) = told(&leaf, GOOD);
    assert_eq!(verdict(&revocation, &path(&leaf), NOW), Ok(NOW + HOUR));
    assert_eq!(verdict(&revocation, &path(&other), NOW), NO_DATA);
    // The same serial number and name, by another key of the issuer's name.
    let renewed = Authority::root("Issuing");
    let serial = read(&leaf).serial().to_vec();
    let twin = renewed.issues(|parameters| {
        parameters.serial_number = Some(serial.into());
        parameters.custom_extensions = vec![responder_at(OCSP)];
    });
    assert_eq!(read(&twin).serial(), read(&leaf).serial());
    assert_eq!(verdict(&revocation, &path_to(&renewed, &twin), NOW), NO_DATA);
    // And by the same key under another name, while nobody answers.
    web.is_down();
    let renamed = ISSUING.renewed(|parameters| {
        parameters.distinguished_name.push(rcgen::DnType::CommonName, "Renamed");
    });
    let issuer = Arc::new(Issuer::from_der(&renamed).unwrap());
    let link = Link { certificate: Arc::new(read(&leaf)), issuer };
    assert_eq!(verdict(&revocation, &Arc::new(Path::assertion(vec![link])), NOW), NO_DATA);
    assert_eq!(verdict(&revocation, &path(&leaf), NOW), Ok(NOW + HOUR));
}

#[test]
fn the_time_that_http_allows_only_shortens() {
    let leaf = client();
    for (max_age, until) in [("max-age=600", 600), ("max-age=7200", HOUR), ("no-cache", 30)] {
        let web = Web::default();
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static("application/ocsp-response")),
            (header::CACHE_CONTROL, HeaderValue::from_static(max_age)),
        ];
        let headers = HeaderMap::from_iter(headers);
        let body = Bytes::from(answer(&leaf, NOW, GOOD));
        web.put(OCSP, Ok(Fetched::new(StatusCode::OK, &headers, body)));
        let revocation = Revocation::builder().ocsp_over(web.clone()).build().unwrap();
        assert_eq!(verdict(&revocation, &path(&leaf), NOW), Ok(NOW + until), "{max_age}");
        if until < HOUR {
            // It is asked for again; while nobody answers, its own time counts.
            web.is_down();
            web.asked();
            assert_eq!(verdict(&revocation, &path(&leaf), NOW + until), Ok(NOW + until + 30));
            assert_eq!(web.asked(), [OCSP]);
            assert_eq!(verdict(&revocation, &path(&leaf), NOW + HOUR), Ok(NOW + HOUR));
            assert_eq!(verdict(&revocation, &path(&leaf), NOW + HOUR + 1), NO_DATA);
        }
    }
}

#[test]
fn a_cache_full_of_revocations_takes_nothing_more_and_forgets_none() {
    let web = Web::default();
    let builder = Revocation::builder().ocsp_over(web.clone()).capacity(2);
    let revocation = builder.build().unwrap();
    let lost = [client(), client()];
    for leaf in &lost {
        web.answers(answer(leaf, NOW, &status_revoked(NOW - DAY, None)));
        assert_eq!(verdict(&revocation, &path(leaf), NOW), REVOKED);
    }
    let leaf = client();
    web.answers(answer(&leaf, NOW, GOOD));
    assert_eq!(verdict(&revocation, &path(&leaf), NOW), NO_DATA);
    web.is_down();
    for leaf in &lost {
        assert_eq!(verdict(&revocation, &path(leaf), NOW), REVOKED);
    }
}

#[test]
fn good_answers_make_room_for_others() {
    let web = Web::default();
    let builder = Revocation::builder().ocsp_over(web.clone()).capacity(2);
    let revocation = builder.build().unwrap();
    for _ in 0..5 {
        let leaf = client();
        web.answers(answer(&leaf, NOW, GOOD));
        assert_eq!(verdict(&revocation, &path(&leaf), NOW), Ok(NOW + HOUR));
        assert!(revocation.engine.answers.all().len() <= 2);
    }
}

#[test]
fn a_nonce_is_sent_unless_told_otherwise_and_demanded_where_told_so() {
    let leaf = client();
    let web = Web::default();
    web.answers(answer(&leaf, NOW, GOOD));
    let issuer = IssuerKey::of(&ISSUING.der()).unwrap();
    let demanding = OcspSettings::new().require_nonce();
    let at_all = Revocation::builder().ocsp_over(web.clone()).ocsp(demanding).build().unwrap();
    assert_eq!(verdict(&at_all, &path(&leaf), NOW), NO_DATA);
    let of_one = Revocation::builder().ocsp_over(web.clone()).ocsp_of(issuer, demanding);
    assert_eq!(verdict(&of_one.build().unwrap(), &path(&leaf), NOW), NO_DATA);
    let of_another = IssuerKey::with_spki(b"another");
    let of_another = Revocation::builder().ocsp_over(web).ocsp_of(of_another, demanding);
    assert_eq!(verdict(&of_another.build().unwrap(), &path(&leaf), NOW), Ok(NOW + HOUR));
}

#[test]
fn an_answer_with_the_nonce_of_another_question_is_none() {
    let leaf = client();
    let response = TestResponse::good(&ISSUING, &read(&leaf));
    let nonce = extension(NONCE, false, &tlv(4, &[&[7; 32]]));
    let web = Web::default();
    web.answers(TestResponse { extensions: vec![nonce], ..response }.signed_by(&ISSUING));
    let ask = |settings| {
        let revocation = Revocation::builder().ocsp_over(web.clone()).ocsp(settings).build();
        verdict(&revocation.unwrap(), &path(&leaf), NOW)
    };
    assert_eq!(ask(OcspSettings::new()), NO_DATA);
    assert_eq!(ask(OcspSettings::new().require_nonce()), NO_DATA);
}

#[test]
fn the_question_carries_the_nonce_and_the_hash_of_the_settings() {
    let leaf = client();
    let asks = |settings: OcspSettings| {
        let question = Arc::new(Mutex::new((false, Bytes::new())));
        let record = question.clone();
        let fetch =
            move |request: FetchRequest| -> BoxFuture<'static, Result<Fetched, FetchError>> {
                let posted = request.body().map(|(_, body)| body.clone());
                let body = posted.unwrap_or_else(|| decoded(request.uri()).into());
                *record.lock().unwrap() = (request.body().is_some(), body);
                Box::pin(async { Err(FetchError::Timeout) })
            };
        let revocation = Revocation::builder().ocsp_over(fetch).ocsp(settings).build().unwrap();
        assert_eq!(verdict(&revocation, &path(&leaf), NOW), NO_DATA);
        let (is_post, body) = question.lock().unwrap().clone();
        let has = |what: Vec<u8>| body.windows(what.len()).any(|part| part == what);
        let nonce = oid(NONCE);
        (is_post, has(nonce), has(tlv(6, &[&[0x2b, 0x0e, 3, 2, 0x1a]])))
    };
    assert_eq!(asks(OcspSettings::new()), (true, true, true));
    assert_eq!(asks(OcspSettings::new().without_nonce()), (false, false, true));
    assert_eq!(asks(OcspSettings::new().sha256()), (true, true, false));
    assert_eq!(asks(OcspSettings::new().require_nonce()), (true, true, true));
}

/// The question in the address of a GET.
fn decoded(uri: &http::Uri) -> Vec<u8> {
    use base64::Engine;
    let text = uri.path().trim_start_matches('/');
    let text = text.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=");
    base64::engine::general_purpose::STANDARD.decode(text).unwrap()
}
