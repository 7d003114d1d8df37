//! Certificates that nobody is asked about.

use super::*;

const NO_REVOCATION: &[u64] = &[2, 5, 29, 56];
const SHORT_TERM: &[u64] = &[0, 4, 0, 194_121, 2, 1];

/// Good for this many seconds, and saying that no revocation data exists.
fn short_lived(extension: &[u64], value: &[u8], seconds: u64) -> CertificateDer<'static> {
    client_with(|parameters| {
        parameters.not_before = date(NOW);
        parameters.not_after = date(NOW + seconds);
        let extension = CustomExtension::from_oid_content(extension, value.to_vec());
        parameters.custom_extensions = vec![extension];
    })
}

fn allowing(issuer: &Authority, web: &Web) -> Revocation {
    let issuer = IssuerKey::of(&issuer.der()).unwrap();
    let builder = Revocation::builder().lists_over(web.clone());
    builder.allow_short_lived([issuer], Duration::from_secs(DAY)).build().unwrap()
}

#[test]
fn a_short_lived_certificate_of_a_listed_issuer_passes_until_its_end_and_asks_nobody() {
    let web = Web::default();
    let revocation = allowing(&ISSUING, &web);
    for extension in [NO_REVOCATION, SHORT_TERM] {
        let leaf = short_lived(extension, &[5, 0], DAY);
        assert_eq!(verdict(&revocation, &path(&leaf), NOW), Ok(NOW + DAY));
    }
    assert_eq!(web.asked(), [""; 0]);
}

#[test]
fn one_that_lives_longer_or_says_it_otherwise_or_is_of_another_issuer_is_checked() {
    let web = Web::default();
    let revocation = allowing(&ISSUING, &web);
    for (what, leaf) in [
        ("a second longer", short_lived(NO_REVOCATION, &[5, 0], DAY + 1)),
        ("another value", short_lived(NO_REVOCATION, &[4, 0], DAY)),
        ("another extension", short_lived(&[2, 5, 29, 57], &[5, 0], DAY)),
    ] {
        assert_eq!(verdict(&revocation, &path(&leaf), NOW), NO_DATA, "{what}");
    }
    let leaf = short_lived(NO_REVOCATION, &[5, 0], DAY);
    let others = allowing(&Authority::root("Issuing"), &web);
    assert_eq!(verdict(&others, &path(&leaf), NOW), NO_DATA);
    let nobody = Revocation::builder().lists_over(web).build().unwrap();
    assert_eq!(verdict(&nobody, &path(&leaf), NOW), NO_DATA);
}

#[test]
fn an_authority_is_never_short_lived() {
    let authority = ISSUING.authorizes("Short", |parameters| {
        parameters.not_before = date(NOW);
        parameters.not_after = date(NOW + HOUR);
        let extension = CustomExtension::from_oid_content(NO_REVOCATION, vec![5, 0]);
        parameters.custom_extensions = vec![extension];
    });
    let revocation = allowing(&ISSUING, &Web::default());
    assert_eq!(verdict(&revocation, &path(&authority.der()), NOW), NO_DATA);
}

#[test]
fn a_revocation_that_is_known_counts_for_those_too() {
    let leaf = short_lived(NO_REVOCATION, &[5, 0], DAY);
    let issuer = IssuerKey::of(&ISSUING.der()).unwrap();
    let builder = || Revocation::builder().lists([list(NOW, 1, &[&leaf])]);
    let short = builder().allow_short_lived([issuer], Duration::from_secs(DAY)).build().unwrap();
    assert_eq!(verdict(&short, &path(&leaf), NOW), REVOKED);
    let unchecked = builder().allow_unchecked(issuer).build().unwrap();
    assert_eq!(verdict(&unchecked, &path(&leaf), NOW), REVOKED);
}

#[test]
fn the_certificates_of_an_unchecked_issuer_pass_and_those_of_a_namesake_do_not() {
    let (web, leaf) = (Web::default(), client());
    let unchecked = IssuerKey::of(&ISSUING.der()).unwrap();
    assert_eq!(unchecked, IssuerKey::with_spki(read(&ISSUING.der()).spki_der()));
    let revocation = over(&web).allow_unchecked(unchecked).build().unwrap();
    assert_eq!(verdict(&revocation, &path(&leaf), NOW), Ok(FOREVER.as_secs()));
    assert_eq!(web.asked(), [""; 0]);
    let namesake = Authority::root("Issuing");
    let other = path_to(&namesake, &namesake.issues(|_| {}));
    assert_eq!(verdict(&revocation, &other, NOW), NO_DATA);
}

#[test]
fn a_host_whose_clock_is_behind_this_crate_is_not_started() {
    let builder = || over(&Web::default());
    let early = builder().clock(|| at(1_767_225_599)).build();
    assert!(matches!(early, Err(RevocationError::Clock)));
    assert!(builder().clock(|| at(1_767_225_600)).build().is_ok());
}
