//! Who may sign.

use super::*;

use crate::cert::test_pki::date;
use crate::crypto::test_keys;
use openssl::hash::MessageDigest;
use openssl::{asn1::Asn1Type, x509::X509Name, x509::extension::ExtendedKeyUsage};
use rcgen::{CertificateParams, CustomExtension, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose};

fn refused(fault: SignerFault) -> Result<Status, OcspError> {
    Err(OcspError::SignerNotAuthorized(fault))
}

/// What a response by this delegate comes to.
fn by(delegate: &Authority) -> Result<Status, OcspError> {
    said(&delegated(delegate).signed_by(delegate))
}

/// What a response by a delegate comes to whose certificate has this edit.
fn by_delegate(edit: impl FnOnce(&mut CertificateParams)) -> Result<Status, OcspError> {
    by(&delegate(&ISSUING, edit))
}

#[test]
fn the_issuer_itself_passes_by_name_and_by_key() {
    assert_eq!(verdict(&good()), PASSES);
    assert_eq!(verdict(&TestResponse { responder: by_key(&ISSUING), ..good() }), PASSES);
}

#[test]
fn a_delegate_passes_by_name_and_by_key() {
    let delegate = delegate(&ISSUING, |_| {});
    assert_eq!(by(&delegate), PASSES);
    let response = TestResponse { responder: by_key(&delegate), ..delegated(&delegate) };
    assert_eq!(said(&response.signed_by(&delegate)), PASSES);
}

#[test]
fn a_signature_by_another_key_or_over_other_bytes_is_refused() {
    assert_eq!(said(&good().signed_by(&ROOT)), Err(OcspError::BadSignature));
    let delegate = delegate(&ISSUING, |_| {});
    assert_eq!(said(&delegated(&delegate).signed_by(&ROOT)), Err(OcspError::BadSignature));
    let mut response = good().saying(|single| single.status = UNKNOWN.to_vec()).signed_by(&ISSUING);
    assert_eq!(said(&response), Ok(Status::Unknown));
    // `unknown` made `good` on the way.
    let status = response.windows(3).position(|bytes| bytes == [0x82, 0, 0x18]).unwrap();
    response[status] = 0x80;
    assert_eq!(said(&response), Err(OcspError::BadSignature));
}

#[test]
fn a_newer_key_of_the_same_name_does_not_speak_for_the_older_one() {
    let renewed = ROOT.authorizes("Issuing", |_| {});
    assert_eq!(said(&good().signed_by(&renewed)), Err(OcspError::BadSignature));
    let mut response = good();
    response.certificates = vec![renewed.der().to_vec()];
    assert_eq!(said(&response.signed_by(&renewed)), Err(OcspError::BadSignature));
}

#[test]
fn the_responder_id_finds_the_signer() {
    let found_nobody = refused(SignerFault::NotFound);
    for responder in [by_name(&ROOT), by_key(&ROOT), tlv(0xa2, &[&tlv(4, &[&[0; 20]])])] {
        assert_eq!(verdict(&TestResponse { responder, ..good() }), found_nobody);
    }
    // By the SHA-256 of the key: it is always SHA-1.
    let sha256 = openssl::sha::sha256(&key(&ISSUING));
    let responder = tlv(0xa2, &[&tlv(4, &[&sha256])]);
    assert_eq!(verdict(&TestResponse { responder, ..good() }), found_nobody);
    let delegate = delegate(&ISSUING, |_| {});
    for responder in [by_name(&ROOT), by_key(&ROOT)] {
        let response = TestResponse { responder, ..delegated(&delegate) };
        assert_eq!(said(&response.signed_by(&delegate)), found_nobody);
    }
}

#[test]
fn a_name_in_another_string_type_is_the_same_name() {
    let name = |tag: u8, text: &[u8]| {
        let attribute =
            |id: &str, tag, text: &[u8]| tlv(0x31, &[&tlv(0x30, &[&oid(id), &tlv(tag, &[text])])]);
        tlv(
            0xa1,
            &[&tlv(0x30, &[&attribute("2.5.4.6", 0x13, b"GB"), &attribute("2.5.4.3", tag, text)])],
        )
    };
    for (tag, text) in [(0x0c, &b"Issuing"[..]), (0x13, b"ISSUING")] {
        assert_eq!(verdict(&TestResponse { responder: name(tag, text), ..good() }), PASSES);
    }
    let responder = name(0x13, b"Issuin");
    assert_eq!(verdict(&TestResponse { responder, ..good() }), refused(SignerFault::NotFound));
}

#[test]
fn a_certificate_that_only_chains_to_the_same_root_does_not_delegate() {
    let sibling = ROOT.authorizes("Sibling", |_| {});
    assert_eq!(by(&delegate(&ROOT, |_| {})), refused(SignerFault::OtherIssuer));
    assert_eq!(by(&delegate(&sibling, |_| {})), refused(SignerFault::OtherIssuer));
    // An authority below the issuer.
    let below = ISSUING.authorizes("Below", |_| {});
    assert_eq!(by(&delegate(&below, |_| {})), refused(SignerFault::OtherIssuer));
}

#[test]
fn a_certificate_by_another_key_of_the_same_name_does_not_delegate() {
    let namesake = Authority::root("Issuing");
    assert_eq!(by(&delegate(&namesake, |_| {})), refused(SignerFault::OtherKey));
}

#[test]
fn a_delegate_whose_issuer_is_in_another_string_type_passes() {
    let key = test_keys::p256();
    let name = |text: &str| {
        let mut name = X509Name::builder().unwrap();
        let kind = Asn1Type::PRINTABLESTRING;
        name.append_entry_by_text_with_type("C", "GB", kind).unwrap();
        name.append_entry_by_text_with_type("CN", text, kind).unwrap();
        name.build()
    };
    let der = ISSUING.issues_by_openssl(&key, MessageDigest::sha256(), |builder| {
        builder.set_issuer_name(&name("Issuing")).unwrap();
        builder.set_subject_name(&name("Responder")).unwrap();
        let purpose = ExtendedKeyUsage::new().other("OCSPSigning").build().unwrap();
        builder.append_extension(purpose).unwrap();
    });
    let certificate = parsed(&der);
    assert_ne!(certificate.issuer_der(), CLIENT.issuer_der());
    let response = TestResponse {
        responder: tlv(0xa1, &[certificate.subject_der()]),
        certificates: vec![der.to_vec()],
        ..good()
    };
    assert_eq!(said(&response.signed_with(&key, MessageDigest::sha256(), ECDSA_SHA256)), PASSES);
}

#[test]
fn the_purpose_has_to_be_there_by_name() {
    for purposes in
        [vec![], vec![ExtendedKeyUsagePurpose::Any], vec![ExtendedKeyUsagePurpose::ClientAuth]]
    {
        let verdict = by_delegate(|it| it.extended_key_usages = purposes);
        assert_eq!(verdict, refused(SignerFault::NotForOcsp));
    }
    let both = vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::OcspSigning];
    assert_eq!(by_delegate(|it| it.extended_key_usages = both), PASSES);
}

#[test]
fn a_key_usage_has_to_allow_signatures() {
    for (usages, expected) in [
        (vec![], PASSES),
        (vec![KeyUsagePurpose::ContentCommitment], PASSES),
        (vec![KeyUsagePurpose::KeyEncipherment], refused(SignerFault::NotForOcsp)),
        (vec![KeyUsagePurpose::CrlSign], refused(SignerFault::NotForOcsp)),
    ] {
        assert_eq!(by_delegate(|parameters| parameters.key_usages = usages), expected);
    }
}

#[test]
fn a_delegate_out_of_its_time_is_refused() {
    let lasting = |from: u64, to: u64| {
        by_delegate(|parameters| {
            parameters.not_before = date(from);
            parameters.not_after = date(to);
        })
    };
    assert_eq!(lasting(NOW, NOW), PASSES);
    assert_eq!(lasting(NOW - DAY, NOW - 1), refused(SignerFault::OutOfTime));
    assert_eq!(lasting(NOW + 1, NOW + DAY), refused(SignerFault::OutOfTime));
}

#[test]
fn an_unknown_critical_extension_of_a_delegate_refuses_it() {
    let with = |critical| {
        by_delegate(|parameters| {
            let mut extension = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0]);
            extension.set_criticality(critical);
            parameters.custom_extensions.push(extension);
        })
    };
    assert_eq!(with(false), PASSES);
    assert_eq!(with(true), refused(SignerFault::CriticalExtension));
}

#[test]
fn only_a_delegate_without_nocheck_has_to_be_checked() {
    let left_to_check = |extensions: Vec<CustomExtension>| {
        let delegate = delegate(&ISSUING, |parameters| parameters.custom_extensions = extensions);
        let answer = read(&delegated(&delegate).signed_by(&delegate), &reading()).unwrap();
        answer.delegate.map(|left| left.der() == &delegate.der())
    };
    assert_eq!(left_to_check(vec![no_check(vec![5, 0])]), None);
    assert_eq!(left_to_check(vec![]), Some(true));
    // Not a NULL: not the extension.
    assert_eq!(left_to_check(vec![no_check(vec![])]), Some(true));
    assert_eq!(left_to_check(vec![no_check(vec![1, 1, 0])]), Some(true));
}

#[test]
fn every_embedded_certificate_that_fits_is_tried() {
    let real = delegate(&ISSUING, |_| {});
    let namesakes = [
        delegate(&ROOT, |_| {}),
        delegate(&ISSUING, |parameters| parameters.extended_key_usages.clear()),
        delegate(&ISSUING, |_| {}),
    ];
    let mut response = delegated(&real);
    let mut certificates: Vec<_> = namesakes.iter().map(|one| one.der().to_vec()).collect();
    certificates.insert(1, vec![0x30, 0]);
    certificates.push(parsed(&ROOT.der()).der().to_vec());
    certificates.push(real.der().to_vec());
    response.certificates = certificates.clone();
    assert_eq!(said(&response.signed_by(&real)), PASSES);
    certificates.pop();
    response.certificates = certificates;
    assert_eq!(said(&response.signed_by(&real)), Err(OcspError::BadSignature));
}

#[test]
fn more_certificates_of_one_name_than_anyone_needs_are_not_tried() {
    let (real, other) = (delegate(&ISSUING, |_| {}), delegate(&ISSUING, |_| {}));
    let behind = |count: usize| {
        let mut response = delegated(&real);
        response.certificates = vec![other.der().to_vec(); count];
        // These cost nothing.
        response.certificates.extend(vec![ROOT.der().to_vec(); 20]);
        response.certificates.push(real.der().to_vec());
        said(&response.signed_by(&real))
    };
    assert_eq!(behind(7), PASSES);
    assert_eq!(behind(8), Err(OcspError::BadSignature));
}

#[test]
fn the_issuers_own_key_needs_no_certificate_and_wins_over_a_namesake() {
    let namesake = ISSUING.authorizes("Issuing", |parameters| {
        parameters.is_ca = IsCa::ExplicitNoCa;
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::OcspSigning];
    });
    let mut response = good();
    response.certificates = vec![namesake.der().to_vec()];
    assert_eq!(said(&response.signed_by(&ISSUING)), PASSES);
    // And the namesake is a delegate like any other.
    let answer = read(&response.signed_by(&namesake), &reading()).unwrap();
    assert!(answer.delegate.is_some());
}

#[test]
fn a_configured_responder_passes_whoever_signed_its_certificate() {
    let foreign = Authority::root("Foreign");
    let responders = [Arc::new(parsed(&ROOT.der())), Arc::new(parsed(&foreign.der()))];
    let how = Reading { responders: &responders, ..reading() };
    for responder in [by_name(&foreign), by_key(&foreign)] {
        let response = TestResponse { responder, ..good() };
        assert_eq!(said(&response.signed_by(&foreign)), refused(SignerFault::NotFound));
        let answer = read(&response.signed_by(&foreign), &how).unwrap();
        assert_eq!(answer.status, Status::Good);
        assert!(answer.delegate.is_none());
        assert_eq!(read(&response.signed_by(&ISSUING), &how).unwrap_err(), OcspError::BadSignature);
    }
    // Under the name of another.
    let response = TestResponse { responder: by_name(&ISSUING), ..good() };
    assert_eq!(read(&response.signed_by(&foreign), &how).unwrap_err(), OcspError::BadSignature);
}

#[test]
fn a_configured_responder_is_refused_out_of_its_time() {
    for (from, to) in [(NOW - DAY, NOW - 1), (NOW + 1, NOW + DAY)] {
        let responder = ROOT.authorizes("Foreign", |parameters| {
            parameters.not_before = date(from);
            parameters.not_after = date(to);
        });
        let responders = [Arc::new(parsed(&responder.der()))];
        let how = Reading { responders: &responders, ..reading() };
        let response = TestResponse { responder: by_name(&responder), ..good() };
        let error = read(&response.signed_by(&responder), &how).unwrap_err();
        assert_eq!(error, OcspError::SignerNotAuthorized(SignerFault::OutOfTime));
    }
}

#[test]
fn a_signature_with_sha1_is_refused() {
    let ecdsa_sha1 = [6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1];
    let key = ISSUING.private_key();
    let response = good().signed_with(&key, MessageDigest::sha1(), &ecdsa_sha1);
    assert_eq!(said(&response), Err(OcspError::BadSignature));
}
