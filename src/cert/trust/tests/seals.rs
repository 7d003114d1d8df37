use super::*;

fn verdict_on_seal(
    leaf: &CertificateDer<'static>,
    chain: &[CertificateDer<'static>],
) -> Result<(), Reason> {
    let anchors = Anchors::of([ROOT.der()]).unwrap();
    let trust = Trust::seals(anchors, Revocation::danger_off());
    let now = UnixTime::since_unix_epoch(Duration::from_secs(NOW));
    let trusted = judged(trust.judge(&Arc::new(read(leaf)), chain, now));
    trusted.map(|_| ()).map_err(|rejection| rejection.reason())
}

/// A seal as most are: without an extended key usage.
fn seal(edit: impl FnOnce(&mut CertificateParams)) -> Result<(), Reason> {
    let leaf = ISSUING.issues(|leaf| {
        leaf.extended_key_usages.clear();
        edit(leaf);
    });
    verdict_on_seal(&leaf, &[ISSUING.der()])
}

const WRONG: Result<(), Reason> = Err(Reason::CertificatePurposeWrong);

#[test]
fn key_usage_of_a_seal_is_absent_or_signs() {
    use KeyUsagePurpose::{
        ContentCommitment, DigitalSignature, KeyAgreement, KeyCertSign, KeyEncipherment,
    };
    for (usages, expected) in [
        (vec![], Ok(())),
        (vec![DigitalSignature], Ok(())),
        (vec![ContentCommitment], Ok(())),
        (vec![ContentCommitment, DigitalSignature, KeyEncipherment], Ok(())),
        (vec![KeyEncipherment], WRONG),
        (vec![KeyAgreement], WRONG),
        (vec![DigitalSignature, KeyCertSign], WRONG),
    ] {
        assert_eq!(seal(|leaf| leaf.key_usages = usages.clone()), expected, "{usages:?}");
    }
}

#[test]
fn extended_key_usage_of_a_seal_and_its_issuers_is_absent_or_for_messages() {
    use ExtendedKeyUsagePurpose::{
        Any, ClientAuth, CodeSigning, EmailProtection, OcspSigning, Other, ServerAuth, TimeStamping,
    };
    for (usages, expected) in [
        (vec![], Ok(())),
        (vec![Any], Ok(())),
        (vec![ClientAuth, EmailProtection], Ok(())),
        (vec![Other(vec![1, 3, 6, 1, 5, 5, 7, 3, 36])], Ok(())),
        (vec![Other(vec![1, 3, 6, 1, 4, 1, 311, 10, 3, 12])], Ok(())),
        (vec![Other(vec![1, 2, 840, 113583, 1, 1, 5])], Ok(())),
        (vec![ClientAuth], WRONG),
        (vec![ServerAuth, ClientAuth], WRONG),
        (vec![CodeSigning, OcspSigning, TimeStamping], WRONG),
    ] {
        let leaf = seal(|leaf| leaf.extended_key_usages = usages.clone());
        assert_eq!(leaf, expected, "{usages:?}");
        let issuer = ROOT.authorizes("Other", |issuer| issuer.extended_key_usages = usages.clone());
        let leaf = issuer.issues(|leaf| leaf.extended_key_usages.clear());
        assert_eq!(verdict_on_seal(&leaf, &[issuer.der()]), expected, "{usages:?} of the issuer");
    }
}

#[test]
fn all_else_is_checked_of_a_seal_as_of_a_transport_certificate() {
    let leaf = ISSUING.issues(|leaf| leaf.extended_key_usages.clear());
    assert_eq!(verdict_on_seal(&leaf, &[]), Err(Reason::CertificateUntrusted));
    let expired = seal(|leaf| leaf.not_after = date(NOW - 1));
    assert_eq!(expired, Err(Reason::CertificateExpired));
}

#[test]
fn a_seal_that_was_trusted_is_no_transport_certificate() {
    let leaf = ISSUING.issues(|leaf| {
        leaf.extended_key_usages.clear();
        leaf.key_usages = vec![KeyUsagePurpose::ContentCommitment];
    });
    assert_eq!(verdict_on_seal(&leaf, &[ISSUING.der()]), Ok(()));
    assert_eq!(verdict(&rooted(), &leaf, &[ISSUING.der()], NOW), WRONG);
}
