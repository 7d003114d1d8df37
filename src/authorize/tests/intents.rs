//! The consent that a request names.

use super::super::test_requests::*;
use super::super::*;
use super::answers::permitted;
use crate::cert::test_pki::NOW;
use crate::gate::Rule as _;
use crate::gate::test_support::{at, judged, request};
use crate::reject::Reason;

/// The consents of a bank that has one, known at once or after waiting.
#[derive(Clone)]
struct One {
    intent: Result<Option<Intent>, ()>,
    waits: bool,
}

impl Intents for One {
    fn find(&self, intent_id: &str) -> IntentLookup {
        assert_eq!(intent_id, "urn:consent:1");
        let found = self.intent.clone().map_err(|()| IntentsUnavailable);
        match self.waits {
            true => IntentLookup::Later(Box::pin(async { found })),
            false => IntentLookup::Now(found),
        }
    }
}

#[tokio::test]
async fn a_consent_is_the_clients_and_awaits_authorisation_for_what_is_asked() {
    let asked = permitted(RequestProfile::OBIE, |claims| {
        claims.insert("code_challenge".to_owned(), CHALLENGE.into());
        claims.insert("code_challenge_method".to_owned(), "S256".into());
    });
    let awaiting = IntentStatus::AwaitAuthorisation;
    let of = |client: &str, scope: &str, status| Ok(Some(Intent::new(client, scope, status)));
    let invalid = Some(Reason::ParameterInvalid);
    for (what, intent, expected) in [
        ("in order", of("tpp", "accounts", awaiting), None),
        ("unknown", Ok(None), invalid),
        ("another client's", of("stranger", "accounts", awaiting), invalid),
        ("authorised already", of("tpp", "accounts", IntentStatus::Other), invalid),
        ("of another kind", of("tpp", "payments", awaiting), invalid),
        ("no answer", Err(()), Some(Reason::ServiceUnavailable)),
    ] {
        for waits in [false, true] {
            let rule = MatchIntent::among(One { intent: intent.clone(), waits });
            let asked = asked.clone();
            let verdict = rule.check(&asked, &mut request(), &at(NOW));
            let found = std::thread::spawn(move || judged(verdict)).join().unwrap();
            let place = found.as_ref().err().and_then(|refused| refused.place_of_fault());
            assert_eq!(place.is_some(), expected == invalid, "{what}");
            assert_eq!(found.err().map(|refused| refused.reason()), expected, "{what}");
        }
    }
}

#[tokio::test]
async fn a_request_without_a_consent_matches_none() {
    let asked = permitted(RequestProfile::FAPI1, |claims| {
        claims.insert("code_challenge".to_owned(), CHALLENGE.into());
        claims.insert("code_challenge_method".to_owned(), "S256".into());
        claims.remove("claims");
    });
    let rule = MatchIntent::among(One { intent: Ok(None), waits: false });
    let refused = judged(rule.check(&asked, &mut request(), &at(NOW))).unwrap_err();
    assert_eq!(refused.reason(), Reason::ParameterMissing);
}
