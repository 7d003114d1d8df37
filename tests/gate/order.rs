//! Where two things are wrong, the earlier step answers; and a refusal leaves nothing behind.

use tower_open_banking::reject::Reason;

use crate::support::answer::Answer;
use crate::support::bank::{App, MIXED_KID, Preset, strict_bank};
use crate::support::payment::{BoundTo, INTERACTION_ID, Payment};
use crate::support::pki::{Authority, BLOCKED, PSP_AI, QcType};

/// One step, a way to fail it, and what it then says.
struct Fault {
    step: &'static str,
    commit: fn(&mut Payment),
    reason: Reason,
    place: Option<&'static str>,
}

/// The way of a payment, in its order.
const WAY: [Fault; 15] = [
    Fault {
        step: "EchoInteractionId",
        commit: |payment| payment.set("x-fapi-interaction-id", "no-uuid"),
        reason: Reason::HeaderInvalid,
        place: Some("x-fapi-interaction-id"),
    },
    Fault {
        step: "PresentCertificate",
        commit: |payment| payment.is_presented = false,
        reason: Reason::CertificateMissing,
        place: None,
    },
    Fault {
        step: "TrustCertificate",
        commit: |payment| payment.certify(|qwac| qwac.issuer = Authority::Rogue),
        reason: Reason::CertificateUntrusted,
        place: None,
    },
    Fault {
        step: "IdentifyPsp",
        commit: |payment| payment.certify(|qwac| qwac.qc_type = QcType::Seal),
        reason: Reason::CertificatePurposeWrong,
        place: None,
    },
    Fault {
        step: "RefuseBlocked",
        commit: |payment| payment.certify(|qwac| qwac.organisation_identifier = BLOCKED),
        reason: Reason::CertificateBlocked,
        place: None,
    },
    Fault {
        step: "VerifyToken",
        commit: |payment| payment.claim("exp", 1_789_999_999),
        reason: Reason::TokenExpired,
        place: None,
    },
    Fault {
        step: "BindToken",
        commit: |payment| payment.bound_to = BoundTo::Another,
        reason: Reason::TokenNotBound,
        place: None,
    },
    Fault {
        step: "MatchClient",
        commit: |payment| payment.claim("client_id", "other-tpp"),
        reason: Reason::ClientMismatch,
        place: None,
    },
    Fault {
        step: "RequireRole",
        commit: |payment| payment.certify(|qwac| qwac.roles = &[PSP_AI]),
        reason: Reason::RoleMissing,
        place: None,
    },
    Fault {
        step: "ReadFapiHeaders",
        commit: |payment| payment.set("x-fapi-customer-ip-address", "localhost"),
        reason: Reason::HeaderInvalid,
        place: Some("x-fapi-customer-ip-address"),
    },
    Fault {
        step: "NegotiateMedia",
        commit: |payment| payment.set("accept", "text/html"),
        reason: Reason::AcceptUnsupported,
        place: Some("Accept"),
    },
    Fault {
        step: "the body",
        commit: |payment| payment.set("content-encoding", "gzip"),
        reason: Reason::ContentTypeUnsupported,
        place: Some("Content-Encoding"),
    },
    Fault {
        step: "VerifySignature",
        commit: |payment| payment.tampered = true,
        reason: Reason::SignatureInvalid,
        place: None,
    },
    Fault {
        step: "RequireOneOrganisation",
        commit: |payment| payment.kid = MIXED_KID,
        reason: Reason::OrganisationMismatch,
        place: None,
    },
    Fault {
        step: "RunOnce",
        commit: |payment| {
            payment.headers.remove("x-idempotency-key");
        },
        reason: Reason::HeaderMissing,
        place: Some("x-idempotency-key"),
    },
];

/// What holds for every refusal of a signed endpoint.
fn is_complete(answer: &Answer, preset: Preset, case: &str) {
    let id = answer.header("x-fapi-interaction-id");
    let fresh = answer.reason().is_some_and(|(_, at)| at == Some("x-fapi-interaction-id"));
    assert_eq!(id == INTERACTION_ID, !fresh, "{case}: {id}");
    assert_eq!(id.len(), 36, "{case}");
    let due = preset.is_signed() && !answer.body.is_empty();
    assert_eq!(answer.is_signed(preset.signing()), due, "{case}");
    assert_eq!(answer.header("cache-control"), "no-store", "{case}");
}

#[tokio::test]
async fn of_two_faults_the_earlier_step_answers_and_the_key_stays_free() {
    for preset in [Preset::Uk314, Preset::Uk40] {
        let app = App::behind(preset.payments(&strict_bank()));
        let mut paid = 0;
        for (index, earlier) in WAY.iter().enumerate() {
            for later in &WAY[index..] {
                let case = format!("{preset:?}: {} and {}", earlier.step, later.step);
                let key = format!("key-{paid}");
                let broken = Payment::good(preset, &key).with(later.commit).with(earlier.commit);
                let refusal = app.answer(broken.request()).await;
                assert_eq!(refusal.reason(), Some((earlier.reason, earlier.place)), "{case}");
                is_complete(&refusal, preset, &case);
                assert_eq!(app.ran(), paid, "{case}");

                let good = app.answer(Payment::good(preset, &key).request()).await;
                paid += 1;
                assert_eq!(good.payment_id(), format!("pay-{paid}"), "{case}");
                assert_eq!(app.ran(), paid, "{case}");
            }
        }
    }
}

#[tokio::test]
async fn the_way_is_that_of_the_gate() {
    let gate = Preset::Uk314.payments(&strict_bank()).build().unwrap();
    let judging = |step: &&'static str| *step != "SignResponse";
    let steps: Vec<_> = gate.steps().filter(judging).collect();
    let way: Vec<_> =
        WAY.iter().map(|fault| fault.step).filter(|step| *step != "the body").collect();
    assert_eq!(way, steps);
}

#[tokio::test]
async fn all_faults_at_once_are_answered_by_the_first_step() {
    let app = App::behind(Preset::Uk314.payments(&strict_bank()));
    let mut worst = Payment::good(Preset::Uk314, "key-1");
    for fault in WAY.iter().rev() {
        (fault.commit)(&mut worst);
    }
    let answer = app.answer(worst.request()).await;
    assert_eq!(answer.reason(), Some((WAY[0].reason, WAY[0].place)));
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_after_the_headers_and_before_the_signature() {
    let gate = || Preset::Uk314.payments(&crate::support::bank::bank()).request_body_limit(1000);
    let app = App::behind(gate());
    let long = Payment::good(Preset::Uk314, "key-1");
    let answer = app.answer(long.request()).await;
    assert_eq!(answer.reason(), Some((Reason::BodyTooLarge, None)));
    let tampered = long.clone().with(|payment| payment.tampered = true);
    assert_eq!(app.answer(tampered.request()).await.reason(), Some((Reason::BodyTooLarge, None)));
    let unaccepted = long.with(|payment| payment.set("accept", "text/html"));
    let answer = app.answer(unaccepted.request()).await;
    assert_eq!(answer.reason(), Some((Reason::AcceptUnsupported, Some("Accept"))));
    assert_eq!(app.ran(), 0);
}

/// The way of a payment under the Berlin Group: what differs.
#[tokio::test]
async fn under_berlin_group_the_earlier_step_answers_too() {
    const REQUEST_ID: Fault = Fault {
        step: "EchoInteractionId",
        commit: |payment| drop(payment.headers.remove("x-request-id")),
        reason: Reason::HeaderMissing,
        place: Some("x-request-id"),
    };
    const ADDRESS: Fault = Fault {
        step: "ReadPsuHeaders",
        commit: |payment| drop(payment.headers.remove("psu-ip-address")),
        reason: Reason::HeaderMissing,
        place: Some("psu-ip-address"),
    };
    let way = |fault: &&Fault| fault.step != "EchoInteractionId" && fault.step != "ReadFapiHeaders";
    let until_body = WAY.iter().take_while(|fault| fault.step != "the body").filter(way);
    let mut way: Vec<&Fault> = until_body.collect();
    way.insert(0, &REQUEST_ID);
    way.insert(way.len() - 1, &ADDRESS);
    let gate = || Preset::Berlin.payments(&strict_bank());
    let steps: Vec<_> = gate().build().unwrap().steps().collect();
    assert!(way.iter().map(|fault| fault.step).eq(steps));
    let app = App::behind(gate());
    for (index, earlier) in way.iter().enumerate() {
        for later in &way[index..] {
            let case = format!("{} and {}", earlier.step, later.step);
            let good = Payment::good(Preset::Berlin, "");
            let broken = good.with(later.commit).with(earlier.commit);
            let refusal = app.answer(broken.request()).await;
            assert_eq!(refusal.reason(), Some((earlier.reason, earlier.place)), "{case}");
            let id = refusal.header("x-request-id");
            assert_eq!(id == INTERACTION_ID, earlier.step != "EchoInteractionId", "{case}");
            assert_eq!((app.ran(), id.len()), (0, 36), "{case}");
        }
    }
}
