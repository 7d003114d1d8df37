use std::sync::LazyLock;

use openssl::hash::{MessageDigest, hash};
use openssl::nid::Nid;

use super::super::document::{parse, text};
use super::super::test_list::{
    EXCLUSIVE, Form, SHA1, TestList, TestSigner, canonicalization, envelope, transform,
};
use super::super::{SignedList, XmlError};
use super::*;
use crate::cert::test_pki::{DAY, NOW};
use crate::crypto::test_keys;

static SIGNER: LazyLock<TestSigner> = LazyLock::new(|| TestSigner::with(test_keys::p256()));
static STRANGER: LazyLock<TestSigner> = LazyLock::new(|| TestSigner::with(test_keys::p256()));

fn list() -> String {
    TestList::national("PT", Vec::new()).xml()
}

/// Judges a document by the pinned signer.
fn judge(document: &str) -> Result<(), SignatureError> {
    judge_by(document, &SIGNER)
}

fn judge_by(document: &str, signer: &TestSigner) -> Result<(), SignatureError> {
    let text = text(document.as_bytes())?;
    verify(&parse(&text)?, std::slice::from_ref(&signer.certificate)).map(drop)
}

fn signed(edit: impl FnOnce(&mut Form)) -> String {
    envelope(&list(), &SIGNER.signs(&list(), edit))
}

fn form(what: &'static str) -> Result<(), SignatureError> {
    Err(SignatureError::Form(what))
}

#[test]
fn a_list_signed_as_the_standard_has_it_passes() {
    let v2 = |form: &mut Form| form.names[0].0 = "SigningCertificateV2";
    let sha1 = |form: &mut Form| {
        form.names[0].1 = SHA1;
        form.names[0].2 = hash(MessageDigest::sha1(), &SIGNER.certificate).unwrap().to_vec();
    };
    for good in [signed(|_| {}), signed(v2), signed(sha1), signed(|form| form.uri = "#list".into())]
    {
        assert_eq!(judge(&good), Ok(()));
    }
    // White space, comments and instructions of the signature's own are nobody's.
    let loose = signed(|_| {}).replace("<ds:KeyInfo>", "\n <!-- a --><ds:KeyInfo >");
    assert_eq!(judge(&loose), Ok(()));
}

#[test]
fn every_accepted_algorithm_passes_and_no_other() {
    let rsa = TestSigner::with(test_keys::rsa_2048().clone());
    let p384 = TestSigner::with(test_keys::ec(Nid::SECP384R1));
    let p521 = TestSigner::with(test_keys::ec(Nid::SECP521R1));
    let more = "http://www.w3.org/2001/04/xmldsig-more#";
    let old = "http://www.w3.org/2000/09/xmldsig#";
    let pss = "http://www.w3.org/2007/05/xmldsig-more#";
    let cases: [(&TestSigner, &str, &[&str], bool); 8] = [
        (&rsa, more, &["rsa-sha256", "rsa-sha384", "rsa-sha512"], true),
        (&rsa, pss, &["sha256-rsa-MGF1", "sha384-rsa-MGF1", "sha512-rsa-MGF1"], true),
        (&SIGNER, more, &["ecdsa-sha256", "ecdsa-sha384", "ecdsa-sha512"], true),
        (&p384, more, &["ecdsa-sha256", "ecdsa-sha384", "ecdsa-sha512"], true),
        (&rsa, old, &["rsa-sha1"], false),
        (&SIGNER, more, &["ecdsa-sha1", "hmac-sha256"], false),
        (&p521, more, &["ecdsa-sha512"], false),
        (&rsa, more, &["ecdsa-sha256"], false),
    ];
    for (signer, prefix, names, accepted) in cases {
        for name in names {
            let method: &'static str = format!("{prefix}{name}").leak();
            let signature = signer.signs(&list(), |form| form.method = method);
            let verdict = judge_by(&envelope(&list(), &signature), signer);
            let expected = if accepted { Ok(()) } else { Err(SignatureError::Signature) };
            assert_eq!(verdict, expected, "{name}");
        }
    }
}

#[test]
fn a_digest_of_a_reference_is_sha_2() {
    for (method, accepted) in [
        ("http://www.w3.org/2001/04/xmldsig-more#sha384", true),
        ("http://www.w3.org/2001/04/xmlenc#sha512", true),
        (SHA1, false),
    ] {
        let verdict = judge(&signed(|form| form.digest_method = method));
        let refused = || SignatureError::Algorithm(method.to_owned());
        assert_eq!(verdict, accepted.then_some(()).ok_or_else(refused));
    }
}

#[test]
fn what_was_changed_after_the_signature_is_found() {
    let good = signed(|_| {});
    for (from, to, error) in [
        (">PT<", ">XX<", SignatureError::Digest("the list")),
        ("Id=\"list\"", "Id=\"other\"", SignatureError::Digest("the list")),
        (
            "</xades:SignedSign",
            "<x/></xades:SignedSign",
            SignatureError::Digest("the signed properties"),
        ),
        ("<ds:DigestValue>", "<ds:DigestValue> ", SignatureError::Signature),
        ("#ecdsa-sha256", "#ecdsa-sha384", SignatureError::Signature),
        ("</ds:SignedInfo>", "<ds:Reference/></ds:SignedInfo>", SignatureError::Signature),
    ] {
        let changed = good.replacen(from, to, 1);
        assert_ne!(changed, good, "{from}");
        assert_eq!(judge(&changed), Err(error), "{from}");
    }
    // An instruction in front of the list is signed as well.
    assert_eq!(judge(&format!("<?x?>{good}")), Err(SignatureError::Digest("the list")));
}

#[test]
fn a_signature_of_another_form_is_refused() {
    let transforms = |list: &[&str]| list.iter().map(|name| transform(name)).collect::<Vec<_>>();
    let other = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
    let xpath = "http://www.w3.org/TR/1999/REC-xpath-19991116";
    let enveloped = super::ENVELOPED;
    let bad_transforms = "other transforms than enveloped and canonical";
    let another = SIGNER.signs(&list(), |_| {});
    let another = another.split_once("<ds:Reference").unwrap().1.split_once("</ds:Reference>");
    let another = format!("<ds:Reference{}</ds:Reference>", another.unwrap().0);
    let not_two = "not a reference to the list and one to properties";
    let filtered = "<ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"><ds:XPath>a</ds:XPath></ds:Transform>";
    let cases: [(&str, String, Result<(), SignatureError>); 15] = [
        ("no transforms", signed(|f| f.transforms.clear()), form(bad_transforms)),
        (
            "not enveloped",
            signed(|f| f.transforms = transforms(&[EXCLUSIVE])),
            form(bad_transforms),
        ),
        (
            "the other order",
            signed(|f| f.transforms = transforms(&[EXCLUSIVE, enveloped])),
            form("the first transform is not enveloped-signature"),
        ),
        (
            "an XPath in the first",
            signed(|f| f.transforms[0] = filtered.to_owned()),
            form("the first transform is not enveloped-signature"),
        ),
        (
            "a filter besides",
            signed(|f| f.transforms = transforms(&[enveloped, xpath, EXCLUSIVE])),
            form(bad_transforms),
        ),
        (
            "another canonicalisation of the list",
            signed(|f| f.transforms[1] = transform(other)),
            Err(SignatureError::Algorithm(other.to_owned())),
        ),
        (
            "another canonicalisation of the signature",
            signed(|f| f.canonicalization = canonicalization(other, "")),
            Err(SignatureError::Algorithm(other.to_owned())),
        ),
        (
            "another transform of the properties",
            signed(|f| f.properties_transforms = transforms(&[xpath])),
            Err(SignatureError::Algorithm(xpath.to_owned())),
        ),
        (
            "two transforms of the properties",
            signed(|f| f.properties_transforms = transforms(&[EXCLUSIVE, EXCLUSIVE])),
            form("more than one transform of the properties"),
        ),
        ("a third reference", signed(|f| f.another = another.clone()), form(not_two)),
        ("a reference to other properties", signed(|f| f.properties_uri = "#list"), form(not_two)),
        ("a reference to no properties", signed(|f| f.properties_uri = ""), form(not_two)),
        ("no reference to the properties", signed(|f| f.properties_type = "other"), form(not_two)),
        (
            "a reference to another document",
            signed(|f| f.uri = "https://lists.example/PT.xml".into()),
            form("a reference to something else than the list"),
        ),
        (
            "a reference to the signature's own",
            signed(|f| f.uri = "#signature".into()),
            form("a reference to something else than the list"),
        ),
    ];
    for (what, document, expected) in cases {
        assert_eq!(judge(&document), expected, "{what}");
    }
}

#[test]
fn the_properties_name_the_certificate() {
    let strangers = || hash(MessageDigest::sha256(), &STRANGER.certificate).unwrap().to_vec();
    let other = Err(SignatureError::OtherCertificate);
    assert_eq!(judge(&signed(|form| form.names[0].2 = strangers())), other);
    let both = |form: &mut Form| {
        form.names.push(("SigningCertificateV2", super::super::test_list::SHA256, strangers()));
    };
    assert_eq!(judge(&signed(both)), other);
    assert_eq!(judge(&signed(|form| form.names.clear())), self::form("no SigningCertificate"));
    let md5 = "http://www.w3.org/2001/04/xmldsig-more#md5";
    assert_eq!(
        judge(&signed(|form| form.names[0].1 = md5)),
        Err(SignatureError::Algorithm(md5.to_owned()))
    );
}

#[test]
fn nobody_signs_but_a_pinned_signer() {
    let theirs = envelope(&list(), &STRANGER.signs(&list(), |_| {}));
    assert_eq!(judge(&theirs), Err(SignatureError::Signer));
    // The pinned certificate stands beside a stranger's signature.
    let both = [STRANGER.certificate.clone(), SIGNER.certificate.clone()];
    let posing = STRANGER.signs(&list(), |form| form.key_info = both.to_vec());
    assert_eq!(judge(&envelope(&list(), &posing)), Err(SignatureError::Signature));
    // The issuer of a stranger is nobody either, though it signed the pinned one too.
    let none = signed(|form| form.key_info.clear());
    assert_eq!(judge(&none), Err(SignatureError::Signer));
}

#[test]
fn a_weak_signer_is_refused_though_it_is_pinned() {
    let weak = TestSigner::with(test_keys::rsa(2032));
    let method = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
    let signature = weak.signs(&list(), |form| form.method = method);
    assert_eq!(judge_by(&envelope(&list(), &signature), &weak), Err(SignatureError::WeakKey));
}

#[test]
fn properties_without_transforms_are_written_inclusively() {
    let plain = signed(|form| form.inclusive_properties = true);
    assert!(!plain.contains(
        "Type=\"http://uri.etsi.org/01903#SignedProperties\" URI=\"#properties\"><ds:Transforms>"
    ));
    assert_eq!(judge(&plain), Ok(()));
    let changed = plain.replace("</xades:SignedSign", "<x/></xades:SignedSign");
    assert_eq!(judge(&changed), Err(SignatureError::Digest("the signed properties")));
}

#[test]
fn a_list_wrapped_around_a_signed_one_is_refused() {
    let evil = list().replace(">PT<", ">XX<");
    let (good, signature) = (signed(|_| {}), SIGNER.signs(&list(), |_| {}));
    let by_id = SIGNER.signs(&list(), |form| form.uri = "#list".into());
    let inside = |content: &str| envelope(&evil, content);
    let renamed = |content: &str| inside(content).replacen("Id=\"list\"", "Id=\"evil\"", 1);
    let moved = format!("<Other>{signature}</Other>");
    let digest = Err(SignatureError::Digest("the list"));
    let elsewhere = Err(SignatureError::NotOne);
    let cases: [(&str, String, Result<(), SignatureError>); 8] =
        [
            ("the signature alone", inside(&signature), digest.clone()),
            ("the signed list inside", renamed(&good), elsewhere.clone()),
            ("the signature deeper", envelope(&list(), &moved), elsewhere.clone()),
            (
                "the signature twice",
                inside(&signature.repeat(2)),
                Err(SignatureError::Xml(XmlError::IdTwice("signature".into()))),
            ),
            (
                "two signatures",
                inside(&(signature.clone() + &signature.replace("Id=\"", "Id=\"b"))),
                elsewhere.clone(),
            ),
            (
                "the signed list beside the signature, found by its id",
                renamed(&(list() + &by_id)),
                self::form("a reference to something else than the list"),
            ),
            (
                "the signed list in an object of the signature",
                renamed(&by_id.replace(
                    "<ds:Object>",
                    &format!("<ds:Object>{}</ds:Object><ds:Object>", list()),
                )),
                self::form("a reference to something else than the list"),
            ),
            (
                "two elements of one id",
                inside(&(list() + &by_id)),
                Err(SignatureError::Xml(XmlError::IdTwice("list".into()))),
            ),
        ];
    for (what, document, expected) in cases {
        assert_eq!(judge(&document), expected, "{what}");
    }
    assert_eq!(judge(&list()), Err(SignatureError::Missing));
}

#[test]
fn two_properties_are_refused() {
    let good = signed(|_| {});
    let (_, rest) = good.split_once("<ds:Object>").unwrap();
    let object = rest.split_once("</ds:Object>").unwrap().0;
    let twice = good.replace(
        "</ds:Object>",
        &format!(
            "</ds:Object><ds:Object>{}</ds:Object>",
            object.replace("Id=\"properties\"", "Id=\"others\"")
        ),
    );
    assert_eq!(judge(&twice), form("more than one SignedProperties"));
    let none = good.replace("xades:SignedProperties", "xades:UnsignedProperties");
    assert_eq!(judge(&none), form("no SignedProperties"));
}

#[test]
fn an_element_of_another_namespace_is_not_one_of_the_signature() {
    let good = signed(|_| {});
    let foreign = good.replace(super::super::test_list::DS, "http://evil.example/xmldsig#");
    assert_eq!(judge(&foreign), Err(SignatureError::Missing));
    let foreign = good.replacen("<ds:SignatureValue>", "<ds:SignatureValue xmlns:ds='u:e'>", 1);
    assert_eq!(judge(&foreign), Err(SignatureError::Xml(XmlError::Missing("SignatureValue"))));
}

#[test]
fn a_comment_does_not_cut_a_value() {
    let good = signed(|_| {});
    for element in ["ds:X509Certificate", "ds:SignatureValue"] {
        let (open, cut) = (format!("<{element}>"), format!("<{element}><!-- -->"));
        let name = element.strip_prefix("ds:").unwrap();
        let expected = match name {
            "SignatureValue" => XmlError::Value("SignatureValue"),
            _ => XmlError::Value("X509Certificate"),
        };
        assert_eq!(judge(&good.replacen(&open, &cut, 1)), Err(SignatureError::Xml(expected)));
    }
    // Comments are not signed: the value of a signed list must not change by one.
    let cut = good.replace(">PT<", ">P<!-- -->T<");
    assert_eq!(judge(&cut), Ok(()));
    let verdict = SignedList::verify(cut.as_bytes(), std::slice::from_ref(&SIGNER.certificate));
    assert_eq!(verdict.unwrap_err(), SignatureError::Xml(XmlError::Value("SchemeTerritory")));
}

#[test]
fn a_signature_is_read_with_comments_where_it_says_so_and_a_reference_never() {
    let with = format!("{EXCLUSIVE}WithComments");
    let with_comments = |form: &mut Form| {
        form.canonicalization = canonicalization(&with, "<!-- signed -->");
        form.transforms[1] = transform(&with);
    };
    let good = signed(with_comments);
    assert_eq!(judge(&good), Ok(()));
    let changed = good.replace("<!-- signed -->", "<!-- changed -->");
    assert_eq!(judge(&changed), Err(SignatureError::Signature));
    assert_eq!(judge(&good.replace("<SchemeInf", "<!-- x --><SchemeInf")), Ok(()));
}

#[test]
fn a_signer_out_of_its_time_when_the_list_was_issued_is_refused() {
    let verdict = |issued: u64| {
        let list = TestList { issued, ..TestList::national("PT", Vec::new()) };
        SignedList::verify(&list.signed_by(&SIGNER), std::slice::from_ref(&SIGNER.certificate))
            .map(drop)
    };
    assert_eq!(verdict(NOW), Ok(()));
    for issued in [NOW - 2 * DAY, NOW + 2 * DAY] {
        assert_eq!(verdict(issued), Err(SignatureError::SignerOutOfTime));
    }
}
