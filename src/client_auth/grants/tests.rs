use std::future::Future;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;

use super::*;
use crate::cert::{CertificateMatch, Client};
use crate::client_auth::{
    AuthenticationMethod, Form, GrantType, Parameters, PermitGrant, Registration, SenderConstraint,
};
use crate::gate::Rule as _;
use crate::gate::test_support::{judged, request};
use crate::idempotency::StoreFuture;

const REDIRECT_URI: &str = "https://tpp.example/cb";
const START: u64 = 1_700_000_000;

fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(START + seconds))
}

/// Every future of this store is ready at once.
fn now<T>(future: impl Future<Output = T>) -> T {
    match std::pin::pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("the store waits"),
    }
}

fn grants() -> Grants {
    Grants::kept_in(MemoryGrantStore::with_capacity(10))
}

fn granted() -> Granted {
    Granted::to("tpp", Scope::parse("openid accounts payments").unwrap()).carrying("consent-1")
}

fn client(id: &str) -> AuthenticatedClient {
    let registration =
        Registration::new(AuthenticationMethod::PrivateKeyJwt, SenderConstraint::Dpop)
            .grants([
                GrantType::AuthorizationCode,
                GrantType::ClientCredentials,
                GrantType::RefreshToken,
            ])
            .scopes(["openid", "accounts", "payments", "fundsconfirmations"]);
    let client = Client::new(id, CertificateMatch::NoCertificate).registered_as(registration);
    AuthenticatedClient::assertion(Arc::new(client))
}

fn permitted(form: &[(&str, &str)]) -> PermittedGrant {
    let rule = PermitGrant::of([
        GrantType::AuthorizationCode,
        GrantType::ClientCredentials,
        GrantType::RefreshToken,
    ]);
    let form: Parameters = form.iter().copied().collect();
    let form = Form::assertion(form);
    let context = crate::context::Context::default();
    judged(rule.check((&form, &client("tpp")), &mut request(), &context)).unwrap()
}

fn code(code: &str, redirect_uri: &str, verifier: Option<&CodeVerifier>) -> PermittedGrant {
    let mut form = vec![("grant_type", "authorization_code"), ("code", code)];
    form.push(("redirect_uri", redirect_uri));
    form.extend(verifier.map(|verifier| ("code_verifier", verifier.as_str())));
    permitted(&form)
}

fn redeem(
    grants: &Grants,
    client_id: &str,
    permitted: &PermittedGrant,
    key: Option<&Thumbprint>,
    time: u64,
) -> Result<Granted, Reason> {
    now(grants.redeem(&client(client_id), permitted, key, at(time)))
        .map_err(|why| why.rejection().reason())
}

fn issue(grants: &Grants, edit: impl FnOnce(NewCode) -> NewCode) -> String {
    now(grants.issue_code(edit(NewCode::of(granted(), REDIRECT_URI)), at(0))).unwrap()
}

const INVALID: Result<Granted, Reason> = Err(Reason::GrantInvalid);

#[test]
fn a_code_gives_what_was_granted_once_and_a_second_use_is_told() {
    let grants = grants();
    let issued = issue(&grants, |code| code);
    let shown = code(&issued, REDIRECT_URI, None);
    assert_eq!(redeem(&grants, "tpp", &shown, None, 1), Ok(granted()));
    for time in [1, 59, 600, 660] {
        let again = now(grants.redeem(&client("tpp"), &shown, None, at(time))).unwrap_err();
        assert_eq!(again.rejection().reason(), Reason::GrantInvalid);
        assert_eq!(again.used_before().map(Granted::data), Some("consent-1"), "at {time}");
    }
    let forgotten = now(grants.redeem(&client("tpp"), &shown, None, at(661))).unwrap_err();
    assert!(forgotten.used_before().is_none());
    assert_ne!(issued, issue(&grants, |code| code));
    assert_eq!(issued.len(), 43);
}

#[test]
fn a_code_lives_for_less_than_sixty_one_seconds() {
    for (time, expected) in [(0, Ok(granted())), (59, Ok(granted())), (60, INVALID), (61, INVALID)]
    {
        let grants = grants();
        let issued = issue(&grants, |code| code);
        let shown = code(&issued, REDIRECT_URI, None);
        assert_eq!(redeem(&grants, "tpp", &shown, None, time), expected, "at {time}");
    }
}

#[test]
fn another_client_finds_no_code_and_spends_none() {
    let grants = grants();
    let issued = issue(&grants, |code| code);
    let shown = code(&issued, REDIRECT_URI, None);
    for other in ["other", "TPP", ""] {
        let refused = now(grants.redeem(&client(other), &shown, None, at(1))).unwrap_err();
        assert_eq!(refused.rejection().reason(), Reason::GrantInvalid);
        assert!(refused.used_before().is_none());
    }
    assert_eq!(redeem(&grants, "tpp", &shown, None, 1), Ok(granted()));
}

#[test]
fn a_code_is_given_for_its_redirection_uri_verifier_and_key_alone() {
    let (verifier, other) = (CodeVerifier::random().unwrap(), CodeVerifier::random().unwrap());
    let (own, foreign) = (Thumbprint::of_certificate(b"own"), Thumbprint::of_certificate(b"other"));
    let plain = |code: NewCode| code;
    let challenged = |code: NewCode| code.challenge(verifier.challenge());
    let bound = |code: NewCode| code.bound_to(own);
    type Edit<'a> = &'a dyn Fn(NewCode) -> NewCode;
    for (edit, uri, shown, key, expected) in [
        (&plain as Edit<'_>, REDIRECT_URI, None, None, true),
        (&plain, REDIRECT_URI, None, Some(&own), true),
        (&plain, "https://tpp.example/cb/", None, None, false),
        (&plain, "https://TPP.example/cb", None, None, false),
        (&plain, REDIRECT_URI, Some(&verifier), None, false),
        (&challenged, REDIRECT_URI, Some(&verifier), None, true),
        (&challenged, REDIRECT_URI, Some(&other), None, false),
        (&challenged, REDIRECT_URI, None, None, false),
        (&bound, REDIRECT_URI, None, Some(&own), true),
        (&bound, REDIRECT_URI, None, Some(&foreign), false),
        (&bound, REDIRECT_URI, None, None, false),
    ] {
        let grants = grants();
        let issued = issue(&grants, edit);
        let result = redeem(&grants, "tpp", &code(&issued, uri, shown), key, 1);
        assert_eq!(result, if expected { Ok(granted()) } else { INVALID }, "{uri} {shown:?}");
        // Right or wrong, it is spent.
        let right = code(&issued, REDIRECT_URI, Some(&verifier));
        assert_eq!(redeem(&grants, "tpp", &right, Some(&own), 1), INVALID);
    }
}

#[test]
fn a_refresh_token_serves_its_client_until_it_ends_or_is_revoked() {
    let grants = grants();
    let life = Duration::from_secs(100);
    let token = now(grants.issue_refresh_token(granted(), life, at(0))).unwrap();
    let shown = permitted(&[("grant_type", "refresh_token"), ("refresh_token", &token)]);
    for time in [1, 2, 99] {
        assert_eq!(redeem(&grants, "tpp", &shown, None, time), Ok(granted()));
    }
    assert_eq!(redeem(&grants, "other", &shown, None, 1), INVALID);
    assert_eq!(redeem(&grants, "tpp", &shown, None, 100), INVALID);
    // A token is no code, and a code no token.
    assert_eq!(redeem(&grants, "tpp", &code(&token, REDIRECT_URI, None), None, 1), INVALID);
    let issued = issue(&grants, |code| code);
    let crossed = permitted(&[("grant_type", "refresh_token"), ("refresh_token", &issued)]);
    assert_eq!(redeem(&grants, "tpp", &crossed, None, 1), INVALID);
    now(grants.revoke("other", &token)).unwrap();
    assert_eq!(redeem(&grants, "tpp", &shown, None, 1), Ok(granted()));
    now(grants.revoke("tpp", &token)).unwrap();
    assert_eq!(redeem(&grants, "tpp", &shown, None, 1), INVALID);
}

#[test]
fn a_refresh_asks_for_no_more_than_was_granted() {
    let grants = grants();
    let life = Duration::from_secs(100);
    let token = now(grants.issue_refresh_token(granted(), life, at(0))).unwrap();
    let asking = |scope: &str| {
        let form = [("grant_type", "refresh_token"), ("refresh_token", &token), ("scope", scope)];
        redeem(&grants, "tpp", &permitted(&form), None, 1)
    };
    assert_eq!(asking("accounts").unwrap().scope().as_str(), "accounts");
    assert_eq!(asking("accounts").unwrap().data(), "consent-1");
    assert_eq!(asking("accounts fundsconfirmations"), Err(Reason::ScopeInvalid));
}

#[test]
fn a_client_for_itself_is_granted_what_it_may_ask_for() {
    let form = [("grant_type", "client_credentials"), ("scope", "accounts")];
    let granted = redeem(&grants(), "tpp", &permitted(&form), None, 1).unwrap();
    assert_eq!((granted.client_id(), granted.scope().as_str()), ("tpp", "accounts"));
}

/// A store of which every act fails, or that answers this to all of them.
struct Says(Option<&'static [u8]>);

impl Says {
    fn answer<T: Send + 'static>(
        &self,
        answer: impl FnOnce(Bytes) -> T,
    ) -> StoreFuture<'static, T> {
        let result = self.0.map(|bytes| answer(Bytes::from_static(bytes)));
        let result = result.ok_or_else(|| StoreError::unavailable("silent"));
        Box::pin(async move { result })
    }
}

impl GrantStore for Says {
    fn keep(&self, _: GrantKey, _: Bytes, _: UnixTime, _: UnixTime) -> StoreFuture<'_, ()> {
        self.answer(drop)
    }
    fn take(&self, _: GrantKey, _: UnixTime) -> StoreFuture<'_, Taken> {
        self.answer(Taken::First)
    }
    fn look_up(&self, _: GrantKey, _: UnixTime) -> StoreFuture<'_, Option<Bytes>> {
        self.answer(Some)
    }
    fn forget(&self, _: GrantKey) -> StoreFuture<'_, ()> {
        self.answer(drop)
    }
}

#[test]
fn a_store_that_fails_or_returns_rubbish_is_our_fault() {
    let rubbish: &[&[u8]] = &[
        b"",
        b"{}",
        br#"{"client_id":"tpp","scope":"openid","data":"","redirect_uri":null,"challenge":"x","key":null,"expires_at":9999999999}"#,
        br#"{"client_id":"tpp","scope":"","data":"","redirect_uri":null,"challenge":null,"key":null,"expires_at":9999999999}"#,
    ];
    let stores = rubbish.iter().map(|bytes| Says(Some(*bytes))).chain([Says(None)]);
    let token = [("grant_type", "refresh_token"), ("refresh_token", "x")];
    for store in stores {
        let silent = store.0.is_none();
        let grants = Grants::kept_in(store);
        for shown in [code("x", REDIRECT_URI, None), permitted(&token)] {
            let result = redeem(&grants, "tpp", &shown, None, 1);
            assert_eq!(result, Err(Reason::ServiceUnavailable));
        }
        let code = NewCode::of(granted(), REDIRECT_URI);
        assert_eq!(now(grants.issue_code(code, at(0))).is_err(), silent);
    }
}

#[test]
fn of_simultaneous_takings_one_is_the_first() {
    let store = MemoryGrantStore::with_capacity(2);
    let key = GrantKey::compose("code", "tpp", "x");
    now(store.keep(key, Bytes::from_static(b"g"), at(60), at(0))).unwrap();
    assert!(now(store.keep(key, Bytes::new(), at(60), at(0))).is_err());
    assert_eq!(now(store.look_up(key, at(1))).unwrap().as_deref(), Some(&b"g"[..]));
    let first = std::thread::scope(|scope| {
        let takers: Vec<_> = (0..16).map(|_| scope.spawn(|| now(store.take(key, at(1))))).collect();
        let taken = takers.into_iter().map(|taker| taker.join().unwrap().unwrap());
        taken.filter(|taken| matches!(taken, Taken::First(_))).count()
    });
    assert_eq!(first, 1);
    assert_eq!(now(store.look_up(key, at(1))).unwrap(), None, "taken is gone");
}

#[test]
fn a_full_store_refuses_until_something_expires() {
    let store = MemoryGrantStore::with_capacity(1);
    let key = |name: &str| GrantKey::compose("code", "tpp", name);
    let keep =
        |name: &str, until, time| now(store.keep(key(name), Bytes::new(), at(until), at(time)));
    keep("1", 10, 0).unwrap();
    assert!(matches!(keep("2", 20, 10), Err(StoreError::Full)));
    assert!(now(store.look_up(key("1"), at(10))).unwrap().is_some());
    assert!(now(store.look_up(key("1"), at(11))).unwrap().is_none());
    keep("2", 20, 11).unwrap();
    now(store.forget(key("2"))).unwrap();
    keep("3", 20, 11).unwrap();
}

#[test]
fn no_log_line_shows_what_is_kept() {
    let code = NewCode::of(granted(), REDIRECT_URI);
    assert!(!format!("{code:?} {:?} {:?}", granted(), grants()).contains("consent-1"));
}
