//! Whose answers count: delegates, which may themselves be revoked, and configured responders.

use super::*;
use crate::revocation::ocsp::test_responses::delegate;

const GOOD: &[u8] = &[0x80, 0];

/// An answer by a delegate that may itself be revoked.
fn by_delegate(leaf: &CertificateDer<'_>, delegate: &Authority, status: &[u8]) -> Vec<u8> {
    let response = TestResponse::delegated(&ISSUING, &read(leaf), delegate);
    response.saying(|single| single.status = status.to_vec()).signed_by(delegate)
}

fn mortal(list: Option<&str>) -> Authority {
    delegate(&ISSUING, |parameters| {
        parameters.custom_extensions = Vec::new();
        parameters.crl_distribution_points = list.map(at_uri).into_iter().collect();
    })
}

#[test]
fn a_delegate_that_may_be_revoked_is_believed_once_a_list_calls_it_good() {
    let (leaf, own_list) = (client(), "http://ca.example/delegates.crl");
    let signer = mortal(Some(own_list));
    let web = Web::default();
    web.answers(by_delegate(&leaf, &signer, GOOD));
    let partition = |names: &[&CertificateDer<'_>]| {
        ISSUING.lists(|parameters| {
            let point = rcgen::CrlIssuingDistributionPoint {
                distribution_point: at_uri(own_list),
                scope: None,
            };
            parameters.issuing_distribution_point = Some(point);
            parameters.revoked_certs = names.iter().map(|der| revoked(der)).collect();
        })
    };
    let revocation = over(&web).build().unwrap();
    assert_eq!(verdict(&revocation, &path(&leaf), NOW), NO_DATA);
    assert_eq!(web.asked(), [OCSP, LIST, own_list], "never the responder about itself");
    // The answer is at hand; only what failed is asked for again.
    web.put(own_list, Ok(fetched("application/pkix-crl", partition(&[]))));
    assert_eq!(verdict(&revocation, &path(&leaf), NOW + 30), Ok(NOW + DAY - 1));
    assert_eq!(web.asked(), [LIST, own_list]);
    // And not any more once a list calls it revoked.
    let revoked = Revocation::builder().ocsp_over(web.clone()).lists([partition(&[&signer.der()])]);
    assert_eq!(verdict(&revoked.build().unwrap(), &path(&leaf), NOW), NO_DATA);
}

#[test]
fn what_a_delegate_says_ends_with_the_list_that_vouches_for_it() {
    let leaf = ISSUING.issues(|parameters| {
        parameters.custom_extensions = vec![responder_at(OCSP)];
        // Covered by no list of the issuer that names a partition.
        parameters.crl_distribution_points = vec![at_uri("http://ca.example/other.crl")];
    });
    let signer = mortal(Some(LIST));
    let web = Web::default();
    web.answers(by_delegate(&leaf, &signer, GOOD));
    let vouching = ISSUING.lists(|parameters| {
        let point =
            rcgen::CrlIssuingDistributionPoint { distribution_point: at_uri(LIST), scope: None };
        parameters.issuing_distribution_point = Some(point);
        parameters.next_update = date(NOW + 60);
    });
    let revocation = Revocation::builder().ocsp_over(web).lists([vouching]).build().unwrap();
    assert_eq!(verdict(&revocation, &path(&leaf), NOW), Ok(NOW + 59));
    assert_eq!(verdict(&revocation, &path(&leaf), NOW + 60), NO_DATA);
}

#[test]
fn a_revocation_by_a_delegate_counts_unless_it_is_revoked_itself() {
    let leaf = client();
    let signer = mortal(None);
    let web = Web::default();
    web.answers(by_delegate(&leaf, &signer, &status_revoked(NOW - DAY, None)));
    let revocation = Revocation::builder().ocsp_over(web).build().unwrap();
    assert_eq!(verdict(&revocation, &path(&leaf), NOW), REVOKED);
    revocation.replace_lists([list(NOW - HOUR, 1, &[&signer.der()])]).unwrap();
    assert_eq!(verdict(&revocation, &path(&leaf), NOW), Ok(NOW - HOUR + DAY - 1));
}

#[test]
fn a_configured_responder_speaks_for_its_issuer_alone() {
    let leaf = client();
    let responder = Authority::root("Responder");
    let response = TestResponse::delegated(&ISSUING, &read(&leaf), &responder);
    let web = Web::default();
    web.answers(response.signed_by(&responder));
    let builder = || Revocation::builder().ocsp_over(web.clone());
    let ask = |builder: RevocationBuilder| verdict(&builder.build().unwrap(), &path(&leaf), NOW);
    let issuer = IssuerKey::of(&ISSUING.der()).unwrap();
    let other = IssuerKey::with_spki(b"another");
    assert_eq!(ask(builder()), NO_DATA);
    assert_eq!(ask(builder().responder(issuer, responder.der())), Ok(NOW + DAY));
    assert_eq!(ask(builder().responder(other, responder.der())), NO_DATA);
    let junk = builder().responder(issuer, CertificateDer::from(vec![0x30, 0])).build();
    assert!(matches!(junk, Err(RevocationError::Certificate(_))));
}
