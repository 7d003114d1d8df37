use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context as Task, Poll, Waker};

use super::super::test_psp::identity;
use super::super::{PspIdentity, RequireRole};
use super::*;
use crate::cert::test_pki::NOW;
use crate::gate::test_support::{at, judged, request};
use crate::gate::{Halt, Rule as _, Verdict};
use crate::reject::{Reason, Rejection};
use crate::token::BoundToken;
use crate::token::test_tokens::access_token;

const AI: (&str, &str) = ("0.4.0.19495.1.3", "PSP_AI");
const PI: (&str, &str) = ("0.4.0.19495.1.2", "PSP_PI");
const PAYMENTS: &[PspRole] = &[PspRole::PaymentInitiation];

/// A register that gives these answers, one after the other, and counts the questions.
#[derive(Clone)]
struct Says(Arc<Mutex<Vec<FoundRoles>>>, Arc<AtomicUsize>, Speed);

#[derive(Clone, Copy)]
enum Speed {
    Later,
    Now,
    /// Never by itself.
    Stuck,
}

fn roles(roles: &[PspRole]) -> FoundRoles {
    Ok(Some(roles.into()))
}

impl Says {
    fn these(answers: impl IntoIterator<Item = FoundRoles>) -> Self {
        let mut answers: Vec<_> = answers.into_iter().collect();
        answers.reverse();
        Self(Arc::new(Mutex::new(answers)), Arc::default(), Speed::Now)
    }

    fn asked(&self) -> usize {
        self.1.load(Ordering::SeqCst)
    }
}

impl RoleSource for Says {
    fn find(&self, provider: &OrganizationId) -> RoleLookup {
        assert_eq!(provider.as_str(), "PSDGB-FCA-123456");
        self.1.fetch_add(1, Ordering::SeqCst);
        let answer = self.0.lock().unwrap().pop().expect("asked too often");
        match self.2 {
            Speed::Now => RoleLookup::Now(answer),
            Speed::Later => RoleLookup::Later(Box::pin(async { answer })),
            Speed::Stuck => RoleLookup::Later(Box::pin(std::future::pending())),
        }
    }
}

fn verdict(
    register: &RoleRegister,
    psp: &PspIdentity,
    now: u64,
) -> Verdict<super::super::PermittedRole> {
    let token = access_token(|claims| drop(claims.insert("scope".to_owned(), "payments".into())));
    let rule = RequireRole::payment_initiation().confirmed_by(register.clone());
    rule.check((psp, &token, &BoundToken::assertion()), &mut request(), &at(now))
}

fn reason(register: &RoleRegister, now: u64) -> Option<Reason> {
    judged(verdict(register, &identity(&[PI, AI]), now)).err().map(|why| why.reason())
}

#[test]
fn the_role_must_stand_in_the_certificate_and_in_the_register() {
    let psp = [identity(&[PI]), identity(&[AI])];
    for speed in [Speed::Now, Speed::Later] {
        for (psp, found, expected) in [
            (&psp[0], roles(PAYMENTS), None),
            (&psp[0], roles(&[PspRole::AccountInformation]), Some(Reason::RoleMissing)),
            (&psp[0], roles(&[]), Some(Reason::RoleMissing)),
            (&psp[0], Ok(None), Some(Reason::RoleMissing)),
            (&psp[0], Err(RegisterUnavailable), Some(Reason::ServiceUnavailable)),
        ] {
            let says = Says { 2: speed, ..Says::these([found]) };
            let register = RoleRegister::asking(says.clone());
            let refused = judged(verdict(&register, psp, NOW)).err().map(|why| why.reason());
            assert_eq!((refused, says.asked()), (expected, 1));
        }
        let says = Says::these([roles(PAYMENTS)]);
        let register = RoleRegister::asking(says.clone());
        let refused = judged(verdict(&register, &psp[1], NOW)).err().map(|why| why.reason());
        // What the certificate does not have needs no question.
        assert_eq!((refused, says.asked()), (Some(Reason::RoleMissing), 0));
    }
}

#[test]
fn other_scopes_keep_the_register() {
    let says = Says::these([Ok(None)]);
    let rule = RequireRole::payment_initiation()
        .confirmed_by(RoleRegister::asking(says.clone()))
        .scopes(["openid"]);
    let token = access_token(|claims| drop(claims.insert("scope".to_owned(), "openid".into())));
    let (psp, bound) = (identity(&[PI]), BoundToken::assertion());
    let refused = judged(rule.check((&psp, &token, &bound), &mut request(), &at(NOW))).err();
    assert_eq!(refused.map(|why: Rejection| why.reason()), Some(Reason::RoleMissing));
}

#[test]
fn an_answer_stands_for_its_time_and_an_absence_for_a_shorter_one() {
    let says = Says::these([roles(PAYMENTS), roles(&[]), Ok(None), roles(PAYMENTS)]);
    let register = RoleRegister::asking(says.clone());
    let missing = Some(Reason::RoleMissing);
    for (now, expected, asked) in [
        (NOW, None, 1),
        (NOW + 3599, None, 1),
        (NOW + 3600, missing, 2),
        (NOW + 7199, missing, 2),
        (NOW + 7200, missing, 3),
        (NOW + 7259, missing, 3),
        (NOW + 7260, None, 4),
    ] {
        assert_eq!((reason(&register, now), says.asked()), (expected, asked), "{now}");
    }
}

#[test]
fn a_clock_that_was_set_back_keeps_no_answer() {
    let says = Says::these([roles(PAYMENTS), roles(&[])]);
    let register = RoleRegister::asking(says.clone());
    assert_eq!(reason(&register, NOW), None);
    assert_eq!(reason(&register, NOW - 1), Some(Reason::RoleMissing));
}

#[test]
fn a_register_that_failed_is_left_alone_for_a_moment_and_forgets_no_answer() {
    let failure = || Err(RegisterUnavailable);
    let says = Says::these([failure(), failure(), roles(PAYMENTS), failure()]);
    let register = RoleRegister::asking(says.clone()).keep(REST, REST);
    let unavailable = Some(Reason::ServiceUnavailable);
    for (now, expected, asked) in [
        (NOW, unavailable, 1),
        (NOW + 4, unavailable, 1),
        (NOW + 5, unavailable, 2),
        (NOW + 10, None, 3),
        (NOW + 15, unavailable, 4),
    ] {
        assert_eq!((reason(&register, now), says.asked()), (expected, asked), "{now}");
    }
}

#[test]
fn where_silence_is_allowed_the_last_answer_counts_or_else_the_certificate() {
    let failure = || Err(RegisterUnavailable);
    for (first, expected) in [
        (failure(), None),
        (roles(PAYMENTS), None),
        (roles(&[]), Some(Reason::RoleMissing)),
        (Ok(None), Some(Reason::RoleMissing)),
    ] {
        let says = Says::these([first, failure()]);
        let register = RoleRegister::asking(says.clone()).allow_unreachable();
        let _ = reason(&register, NOW);
        assert_eq!((reason(&register, NOW + 9999), says.asked()), (expected, 2));
    }
}

type Waiting = BoxFuture<'static, Result<super::super::PermittedRole, Halt>>;

fn waiting(register: &RoleRegister) -> Waiting {
    match verdict(register, &identity(&[PI]), NOW) {
        Verdict::Later(waiting) => waiting,
        _ => panic!("did not wait"),
    }
}

fn poll(waiting: &mut Waiting) -> Poll<bool> {
    let mut task = Task::from_waker(Waker::noop());
    waiting.as_mut().poll(&mut task).map(|result| result.is_ok())
}

/// A register that answers on a cue, once.
struct OnCue(Mutex<Option<oneshot::Receiver<()>>>);

impl RoleSource for OnCue {
    fn find(&self, _: &OrganizationId) -> RoleLookup {
        let cue = self.0.lock().unwrap().take().expect("asked too often");
        RoleLookup::Later(Box::pin(async {
            let _ = cue.await;
            roles(PAYMENTS)
        }))
    }
}

#[test]
fn of_many_requests_one_asks_and_all_are_told() {
    let (cue, waits) = oneshot::channel();
    // Nothing is kept: whoever was not told would have to ask.
    let register = RoleRegister::asking(OnCue(Mutex::new(Some(waits))));
    let register = register.keep(Duration::ZERO, Duration::ZERO);
    let mut all: Vec<_> = (0..5).map(|_| waiting(&register)).collect();
    assert!(all.iter_mut().all(|waiting| poll(waiting).is_pending()));
    cue.send(()).unwrap();
    for waiting in &mut all {
        assert_eq!(poll(waiting), Poll::Ready(true));
    }
}

#[test]
fn whoever_waits_for_one_that_hung_up_asks_in_its_place() {
    let stuck = Says { 2: Speed::Stuck, ..Says::these([roles(&[]), roles(PAYMENTS)]) };
    let register = RoleRegister::asking(stuck.clone());
    let (mut first, mut second) = (waiting(&register), waiting(&register));
    assert!(poll(&mut first).is_pending() && poll(&mut second).is_pending());
    assert_eq!(stuck.asked(), 1);
    drop(first);
    assert!(poll(&mut second).is_pending());
    assert_eq!(stuck.asked(), 2);
}

#[test]
fn the_memory_is_bounded() {
    let says = Says::these([roles(PAYMENTS), roles(PAYMENTS)]);
    let register = RoleRegister::asking(says.clone());
    assert_eq!(reason(&register, NOW), None);
    let fill = |queue: fn() -> Option<Vec<oneshot::Sender<FoundRoles>>>| {
        let mut files = register.desk.files();
        files.clear();
        for number in 0..CAPACITY {
            files.insert(number.to_string(), File { queue: queue(), ..File::default() });
        }
    };
    fill(|| None);
    assert_eq!(reason(&register, NOW), None);
    assert_eq!(register.desk.files().len(), 1);
    fill(|| Some(Vec::new()));
    assert_eq!(reason(&register, NOW), Some(Reason::ServiceUnavailable));
    assert_eq!(says.asked(), 2);
}
