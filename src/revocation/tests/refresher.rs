//! What is renewed before its time, and by whom.

use std::sync::atomic::{AtomicU64, Ordering};

use super::*;

const GOOD: &[u8] = &[0x80, 0];

/// Runs what is due at this second.
fn refresh(revocation: &Revocation, now: u64) {
    revocation.engine.refresh(at(now)).now_or_never().expect("the table answers at once");
}

#[test]
fn a_list_is_renewed_before_its_time_and_not_too_early() {
    let (web, leaf) = (Web::default(), client());
    web.lists(list(NOW, 1, &[]));
    let revocation = Revocation::builder().lists_over(web.clone()).build().unwrap();
    assert_eq!(verdict(&revocation, &path(&leaf), NOW), Ok(NOW + DAY - 1));
    web.asked();
    web.lists(list(NOW + DAY / 2, 2, &[&leaf]));
    // A tenth of a day is more than an hour, of which up to a half is left away.
    refresh(&revocation, NOW + DAY - HOUR - 1);
    assert_eq!(web.asked(), [""; 0]);
    refresh(&revocation, NOW + DAY - HOUR / 2);
    assert_eq!(web.asked(), [LIST]);
    assert_eq!(verdict(&revocation, &path(&leaf), NOW + DAY - HOUR / 2), REVOKED);
    assert_eq!(web.asked(), [""; 0]);
}

#[test]
fn an_answer_is_renewed_while_somebody_wants_it() {
    let (web, leaf) = (Web::default(), client());
    web.answers(answer(&leaf, NOW, GOOD));
    let revocation = Revocation::builder().ocsp_over(web.clone()).build().unwrap();
    assert_eq!(verdict(&revocation, &path(&leaf), NOW), Ok(NOW + HOUR));
    web.asked();
    let mut now = NOW;
    for wanted in [true, true, false] {
        now += HOUR - 180;
        web.answers(answer(&leaf, now, GOOD));
        refresh(&revocation, now - 181);
        assert_eq!(web.asked(), [""; 0]);
        refresh(&revocation, now);
        assert_eq!(web.asked(), [OCSP]);
        if wanted {
            assert_eq!(verdict(&revocation, &path(&leaf), now), Ok(now + HOUR));
        }
    }
    refresh(&revocation, now + HOUR);
    assert_eq!(web.asked(), [""; 0], "nobody came since");
}

#[test]
fn a_renewal_that_fails_is_tried_again_after_a_pause() {
    let (web, leaf) = (Web::default(), client());
    web.answers(answer(&leaf, NOW, GOOD));
    let revocation = Revocation::builder().ocsp_over(web.clone()).build().unwrap();
    assert_eq!(verdict(&revocation, &path(&leaf), NOW), Ok(NOW + HOUR));
    web.asked();
    web.is_down();
    refresh(&revocation, NOW + HOUR - 180);
    assert_eq!(web.asked(), [OCSP]);
    refresh(&revocation, NOW + HOUR - 151);
    assert_eq!(web.asked(), [""; 0]);
    // It was at hand all the time.
    assert_eq!(verdict(&revocation, &path(&leaf), NOW + HOUR - 151), Ok(NOW + HOUR));
    refresh(&revocation, NOW + HOUR - 150);
    assert_eq!(web.asked(), [OCSP]);
}

#[test]
fn a_list_that_cannot_be_renewed_is_asked_for_again_after_a_pause() {
    let (web, leaf) = (Web::default(), client());
    web.lists(list(NOW, 1, &[]));
    let revocation = Revocation::builder().lists_over(web.clone()).build().unwrap();
    assert_eq!(verdict(&revocation, &path(&leaf), NOW), Ok(NOW + DAY - 1));
    web.asked();
    web.is_down();
    let now = NOW + DAY - HOUR / 2;
    for (later, asked) in [(0, 1), (29, 0), (30, 1), (89, 0), (90, 1)] {
        refresh(&revocation, now + later);
        assert_eq!(web.asked().len(), asked, "{later}");
    }
}

#[test]
fn renewals_are_spread() {
    let web = Web::default();
    let revocation = Revocation::builder().ocsp_over(web.clone()).build().unwrap();
    for _ in 0..30 {
        let leaf = client();
        web.answers(answer(&leaf, NOW, GOOD));
        assert_eq!(verdict(&revocation, &path(&leaf), NOW), Ok(NOW + HOUR));
    }
    web.asked();
    web.is_down();
    let mut rounds = 0;
    for second in 0..=180 {
        refresh(&revocation, NOW + HOUR - 360 + second);
        rounds += usize::from(!web.asked().is_empty());
    }
    assert!(rounds > 5, "{rounds}");
}

#[tokio::test]
async fn it_runs_by_the_clock_and_ends_with_the_last_clone() {
    let (web, leaf) = (Web::default(), client());
    let clock = Arc::new(AtomicU64::new(NOW));
    let shown = clock.clone();
    let builder = Revocation::builder().lists_over(web.clone());
    let revocation = builder.clock(move || at(shown.load(Ordering::SeqCst))).build().unwrap();
    web.lists(list(NOW, 1, &[]));
    let Checked::Ask(asked) = revocation.check(&path(&leaf), at(NOW)) else { panic!("known") };
    assert_eq!(asked.await.unwrap(), at(NOW + DAY - 1));
    web.asked();
    let slept = Arc::new(AtomicU64::new(0));
    let (time, count) = (clock.clone(), slept.clone());
    let refresher = revocation.refresher().run(move |pause| {
        time.fetch_add(pause.as_secs(), Ordering::SeqCst);
        count.fetch_add(1, Ordering::SeqCst);
        tokio::task::yield_now()
    });
    let running = tokio::spawn(refresher);
    while clock.load(Ordering::SeqCst) < NOW + DAY - 60 {
        web.lists(list(clock.load(Ordering::SeqCst), 2, &[]));
        tokio::task::yield_now().await;
    }
    assert!(web.asked().contains(&LIST.to_owned()));
    assert!(slept.load(Ordering::SeqCst) >= (DAY - 60) / 60, "at least once a minute");
    drop(revocation);
    running.await.unwrap();
}
