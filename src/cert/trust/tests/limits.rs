//! How much work a client can ask for.

use super::policies::policies;
use super::*;

const UNTRUSTED: Result<(), Reason> = Err(Reason::CertificateUntrusted);

#[test]
fn of_three_namesakes_that_came_along_the_right_one_is_found() {
    let leaf = ISSUING.issues(|_| {});
    let namesakes: Vec<_> = (0..3).map(|_| Authority::root("Issuing").der()).collect();
    let mut chain = vec![namesakes[0].clone(), namesakes[1].clone(), ISSUING.der()];
    assert_eq!(verdict(&rooted(), &leaf, &chain, NOW), Ok(()));
    chain.insert(0, namesakes[2].clone());
    assert_eq!(verdict(&rooted(), &leaf, &chain, NOW), UNTRUSTED, "a fourth is not looked at");
}

#[test]
fn sixteen_certificates_that_came_along_are_looked_at() {
    let leaf = ISSUING.issues(|_| {});
    let mut chain = vec![ISSUING.issues(|_| {}); 15];
    chain.push(ISSUING.der());
    assert_eq!(verdict(&rooted(), &leaf, &chain, NOW), Ok(()));
    chain.insert(0, ROOT.der());
    assert_eq!(verdict(&rooted(), &leaf, &chain, NOW), UNTRUSTED);
}

#[test]
fn authorities_that_signed_one_another_lead_nowhere_and_end() {
    let (one, two) = (Authority::root("One"), Authority::root("Two"));
    let crossed = [one.crosses(&two), two.crosses(&one)];
    assert_eq!(verdict(&rooted(), &one.issues(|_| {}), &crossed, NOW), UNTRUSTED);
    let rooted_one = ROOT.crosses(&one);
    let chain = [crossed[0].clone(), crossed[1].clone(), rooted_one];
    assert_eq!(verdict(&rooted(), &two.issues(|_| {}), &chain, NOW), Ok(()));
}

/// Trusts this many keys of the name of the root before the root's own.
fn behind(namesakes: usize) -> TrustCertificate {
    let namesakes = (0..namesakes).map(|_| Authority::root("Root").der());
    let anchors = Anchors::of(namesakes.chain([ROOT.der()])).unwrap();
    TrustCertificate::anchored_in(anchors, Revocation::danger_off())
}

#[test]
fn a_hundred_signatures_are_verified_for_a_client_whose_issuer_has_no_identifier() {
    let (rule, leaf) = (behind(99), ROOT.issues(|_| {}));
    assert_eq!(verdict(&rule, &leaf, &[], NOW), Ok(()));
    let (rule, leaf) = (behind(100), ROOT.issues(|_| {}));
    assert_eq!(verdict(&rule, &leaf, &[], NOW), UNTRUSTED);
    let identified = ROOT.issues(|leaf| leaf.use_authority_key_identifier_extension = true);
    assert_eq!(verdict(&rule, &identified, &[], NOW), Ok(()));
}

#[test]
fn eighty_are_verified_where_policies_are_critical() {
    let leaf = || ROOT.issues(|leaf| leaf.custom_extensions = vec![policies()]);
    assert_eq!(verdict(&behind(79), &leaf(), &[], NOW), Ok(()));
    assert_eq!(verdict(&behind(80), &leaf(), &[], NOW), UNTRUSTED);
}

#[test]
fn a_circle_of_authorities_with_critical_policies_leads_nowhere_and_ends() {
    let with = |authority: &mut CertificateParams| authority.custom_extensions = vec![policies()];
    let one = ROOT.authorizes("One", with);
    let two = one.authorizes("Two", with);
    let (leaf, back) = (two.issues(|_| {}), two.crosses(&one));
    assert_eq!(verdict(&rooted(), &leaf, &[two.der(), back.clone()], NOW), UNTRUSTED);
    // Each of the circles would be one more path to judge.
    let chain = [back, two.crosses(&one), two.der(), one.der()].into();
    let client = ClientCertificate::new(Arc::new(read(&leaf)), chain);
    let trusted = judged(rooted().check(&client, &mut request(), &at(NOW))).unwrap();
    assert_eq!(trusted.path().links().len(), 3, "the leaf, two and one, once each");
}
