use super::super::samples::{
    RFC9440_LEAF, aws_encoded, base64, der as sample, difficult, large, pem, percent_encoded,
};
use super::*;
use Certificates::{LeafFirst, LeafOnly};
use PercentDecoding::{Absent, Path};

const BODY: Encoding = Encoding::PemBody { percent: Absent, certificates: LeafOnly };
const BODY_CHAIN: Encoding = Encoding::PemBody { percent: Absent, certificates: LeafFirst };
const BODY_PERCENT: Encoding = Encoding::PemBody { percent: Path, certificates: LeafOnly };
const PERCENT: Encoding = Encoding::PemPercent { certificates: LeafOnly };
const PERCENT_CHAIN: Encoding = Encoding::PemPercent { certificates: LeafFirst };
const XFCC: Encoding = Encoding::Xfcc { element: XfccElement::Only };
const ALL: [Encoding; 8] = [
    Encoding::Base64Der,
    BODY,
    BODY_PERCENT,
    BODY_CHAIN,
    Encoding::PemFolded,
    PERCENT,
    Encoding::Rfc9440,
    XFCC,
];

fn decode(encoding: Encoding, text: &str) -> Result<Option<ForwardedChain>, ForwardedError> {
    encoding.decode(&HeaderValue::from_str(text).unwrap())
}

/// What each proxy would write for the certificate.
fn written(certificate: &CertificateDer<'_>) -> Vec<(Encoding, String)> {
    let (pem, base64) = (pem(certificate), base64(certificate));
    vec![
        (Encoding::Base64Der, base64.clone()),
        (BODY, base64.clone()),
        (BODY_CHAIN, base64.clone()),
        (BODY_PERCENT, percent_encoded(&base64)),
        (Encoding::PemFolded, pem.replace('\n', " ")),
        (Encoding::PemFolded, pem.trim_end().replace('\n', "\t")),
        (Encoding::PemFolded, pem.trim_end().replace('\n', "  \t")),
        (PERCENT, percent_encoded(&pem)),
        (PERCENT, aws_encoded(&pem)),
        (PERCENT, aws_encoded(&pem.replace('\n', "\r\n"))),
        (PERCENT_CHAIN, aws_encoded(&pem)),
        (Encoding::Rfc9440, format!(":{base64}:")),
        (XFCC, format!("Cert=\"{}\"", percent_encoded(&pem))),
    ]
}

#[test]
fn every_encoding_gives_the_same_bytes_for_a_difficult_certificate() {
    let certificate = difficult();
    for (encoding, text) in written(&certificate) {
        let forwarded = decode(encoding, &text).unwrap().unwrap();
        assert_eq!((forwarded.leaf(), forwarded.rest().len()), (&certificate, 0), "{encoding:?}");
    }
}

#[test]
fn a_certificate_of_9_kib_is_read_and_one_of_11_is_refused() {
    let (allowed, refused) = (large(9 * 1024), large(10 * 1024));
    for (encoding, text) in written(&allowed) {
        assert!(decode(encoding, &text).is_ok(), "{encoding:?}");
    }
    for (encoding, text) in written(&refused) {
        assert_eq!(
            decode(encoding, &text),
            Err(ForwardedError::LeafTooLarge { limit: 10 * 1024 }),
            "{encoding:?}"
        );
    }
}

#[test]
fn an_absent_marker_is_no_certificate() {
    for encoding in ALL {
        for marker in ["", " ", "(null)", "-"] {
            assert_eq!(decode(encoding, marker), Ok(None), "{encoding:?} {marker:?}");
        }
    }
}

#[test]
fn values_outside_ascii_or_over_16_kib_are_refused() {
    let foreign = HeaderValue::from_bytes(b"MII\xe9").unwrap();
    let long = HeaderValue::from_str(&"A".repeat(16 * 1024 + 1)).unwrap();
    for encoding in ALL {
        assert_eq!(encoding.decode(&foreign), Err(ForwardedError::NotAscii));
        assert_eq!(encoding.decode(&long), Err(ForwardedError::HeaderTooLong { limit: 16 * 1024 }));
    }
}

#[test]
fn no_encoding_reads_the_value_of_another() {
    let certificate = difficult();
    let (pem, base64) = (pem(&certificate), base64(&certificate));
    for (encoding, foreign) in [
        (Encoding::Base64Der, format!(":{base64}:")),
        (Encoding::Base64Der, percent_encoded(&base64)),
        (Encoding::Rfc9440, base64.clone()),
        (BODY, percent_encoded(&base64)),
        (BODY, pem.trim_end().replace('\n', " ")),
        (Encoding::PemFolded, percent_encoded(&pem)),
        (Encoding::PemFolded, base64.clone()),
        (PERCENT, pem.trim_end().replace('\n', " ")),
        (PERCENT, base64.clone()),
        (XFCC, base64),
    ] {
        assert!(decode(encoding, &foreign).is_err(), "{encoding:?} {foreign}");
    }
}

#[test]
fn a_form_decoder_on_the_way_is_noticed() {
    let certificate = difficult();
    let spoiled = aws_encoded(&pem(&certificate)).replace('+', " ");
    assert_eq!(decode(PERCENT, &spoiled), Err(ForwardedError::NotBase64));
    let spoiled = base64(&certificate).replace('+', " ");
    assert_eq!(decode(BODY, &spoiled), Err(ForwardedError::NotBase64));
    // Folds and lost pluses look alike: the length of the DER tells them apart.
    let spoiled = pem(&certificate).replace(['\n', '+'], " ");
    assert!(decode(Encoding::PemFolded, &spoiled).is_err());
}

#[test]
fn text_is_decoded_once() {
    let twice = percent_encoded(&percent_encoded(&pem(&difficult())));
    assert_eq!(decode(PERCENT, &twice), Err(ForwardedError::NotPem));
    let plus_twice = percent_encoded(&pem(&difficult())).replace("%2B", "%252B");
    assert_eq!(decode(PERCENT, &plus_twice), Err(ForwardedError::NotBase64));
}

#[test]
fn a_pem_that_differs_in_one_thing_is_refused() {
    use ForwardedError::{NotBase64, NotDer, NotPem, SeveralCertificates};
    let certificate = sample(RFC9440_LEAF);
    let pem = pem(&certificate);
    let trailing = pem_of(&[&certificate[..], &[0]].concat());
    let truncated = pem_of(&certificate[..certificate.len() - 1]);
    for (hostile, why) in [
        (pem.replace("CERTIFICATE", "TRUSTED CERTIFICATE"), NotPem),
        (pem.replace("CERTIFICATE", "X509 CERTIFICATE"), NotPem),
        (pem.replace("CERTIFICATE", "certificate"), NotPem),
        (pem.replace("END CERTIFICATE", "END X509 CRL"), NotPem),
        (pem.replace("-----END", "----END"), NotPem),
        (pem.replace("-----BEGIN", "x-----BEGIN"), NotPem),
        (format!("{pem}x"), NotPem),
        (format!("subject=CN%3Dx\n{pem}"), NotPem),
        (pem.lines().skip(1).collect(), NotPem),
        (pem.replace('=', ""), NotBase64),
        (pem.replacen("MII", "MII-", 1), NotBase64),
        (pem.replacen("MII", "MII\0", 1), NotBase64),
        (format!("{pem}{pem}"), SeveralCertificates),
        (trailing, NotDer),
        (truncated, NotDer),
        ("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n".to_owned(), NotDer),
    ] {
        assert_eq!(decode(PERCENT, &percent_encoded(&hostile)), Err(why), "{hostile}");
    }
}

#[test]
fn folded_pem_holds_one_certificate_and_nothing_else() {
    let folded = pem(&sample(RFC9440_LEAF)).trim_end().replace('\n', " ");
    let form_folded = folded.replace("BEGIN CERTIFICATE", "BEGIN  CERTIFICATE");
    let two = format!("{folded} {folded}");
    assert_eq!(decode(Encoding::PemFolded, &two), Err(ForwardedError::SeveralCertificates));
    for hostile in [form_folded, format!("{folded} x"), format!("x {folded}"), folded[1..].into()] {
        assert_eq!(decode(Encoding::PemFolded, &hostile), Err(ForwardedError::NotPem));
    }
}

#[test]
fn several_certificates_are_read_only_where_configured() {
    let (leaf, ca) = (difficult(), sample(RFC9440_LEAF));
    let pems = aws_encoded(&(pem(&leaf) + &pem(&ca)));
    let bodies = format!("{},{}", base64(&leaf), base64(&ca));
    for (chain, alone, text) in [(PERCENT_CHAIN, PERCENT, pems), (BODY_CHAIN, BODY, bodies)] {
        let forwarded = decode(chain, &text).unwrap().unwrap();
        assert_eq!((forwarded.leaf(), forwarded.rest()), (&leaf, &[ca.clone()][..]));
        assert_eq!(decode(alone, &text), Err(ForwardedError::SeveralCertificates));
    }
    assert_eq!(decode(BODY_CHAIN, &format!("{},", base64(&leaf))), Err(ForwardedError::NotDer));
}

#[test]
fn configuration_names_an_encoding() {
    for (name, encoding) in [
        ("base64-der", Encoding::Base64Der),
        ("pem-body", BODY),
        ("pem-body-chain", BODY_CHAIN),
        ("pem-body-percent", BODY_PERCENT),
        ("pem-folded", Encoding::PemFolded),
        ("pem-percent", PERCENT),
        ("pem-percent-chain", PERCENT_CHAIN),
        ("rfc9440", Encoding::Rfc9440),
        ("xfcc", XFCC),
    ] {
        let json = serde_json::Value::from(name);
        assert_eq!(serde_json::from_value::<Encoding>(json).unwrap(), encoding);
    }
    for unknown in ["", "auto", "RFC9440", "pem"] {
        assert!(unknown.parse::<Encoding>().is_err(), "{unknown}");
    }
}

fn pem_of(der: &[u8]) -> String {
    pem(&CertificateDer::from(der.to_vec()))
}
