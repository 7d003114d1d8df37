//! Each case changes one thing in a message that is accepted, and names what it is refused for.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context as Wakeup, Poll, Waker};

use http::Method;
use serde_json::json;

use super::*;
use crate::cert::{CertificateMatch, NameOrder, RegisteredName};
use crate::crypto::test_keys;
use crate::gate::Halt;
use crate::jose::{Key, KeySet, KeySource, KeysUnavailable, obie};
use crate::signature::test_message::{BODY, Message, NOW, at, client, key, keys, other_rsa, p256};

mod certificates;
mod hostile;

const VERSIONS: [ObieSigning; 2] = [ObieSigning::V3_1_0, ObieSigning::V3_1_4];

/// Whether a signature was verified, or why and where the message was refused.
type Judgement = Result<bool, (Reason, Option<String>)>;

const SIGNED: Judgement = Ok(true);
const LEFT_ALONE: Judgement = Ok(false);

fn refused(reason: Reason, place: &str) -> Judgement {
    Err((reason, (!place.is_empty()).then(|| place.to_owned())))
}

fn judged(rule: &VerifySignature, client: Client, message: &Message) -> Judgement {
    let body = BodyBytes::new(message.received().to_vec().into());
    let registered = RegisteredClient::assertion(Arc::new(client));
    let result = match rule.check((&body, &registered), &mut message.request(), &at(NOW)) {
        Verdict::Now(result) => result,
        Verdict::Later(future) => match pin!(future).poll(&mut Wakeup::from_waker(Waker::noop())) {
            Poll::Ready(result) => result,
            Poll::Pending => panic!("the key source of a test never waits"),
        },
        Verdict::Flawed(..) => panic!("a signature leaves no flawed evidence"),
    };
    match result {
        Ok(message) => Ok(message.is_signed()),
        Err(Halt::Reject(why)) => Err((why.reason(), why.place_of_fault().map(str::to_owned))),
        Err(Halt::Answer(_)) => panic!("a signature answers nothing"),
    }
}

/// By the rule as it comes, for the client as it is registered.
fn plain(signing: ObieSigning, message: &Message) -> Judgement {
    judged(&VerifySignature::detached_jws(signing), client(), message)
}

fn v3_1_4() -> (VerifySignature, Message) {
    (VerifySignature::detached_jws(ObieSigning::V3_1_4), Message::by(ObieSigning::V3_1_4))
}

#[test]
fn a_message_of_either_version_is_accepted() {
    for signing in VERSIONS {
        assert_eq!(plain(signing, &Message::by(signing)), SIGNED, "{signing:?}");
    }
}

#[test]
fn the_signature_is_over_the_bytes_whatever_they_are() {
    for signing in VERSIONS {
        for body in [&b""[..], b"165.88", b"..", b"\xff\xfe\0", BODY.as_bytes()] {
            let mut message = Message::by(signing);
            message.signed = body.to_vec();
            assert_eq!(plain(signing, &message), SIGNED, "{signing:?} {body:?}");
        }
    }
}

#[test]
fn what_the_profile_leaves_open_is_accepted() {
    for signing in VERSIONS {
        let changes: [fn(&mut Message); 8] = [
            |message| message.set("typ", json!("JOSE")),
            |message| message.set("cty", json!("json")),
            |message| message.set("cty", json!("Application/JSON")),
            |message| message.content_types = vec!["application/json; charset=utf-8"],
            |message| message.set(obie::TAN, json!("OpenBanking.org.UK")),
            |message| message.set(obie::IAT, json!(1_596_030_273.582)),
            |message| message.set(obie::IAT, json!(NOW + 60)),
            |message| {
                let mut names = message.header["crit"].as_array().unwrap().clone();
                names.reverse();
                message.set("crit", names.into());
            },
        ];
        for (number, change) in changes.into_iter().enumerate() {
            let mut message = Message::by(signing);
            change(&mut message);
            assert_eq!(plain(signing, &message), SIGNED, "{signing:?} {number}");
        }
    }
}

#[test]
fn a_version_refuses_the_messages_of_the_other() {
    let old = Message::by(ObieSigning::V3_1_0);
    let expected = refused(Reason::SignatureClaimInvalid, "b64");
    assert_eq!(plain(ObieSigning::V3_1_4, &old), expected);
    let new = Message::by(ObieSigning::V3_1_4);
    let expected = refused(Reason::SignatureClaimMissing, "b64");
    assert_eq!(plain(ObieSigning::V3_1_0, &new), expected);
}

#[test]
fn b64_has_no_place_in_the_later_version() {
    for (b64, crit, place) in [
        (Some(false), &["b64", obie::IAT, obie::ISS, obie::TAN][..], "b64"),
        (Some(false), &[obie::IAT, obie::ISS, obie::TAN], "b64"),
        (Some(true), &[obie::IAT, obie::ISS, obie::TAN], "b64"),
        (None, &["b64", obie::IAT, obie::ISS, obie::TAN], "crit"),
    ] {
        let (rule, mut message) = v3_1_4();
        if let Some(b64) = b64 {
            message.set("b64", json!(b64));
        }
        message.set("crit", json!(crit));
        let expected = refused(Reason::SignatureClaimInvalid, place);
        assert_eq!(judged(&rule, client(), &message), expected, "{b64:?} {crit:?}");
    }
}

#[test]
fn a_key_counts_for_the_client_that_registered_it_only() {
    let (rule, mut message) = v3_1_4();
    let other = KeySet::of([key("k2", other_rsa())]).unwrap();
    let other = Client::new("client 2", CertificateMatch::Thumbprint([2; 32]))
        .in_directory("org2", "soft2")
        .signs_with(other, [Algorithm::Ps256]);
    message.set("kid", json!("k2"));
    message.key = other_rsa().clone();
    let expected = refused(Reason::SignatureClaimInvalid, "kid");
    assert_eq!(judged(&rule, client(), &message), expected);
    let expected = refused(Reason::SignatureClaimInvalid, obie::ISS);
    assert_eq!(judged(&rule, other.clone(), &message), expected, "signed in another's name");
    message.set(obie::ISS, json!("org2/soft2"));
    assert_eq!(judged(&rule, other, &message), SIGNED);
}

#[test]
fn a_file_is_accepted_with_its_own_media_type_and_not_without() {
    for (content_type, cty, expected) in [
        ("text/xml", Some("text/xml"), SIGNED),
        ("text/xml; charset=utf-8", Some("TEXT/XML"), SIGNED),
        ("application/pdf", Some("pdf"), SIGNED),
        ("text/xml", Some("json"), refused(Reason::SignatureClaimInvalid, "cty")),
        ("text/xml", Some("application/pdf"), refused(Reason::SignatureClaimInvalid, "cty")),
        ("text/xml", None, refused(Reason::SignatureClaimMissing, "cty")),
    ] {
        let (rule, mut message) = v3_1_4();
        message.path = "/file-payment-consents/7/file";
        message.content_types = vec![content_type];
        if let Some(cty) = cty {
            message.set("cty", json!(cty));
        }
        assert_eq!(judged(&rule, client(), &message), expected, "{content_type} {cty:?}");
    }
}

#[test]
fn an_allowed_member_is_ignored_and_no_other() {
    let (rule, mut message) = v3_1_4();
    message.set("x5t#S256", json!("AAAA"));
    let rule = rule.allow_member("x5t#S256");
    assert_eq!(judged(&rule, client(), &message), SIGNED);
    message.set("jku", json!("https://attacker.example/keys"));
    let expected = refused(Reason::SignatureClaimInvalid, "JOSE header");
    assert_eq!(judged(&rule, client(), &message), expected);
}

#[test]
fn a_maximum_age_refuses_older_messages() {
    let (rule, mut message) = v3_1_4();
    message.set(obie::IAT, json!(1));
    assert_eq!(judged(&rule, client(), &message), SIGNED, "the profile names no age");
    let rule = rule.max_age(Duration::from_secs(300));
    message.set(obie::IAT, json!(NOW - 300));
    assert_eq!(judged(&rule, client(), &message), SIGNED);
    message.set(obie::IAT, json!(NOW - 301));
    let expected = refused(Reason::SignatureClaimInvalid, obie::IAT);
    assert_eq!(judged(&rule, client(), &message), expected);
}

#[test]
fn other_trust_anchors_take_the_place_of_the_directory() {
    let (rule, mut message) = v3_1_4();
    let rule = rule.trust_anchors(TrustAnchors::named(["openbankingtest.org.uk"]));
    let expected = refused(Reason::SignatureClaimInvalid, obie::TAN);
    assert_eq!(judged(&rule, client(), &message), expected);
    message.set(obie::TAN, json!("openbankingtest.org.uk"));
    assert_eq!(judged(&rule, client(), &message), SIGNED);
    let nobody = rule.trust_anchors(TrustAnchors::named([""; 0]));
    assert_eq!(judged(&nobody, client(), &message), expected);
}

#[test]
fn rs256_is_refused_even_where_bank_and_client_list_it() {
    let listed = [Algorithm::Ps256, Algorithm::Rs256];
    let (rule, mut message) = v3_1_4();
    message.set("alg", json!("RS256"));
    let client = client().signs_with(keys(), listed);
    let judged = judged(&rule.algorithms(listed), client, &message);
    assert_eq!(judged, refused(Reason::SignatureClaimInvalid, "alg"));
}

#[test]
fn an_algorithm_passes_that_both_profile_and_client_name() {
    let both = [Algorithm::Ps256, Algorithm::Es256];
    let (rule, mut message) = v3_1_4();
    message.set("alg", json!("ES256"));
    message.set("kid", json!("ec"));
    message.key = p256().clone();
    let wide = || client().signs_with(keys(), both);
    assert_eq!(judged(&rule.clone().algorithms(both), wide(), &message), SIGNED);
    let expected = refused(Reason::SignatureClaimInvalid, "alg");
    assert_eq!(judged(&rule.clone().algorithms(both), client(), &message), expected);
    assert_eq!(judged(&rule, wide(), &message), expected);
    assert_eq!(judged(&rule.algorithms([]), wide(), &message), expected);
}

#[test]
fn a_client_without_signing_keys_signs_nothing() {
    let (rule, message) = v3_1_4();
    let keyless = Client::new("client 1", CertificateMatch::Thumbprint([0; 32]))
        .in_directory("org1", "soft1");
    let expected = refused(Reason::SignatureClaimInvalid, "alg");
    assert_eq!(judged(&rule, keyless, &message), expected);
}

#[test]
fn a_client_known_by_its_subject_may_be_named_by_it() {
    let subject = RegisteredName::parse("CN=tpp,O=Surgicon Limited,C=GB", NameOrder::AsWritten);
    let subject = subject.unwrap();
    let known = || {
        let certificate = CertificateMatch::SubjectDn { subject: subject.clone(), issuer: None };
        Client::new("client 1", certificate).signs_with(keys(), [Algorithm::Ps256])
    };
    let (rule, mut message) = v3_1_4();
    message.set(obie::ISS, json!("C = GB, O = Surgicon Limited, CN = tpp"));
    assert_eq!(judged(&rule, known(), &message), SIGNED);
    let expected = refused(Reason::SignatureClaimInvalid, obie::ISS);
    for other in ["C = GB, O = Surgicon Limited, CN = tpp2", "C = GB", "org1/soft1", "", "/"] {
        message.set(obie::ISS, json!(other));
        assert_eq!(judged(&rule, known(), &message), expected, "{other}");
    }
    message.set(obie::ISS, json!("C = GB, O = Surgicon Limited, CN = tpp"));
    assert_eq!(judged(&rule, client(), &message), expected, "known by its thumbprint");
}

/// A source that is asked for one id and answers as it likes.
struct Source {
    waits: bool,
    answer: Result<Option<Key>, KeysUnavailable>,
}

impl KeySource for Source {
    fn find(&self, _: &str, _: UnixTime) -> KeyLookup {
        let answer = self.answer.clone().map(|key| key.map(Arc::new));
        match self.waits {
            true => KeyLookup::Later(Box::pin(std::future::ready(answer))),
            false => KeyLookup::Now(answer),
        }
    }
}

#[test]
fn a_key_source_is_believed_or_refused_at_once_and_after_waiting() {
    let own = key("k1", test_keys::rsa_2048());
    for waits in [false, true] {
        for (answer, expected) in [
            (Ok(Some(own.clone())), SIGNED),
            (Ok(None), refused(Reason::SignatureClaimInvalid, "kid")),
            (Err(KeysUnavailable), refused(Reason::ServiceUnavailable, "")),
            (
                Ok(Some(key("k2", test_keys::rsa_2048()))),
                refused(Reason::SignatureClaimInvalid, "kid"),
            ),
            (Ok(Some(key("k1", other_rsa()))), refused(Reason::SignatureInvalid, "")),
            (Ok(Some(key("k1", p256()))), refused(Reason::SignatureClaimInvalid, "alg")),
        ] {
            let (rule, message) = v3_1_4();
            let client = client().signs_with(Source { waits, answer }, [Algorithm::Ps256]);
            assert_eq!(judged(&rule, client, &message), expected, "waits: {waits}");
        }
    }
}

#[test]
fn a_waiting_source_does_not_loosen_the_profile() {
    let source = Source { waits: true, answer: Ok(Some(key("k1", test_keys::rsa_2048()))) };
    let (rule, mut message) = v3_1_4();
    message.body = Some(b"forged".to_vec());
    let client = client().signs_with(source, [Algorithm::Ps256]);
    assert_eq!(judged(&rule, client, &message), refused(Reason::SignatureInvalid, ""));
}

#[test]
fn a_key_pinned_to_another_algorithm_is_refused() {
    let public = test_keys::signing(test_keys::rsa_2048());
    let jwk = crate::jose::Jwk::of(public.public_key(), "k1", Algorithm::Ps384);
    let keys = KeySet::of([Key::from_jwk(&jwk).unwrap()]).unwrap();
    let (rule, message) = v3_1_4();
    let client = client().signs_with(keys, [Algorithm::Ps256]);
    assert_eq!(judged(&rule, client, &message), refused(Reason::SignatureClaimInvalid, "alg"));
}

#[test]
fn an_endpoint_that_expects_no_signature_is_treated_as_configured() {
    let unexpected = refused(Reason::SignatureUnexpected, HEADER_TEXT);
    let malformed = refused(Reason::SignatureMalformed, "");
    let none: fn(&str) -> Vec<String> = |_| vec![];
    let good: fn(&str) -> Vec<String> = |value| vec![value.to_owned()];
    let junk: fn(&str) -> Vec<String> = |_| vec!["junk".to_owned()];
    for (policy, lines, expected) in [
        (Unexpected::Ignore, none, LEFT_ALONE),
        (Unexpected::Ignore, good, LEFT_ALONE),
        (Unexpected::Ignore, junk, LEFT_ALONE),
        (Unexpected::Reject, none, LEFT_ALONE),
        (Unexpected::Reject, good, unexpected.clone()),
        (Unexpected::Reject, junk, unexpected),
        (Unexpected::Verify, none, LEFT_ALONE),
        (Unexpected::Verify, good, SIGNED),
        (Unexpected::Verify, junk, malformed),
    ] {
        let (rule, mut message) = v3_1_4();
        message.path = "/funds-confirmations";
        message.lines = lines;
        let rule = rule.unexpected(policy);
        assert_eq!(judged(&rule, client(), &message), expected, "{policy:?}");
        message.path = "/domestic-payments";
        let due = judged(&rule, client(), &message);
        assert_eq!(due.is_ok(), due == SIGNED, "{policy:?} loosens a signed endpoint");
    }
}

#[test]
fn as_it_comes_a_signature_on_an_unsigned_endpoint_is_verified() {
    let (rule, mut message) = v3_1_4();
    message.method = Method::GET;
    message.path = "/domestic-payments/7";
    message.signed = Vec::new();
    message.content_types = vec![];
    assert_eq!(judged(&rule, client(), &message), SIGNED);
    message.body = Some(b"x".to_vec());
    assert_eq!(judged(&rule, client(), &message), refused(Reason::SignatureInvalid, ""));
}

#[test]
fn the_waiver_lets_everything_pass_and_says_that_nothing_was_verified() {
    let (rule, mut message) = v3_1_4();
    let rule = rule.danger_waiver_007();
    for lines in [|_: &str| vec![], |_: &str| vec!["junk".to_owned()]] {
        message.lines = lines;
        assert_eq!(judged(&rule, client(), &message), LEFT_ALONE);
    }
}
