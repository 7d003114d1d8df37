use std::sync::Mutex;

use http::Method;

use super::*;
use crate::cert::test_pki::NOW;
use crate::cert::{CertificateMatch, Client};
use crate::gate::test_support::{at, judged, request};
use crate::token::test_tokens::access_token;

const BODY: &[u8] = br#"{"Data":{"ConsentId":"c-1"}}"#;

/// An application that says this, and keeps what it was asked.
struct Says(fn() -> Result<(), ConsentFault>, Arc<Mutex<Vec<Submission>>>);

impl Consents for Says {
    fn compare(&self, submission: Submission) -> BoxFuture<'static, Result<(), ConsentFault>> {
        self.1.lock().unwrap().push(submission);
        Box::pin(std::future::ready((self.0)()))
    }
}

struct Case {
    method: Method,
    path: &'static str,
    body: &'static [u8],
    intent: Option<&'static str>,
    says: fn() -> Result<(), ConsentFault>,
}

fn good() -> Case {
    let (method, path) = (Method::POST, "/pisp/domestic-payments");
    Case { method, path, body: BODY, intent: Some("c-1"), says: || Ok(()) }
}

fn matched(case: Case) -> (Result<MatchedConsent, Rejection>, Vec<Submission>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let rule = MatchConsent::compared_by(Says(case.says, asked.clone()));
    let token = access_token(|claims| {
        if let Some(intent) = case.intent {
            claims.insert("openbanking_intent_id".to_owned(), intent.into());
        }
    });
    let client = Client::new("tpp", CertificateMatch::Thumbprint([0; 32]));
    let client = RegisteredClient::assertion(Arc::new(client));
    let body = BodyBytes::new(Bytes::from_static(case.body));
    let mut request = request();
    (request.method, request.uri) = (case.method, case.path.parse().unwrap());
    let verdict = judged(rule.check((&body, &token, &client), &mut request, &at(NOW)));
    let asked = std::mem::take(&mut *asked.lock().unwrap());
    (verdict, asked)
}

fn refused(case: Case) -> (Reason, Option<String>) {
    let rejection = matched(case).0.unwrap_err();
    (rejection.reason(), rejection.place_of_fault().map(str::to_owned))
}

fn at_consent(reason: Reason) -> (Reason, Option<String>) {
    (reason, Some("Data.ConsentId".to_owned()))
}

#[test]
fn an_order_for_the_consent_of_its_token_is_shown_to_the_application() {
    let (verdict, asked) = matched(good());
    assert_eq!(verdict.unwrap().used_up(), Some("c-1"));
    let [submission] = asked.as_slice() else { panic!("asked {} times", asked.len()) };
    assert_eq!(
        (&*submission.client_id, &*submission.consent_id, &*submission.path, &submission.body[..]),
        ("tpp", "c-1", "/pisp/domestic-payments", BODY)
    );
    assert!(!format!("{submission:?}").contains("Data"));
}

#[test]
fn a_recurring_payment_uses_its_consent_and_not_up() {
    let verdict = matched(Case { path: "/pisp/domestic-vrps", ..good() }).0.unwrap();
    assert_eq!((verdict.consent_id(), verdict.used_up()), (Some("c-1"), None));
}

#[test]
fn an_endpoint_that_uses_no_consent_passes_unseen() {
    for (method, path) in
        [(Method::POST, "/pisp/domestic-payment-consents"), (Method::GET, "/aisp/accounts")]
    {
        let case = Case { method, path, body: b"", intent: None, ..good() };
        let (verdict, asked) = matched(case);
        assert_eq!((verdict.unwrap().consent_id(), asked.len()), (None, 0));
    }
}

#[test]
fn an_order_on_an_endpoint_that_nobody_knows_must_name_its_consent() {
    let case = Case { path: "/pisp/domestic-payments/", body: b"{}", ..good() };
    assert_eq!(refused(case), at_consent(Reason::FieldMissing));
}

#[test]
fn a_token_of_another_consent_or_of_none_is_refused_before_the_application_is_asked() {
    for intent in [None, Some("c-2"), Some("C-1"), Some("")] {
        let (verdict, asked) = matched(Case { intent, ..good() });
        assert_eq!(verdict.unwrap_err().reason(), Reason::ConsentNotPermitted, "{intent:?}");
        assert!(asked.is_empty());
    }
}

#[test]
fn what_the_application_says_is_told() {
    let differs = || Err(ConsentFault::Differs { place: "Data.Initiation".into() });
    let place = Some("Data.Initiation".to_owned());
    assert_eq!(refused(Case { says: differs, ..good() }), (Reason::ConsentMismatch, place));
    let unknown = || Err(ConsentFault::Unknown);
    assert_eq!(refused(Case { says: unknown, ..good() }), at_consent(Reason::ConsentNotPermitted));
    let away = || Err(ConsentFault::Unavailable { source: "the core is away".into() });
    assert_eq!(refused(Case { says: away, ..good() }), (Reason::ServiceUnavailable, None));
}
