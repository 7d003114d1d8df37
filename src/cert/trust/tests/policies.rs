//! Authorities whose policies are critical, as those of one in seven of the trusted lists are.

use super::*;
type Edit = Box<dyn Fn(&mut CertificateParams)>;
type Case = (&'static str, fn(&mut CertificateParams), Result<(), Reason>);

fn critical(oid: &[u64], value: &[u8]) -> CustomExtension {
    let mut extension = CustomExtension::from_oid_content(oid, value.to_vec());
    extension.set_criticality(true);
    extension
}

/// `certificatePolicies` with the policy 1.2.3.
pub(super) fn policies() -> CustomExtension {
    critical(&[2, 5, 29, 32], &[0x30, 6, 0x30, 4, 6, 2, 0x2a, 3])
}

/// `policyMappings` from 1.2.3 to 1.2.4.
fn mappings() -> CustomExtension {
    critical(&[2, 5, 29, 33], &[0x30, 10, 0x30, 8, 6, 2, 0x2a, 3, 6, 2, 0x2a, 4])
}

/// `policyConstraints` with requireExplicitPolicy 0.
fn explicit_policy() -> CustomExtension {
    critical(&[2, 5, 29, 36], &[0x30, 3, 0x80, 1, 0])
}

/// `inhibitAnyPolicy` 0.
fn no_any_policy() -> CustomExtension {
    critical(&[2, 5, 29, 54], &[2, 1, 0])
}

fn with(extensions: impl IntoIterator<Item = CustomExtension>) -> Edit {
    let extensions: Vec<_> = extensions.into_iter().collect();
    Box::new(move |parameters| parameters.custom_extensions = extensions.clone())
}

/// The verdict on a client with this extension, of an authority below the root with those.
fn verdict_between(
    authority: impl FnOnce(&mut CertificateParams),
    leaf: Edit,
) -> Result<(), Reason> {
    let authority = ROOT.authorizes("Policies", authority);
    verdict(&rooted(), &authority.issues(|params| leaf(params)), &[authority.der()], NOW)
}

const UNTRUSTED: Result<(), Reason> = Err(Reason::CertificateUntrusted);

#[test]
fn an_issuer_may_have_critical_policies_of_every_kind() {
    for extensions in [
        vec![policies()],
        vec![policies(), mappings()],
        vec![policies(), no_any_policy()],
        vec![no_any_policy()],
    ] {
        assert_eq!(verdict_between(with(extensions), with([])), Ok(()));
    }
    let strict = || with([policies(), explicit_policy(), no_any_policy()]);
    assert_eq!(verdict_between(strict(), with([policies()])), Ok(()));
}

#[test]
fn a_client_may_have_critical_policies() {
    assert_eq!(verdict_on(with([policies()])), Ok(()));
}

#[test]
fn where_an_issuer_demands_a_policy_the_client_has_it() {
    let other = critical(&[2, 5, 29, 32], &[0x30, 6, 0x30, 4, 6, 2, 0x2a, 5]);
    let any = critical(&[2, 5, 29, 32], &[0x30, 8, 0x30, 6, 6, 4, 0x55, 0x1d, 0x20, 0]);
    let strict = || with([policies(), explicit_policy()]);
    assert_eq!(verdict_between(strict(), with([])), UNTRUSTED);
    assert_eq!(verdict_between(strict(), with([other])), UNTRUSTED);
    assert_eq!(verdict_between(strict(), with([any])), Ok(()));
    let none = with([explicit_policy()]);
    assert_eq!(verdict_between(none, with([policies()])), UNTRUSTED);
}

#[test]
fn constraints_on_policies_that_are_not_critical_are_untrusted() {
    for mut constraints in [explicit_policy(), no_any_policy()] {
        constraints.set_criticality(false);
        assert_eq!(verdict_between(with([constraints]), with([policies()])), UNTRUSTED);
    }
}

#[test]
fn another_critical_extension_beside_the_policies_is_untrusted() {
    // OpenSSL knows the address blocks of RFC 3779, and would let a certificate with them pass.
    let blocks = critical(&[1, 3, 6, 1, 5, 5, 7, 1, 7], &[0x30, 0]);
    let unknown = critical(&[1, 2, 3, 4], &[5, 0]);
    for extension in [blocks, unknown] {
        let beside = || with([policies(), extension.clone()]);
        assert_eq!(verdict_between(beside(), with([])), UNTRUSTED);
        assert_eq!(verdict_between(with([policies()]), with([extension.clone()])), UNTRUSTED);
        assert_eq!(verdict_on(beside()), UNTRUSTED);
    }
}

#[test]
fn all_else_is_checked_as_without_policies() {
    let (wrong, weak) = (Err(Reason::CertificatePurposeWrong), UNTRUSTED);
    let edits: [Case; 6] = [
        ("nothing", |_| {}, Ok(())),
        ("no authority", |issuer| issuer.is_ca = IsCa::ExplicitNoCa, weak),
        ("expired", |issuer| issuer.not_after = date(NOW - 1), weak),
        ("not yet valid", |issuer| issuer.not_before = date(NOW + 1), weak),
        ("not for certificates", |issuer| issuer.key_usages = vec![KeyUsagePurpose::CrlSign], weak),
        (
            "for e-mail",
            |issuer| issuer.extended_key_usages = vec![ExtendedKeyUsagePurpose::EmailProtection],
            wrong,
        ),
    ];
    for (what, edit, expected) in edits {
        let authority = |issuer: &mut CertificateParams| {
            edit(issuer);
            issuer.custom_extensions = vec![policies()];
        };
        assert_eq!(verdict_between(authority, with([])), expected, "{what}");
    }
    let for_mail = |leaf: &mut CertificateParams| {
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::EmailProtection];
    };
    assert_eq!(verdict_between(with([policies()]), Box::new(for_mail)), wrong);
}

#[test]
fn a_client_of_version_1_is_untrusted_with_policies_too() {
    let authority = ROOT.authorizes("Policies", with([policies()]));
    for (version, expected) in [(2, Ok(())), (0, UNTRUSTED)] {
        let set = |leaf: &mut openssl::x509::X509Builder| leaf.set_version(version).unwrap();
        let leaf = authority.issues_by_openssl(&test_keys::p256(), MessageDigest::sha256(), set);
        assert_eq!(verdict(&rooted(), &leaf, &[authority.der()], NOW), expected, "{version}");
    }
}

#[test]
fn what_does_not_lead_to_an_anchor_is_untrusted_with_policies_too() {
    let authority = ROOT.authorizes("Policies", with([policies()]));
    let namesake = Authority::root("Root").authorizes("Policies", with([policies()]));
    let leaf = authority.issues(|_| {});
    let mut altered = leaf.to_vec();
    *altered.last_mut().unwrap() ^= 1;
    for (what, leaf, chain) in [
        ("the issuer is missing", leaf.clone(), vec![]),
        ("a namesake of the anchor", namesake.issues(|_| {}), vec![namesake.der()]),
        ("the key of a namesake", namesake.issues(|_| {}), vec![authority.der()]),
        ("the signature is altered", altered.into(), vec![authority.der()]),
    ] {
        assert_eq!(verdict(&rooted(), &leaf, &chain, NOW), UNTRUSTED, "{what}");
    }
    let junk = CertificateDer::from(b"no certificate".to_vec());
    let chain = [junk, namesake.der(), ROOT.der(), authority.der()];
    assert_eq!(verdict(&rooted(), &leaf, &chain, NOW), Ok(()));
}

#[test]
fn path_lengths_and_names_are_kept_with_policies_too() {
    let last = ROOT.authorizes("Last", |parameters| {
        parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        parameters.custom_extensions = vec![policies()];
    });
    let beyond = last.authorizes("Beyond", |_| {});
    let chain = [beyond.der(), last.der()];
    assert_eq!(verdict(&rooted(), &beyond.issues(|_| {}), &chain, NOW), UNTRUSTED);
    assert_eq!(verdict(&rooted(), &last.issues(|_| {}), &chain, NOW), Ok(()));

    let bound = ROOT.authorizes("Bound", |parameters| {
        parameters.name_constraints = Some(names_only("a.example"));
        parameters.custom_extensions = vec![policies()];
    });
    for (name, expected) in [("tpp.a.example", Ok(())), ("b.example", UNTRUSTED)] {
        let leaf = bound.issues(|parameters| {
            parameters.subject_alt_names = vec![SanType::DnsName(name.try_into().unwrap())];
        });
        assert_eq!(verdict(&rooted(), &leaf, &[bound.der()], NOW), expected, "{name}");
    }
}

#[test]
fn six_issuers_with_policies_are_followed_and_seven_are_not() {
    let mut authorities = vec![ROOT.authorizes("1", with([policies()]))];
    for (number, expected) in [(6, Ok(())), (7, UNTRUSTED)] {
        while authorities.len() < number {
            let name = (authorities.len() + 1).to_string();
            authorities.push(authorities.last().unwrap().authorizes(&name, with([policies()])));
        }
        let leaf = authorities.last().unwrap().issues(|_| {});
        let chain: Vec<_> = authorities.iter().map(Authority::der).collect();
        assert_eq!(verdict(&rooted(), &leaf, &chain, NOW), expected, "{number}");
    }
}

#[test]
fn an_anchor_below_a_root_and_one_that_has_expired_end_a_path_with_policies() {
    let past = ROOT.authorizes("Past", |parameters| {
        parameters.not_before = date(NOW - 2);
        parameters.not_after = date(NOW - 1);
    });
    let authority = past.authorizes("Policies", with([policies()]));
    let anchors = Anchors::of([past.der()]).unwrap();
    let rule = TrustCertificate::anchored_in(anchors, Revocation::danger_off());
    let leaf = authority.issues(|_| {});
    assert_eq!(verdict(&rule, &leaf, &[authority.der()], NOW), Ok(()));
}

#[test]
fn a_signature_that_only_openssl_accepts_is_untrusted() {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P521_SHA512).unwrap();
    let authority = ROOT.authorizes_key("P-521", key, with([policies()]));
    let leaf = authority.issues(|_| {});
    assert_eq!(verdict(&rooted(), &leaf, &[authority.der()], NOW), UNTRUSTED);
}

#[test]
fn an_issuers_name_is_compared_byte_by_byte_with_policies_too() {
    let authority = ROOT.authorizes("Policies", with([policies()]));
    // OpenSSL folds the case.
    let leaf = authority.issues_under("POLICIES", |_| {});
    assert_eq!(verdict(&rooted(), &leaf, &[authority.der()], NOW), UNTRUSTED);
}
