//! What is remembered of a verdict, and for how long.

use super::*;

#[test]
fn a_good_path_is_remembered_and_a_bad_one_is_not() {
    let (rule, leaf) = (rooted(), ISSUING.issues(|_| {}));
    assert_eq!(verdict(&rule, &leaf, &[], NOW), Err(Reason::CertificateUntrusted));
    assert_eq!(verdict(&rule, &leaf, &[ISSUING.der()], NOW), Ok(()));
    assert_eq!(verdict(&rule, &leaf, &[], NOW), Ok(()));
    let other = ISSUING.issues(|_| {});
    assert_ne!(other, leaf);
    assert_eq!(verdict(&rule, &other, &[], NOW), Err(Reason::CertificateUntrusted));
}

#[test]
fn a_refusal_stands_for_ten_seconds_for_what_was_presented_and_nothing_else() {
    let authority = ROOT.authorizes("Other", |params| params.not_before = date(NOW + 5));
    let (rule, leaf) = (rooted(), authority.issues(|_| {}));
    let chain = [authority.der()];
    let refused = Err(Reason::CertificateUntrusted);
    assert_eq!(verdict(&rule, &leaf, &chain, NOW), refused);
    assert_eq!(verdict(&rule, &leaf, &chain, NOW + 9), refused, "remembered");
    assert_eq!(verdict(&rule, &leaf, &[authority.der(), ROOT.der()], NOW + 9), Ok(()));
    let other = rooted();
    assert_eq!(verdict(&other, &leaf, &chain, NOW), refused);
    assert_eq!(verdict(&other, &leaf, &chain, NOW + 10), Ok(()));
}

#[test]
fn a_remembered_path_ends_with_the_certificate() {
    let (rule, leaf) = (rooted(), ISSUING.issues(|_| {}));
    let chain = [ISSUING.der()];
    assert_eq!(verdict(&rule, &leaf, &chain, NOW), Ok(()));
    let last = NOW + 100 * DAY;
    assert_eq!(verdict(&rule, &leaf, &chain, last), Ok(()));
    assert_eq!(verdict(&rule, &leaf, &chain, last + 1), Err(Reason::CertificateExpired));
    let first = NOW - 100 * DAY;
    assert_eq!(verdict(&rule, &leaf, &chain, first - 1), Err(Reason::CertificateNotYetValid));
}

#[test]
fn a_remembered_path_ends_with_the_first_of_its_issuers() {
    let upper = ROOT.authorizes("Upper", |parameters| parameters.not_after = date(NOW + DAY));
    let lower = upper.authorizes("Lower", |_| {});
    let (rule, leaf) = (rooted(), lower.issues(|_| {}));
    let chain = [lower.der(), upper.der()];
    assert_eq!(verdict(&rule, &leaf, &chain, NOW), Ok(()));
    assert_eq!(verdict(&rule, &leaf, &chain, NOW + DAY), Ok(()));
    let after = verdict(&rule, &leaf, &chain, NOW + DAY + 1);
    assert_eq!(after, Err(Reason::CertificateUntrusted));
}
