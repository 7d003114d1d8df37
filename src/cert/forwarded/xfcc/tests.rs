use std::num::NonZeroUsize;

use super::super::samples::{
    RFC9440_INTERMEDIATE, RFC9440_LEAF, der, difficult, pem, percent_encoded,
};
use super::*;

const ONLY: XfccElement = XfccElement::Only;

fn cert(certificate: &CertificateDer<'_>) -> String {
    format!("Cert=\"{}\"", percent_encoded(&pem(certificate)))
}

fn chain(certificates: &[&CertificateDer<'_>]) -> String {
    let pems: String = certificates.iter().map(|certificate| pem(certificate)).collect();
    format!("Chain=\"{}\"", percent_encoded(&pems))
}

fn hash(certificate: &CertificateDer<'_>) -> String {
    sha256(certificate).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_end(position: usize) -> XfccElement {
    XfccElement::FromEnd(NonZeroUsize::new(position).unwrap())
}

#[test]
fn a_whole_element_is_read() {
    let (leaf, ca) = (difficult(), der(RFC9440_INTERMEDIATE));
    let element = format!(
        r#"By=spiffe://mesh/ns/bank;Hash={};{};{};Subject="CN=a\,b;c\"d\\,O=x,Cert=y";URI=;DNS=a.example;DNS=b.example;New=1"#,
        hash(&leaf).to_uppercase(),
        cert(&leaf),
        chain(&[&leaf, &ca]),
    );
    let forwarded = decode(&element, ONLY).unwrap().unwrap();
    assert_eq!((forwarded.leaf(), forwarded.rest()), (&leaf, &[ca][..]));
}

#[test]
fn cert_or_chain_alone_will_do_and_keys_have_no_case() {
    let leaf = der(RFC9440_LEAF);
    for element in [cert(&leaf), chain(&[&leaf]), cert(&leaf).replace("Cert", "cERT")] {
        assert_eq!(decode(&element, ONLY).unwrap().unwrap().leaf(), &leaf);
    }
}

#[test]
fn an_element_without_certificate_is_no_certificate() {
    let hash = hash(&der(RFC9440_LEAF));
    for element in [format!("Hash={hash};Subject=\"\""), "By=".into(), "Cert=\"\";Chain=".into()] {
        assert_eq!(decode(&element, ONLY), Ok(None), "{element}");
    }
}

#[test]
fn parts_that_disagree_are_refused() {
    let (leaf, other) = (der(RFC9440_LEAF), der(RFC9440_INTERMEDIATE));
    for element in [
        format!("Hash={};{}", hash(&other), cert(&leaf)),
        format!("Hash=;{}", cert(&leaf)),
        format!("Hash={};{}", &hash(&leaf)[2..], cert(&leaf)),
        format!("{};{}", cert(&leaf), chain(&[&other, &leaf])),
    ] {
        assert_eq!(decode(&element, ONLY), Err(ForwardedError::Disagreement), "{element}");
    }
}

#[test]
fn a_client_cannot_put_an_element_before_that_of_the_proxy() {
    let (genuine, forged) = (der(RFC9440_LEAF), der(RFC9440_INTERMEDIATE));
    let both = format!("{}, {}", cert(&forged), cert(&genuine));
    assert_eq!(decode(&both, ONLY), Err(ForwardedError::UnexpectedElements { found: 2 }));
    assert_eq!(decode(&both, from_end(1)).unwrap().unwrap().leaf(), &genuine);
}

#[test]
fn trusted_hops_count_from_the_end() {
    let (client, proxy) = (der(RFC9440_LEAF), der(RFC9440_INTERMEDIATE));
    let hops = format!("By=x;{},{}", cert(&client), cert(&proxy));
    assert_eq!(decode(&hops, from_end(2)).unwrap().unwrap().leaf(), &client);
    assert_eq!(decode(&hops, from_end(3)), Err(ForwardedError::UnexpectedElements { found: 2 }));
}

#[test]
fn a_quoted_subject_cannot_write_elements_or_pairs() {
    let (leaf, forged) = (der(RFC9440_LEAF), der(RFC9440_INTERMEDIATE));
    let forged = cert(&forged).replace('"', r#"\""#);
    for subject in [format!("x;{forged}"), format!("x,{forged}"), format!(r#"\",{forged},\""#)] {
        let element = format!("Subject=\"{subject}\";{}", cert(&leaf));
        assert_eq!(decode(&element, ONLY).unwrap().unwrap().leaf(), &leaf, "{subject}");
    }
}

#[test]
fn malformed_elements_are_refused_wherever_they_stand() {
    let good = cert(&der(RFC9440_LEAF));
    for hostile in [
        format!("{good};"),
        format!(";{good}"),
        format!("{good},"),
        format!(",{good}"),
        format!("{good};{good}"),
        format!("{good};{}", good.replace("Cert", "CERT")),
        format!("Subject=\"a\";Subject=\"b\";{good}"),
        format!("Hash=;Hash=;{good}"),
        format!("{good};Subject"),
        format!("{good};=x"),
        format!("{good};Sub ject=x"),
        format!("{good};Subject=\"x"),
        format!("{good};Subject=\"x\\\""),
        format!("{good};Subject=x\"y\""),
        format!("{good};Subject=\"x\"y"),
        format!("{good};URI=a=b"),
        format!("{good}; URI=a"),
        good.replace("Cert=", "Cert= "),
        good.replace("=\"", "="),
    ] {
        for element in [hostile.clone(), format!("{hostile},By=x")] {
            assert_eq!(decode(&element, from_end(1)), Err(ForwardedError::NotXfcc), "{element}");
        }
    }
}

#[test]
fn the_certificate_inside_is_held_to_the_rules_of_pem() {
    let (leaf, ca) = (der(RFC9440_LEAF), der(RFC9440_INTERMEDIATE));
    let two = chain(&[&leaf, &ca]).replace("Chain", "Cert");
    for (hostile, why) in [
        (two, ForwardedError::SeveralCertificates),
        ("Cert=\"x\"".into(), ForwardedError::NotPem),
        ("Cert=\"%0A\"".into(), ForwardedError::NoCertificate),
        (cert(&leaf).replace("%2B", "%252B"), ForwardedError::NotBase64),
        (cert(&leaf).replace("%2B", "%2"), ForwardedError::NotPercentEncoded),
    ] {
        assert_eq!(decode(&hostile, ONLY), Err(why), "{hostile}");
    }
}
