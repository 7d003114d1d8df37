//! Forgeries and blunders: one change each, and the refusal that answers it.

use serde_json::Value;

use super::*;

/// What is changed, how, and what is said to be wrong.
type Case = (&'static str, fn(&mut Message), Reason, &'static str);

fn assert_refused(cases: &[Case]) {
    for signing in VERSIONS {
        for (name, change, reason, place) in cases {
            let mut message = Message::by(signing);
            change(&mut message);
            assert_eq!(plain(signing, &message), refused(*reason, place), "{signing:?}: {name}");
        }
    }
}

#[test]
fn a_header_that_is_not_one_detached_jws_is_refused() {
    use Reason::{SignatureMalformed, SignatureMissing};
    let cases: &[Case] = &[
        ("no header", |m| m.lines = |_| vec![], SignatureMissing, HEADER_TEXT),
        ("two headers", |m| m.lines = |v| vec![v.into(), v.into()], SignatureMalformed, ""),
        ("empty", |m| m.lines = |_| vec!["".into()], SignatureMalformed, ""),
        (
            "a body in the middle",
            |m| m.lines = |v| vec![v.replace("..", ".e30.")],
            SignatureMalformed,
            "",
        ),
        ("one dot", |m| m.lines = |v| vec![v.replace("..", ".")], SignatureMalformed, ""),
        ("three dots", |m| m.lines = |v| vec![v.replace("..", "...")], SignatureMalformed, ""),
        ("a padded signature", |m| m.lines = |v| vec![format!("{v}==")], SignatureMalformed, ""),
        ("a padded header", |m| m.lines = |v| vec![v.replace("..", "=..")], SignatureMalformed, ""),
        ("no base64url", |m| m.lines = |v| vec![format!("{v}+/")], SignatureMalformed, ""),
        ("two in a list", |m| m.lines = |v| vec![format!("{v}, {v}")], SignatureMalformed, ""),
        ("not ASCII", |m| m.lines = |v| vec![format!("{v}\u{e9}")], SignatureMalformed, ""),
        ("a scheme before it", |m| m.lines = |v| vec![format!("JWS {v}")], SignatureMalformed, ""),
        ("not JSON", |m| m.header_text = Some("alg".into()), SignatureMalformed, ""),
        ("no object", |m| m.header_text = Some("[]".into()), SignatureMalformed, ""),
        ("two objects", |m| m.header_text = Some(m.text() + "{}"), SignatureMalformed, ""),
    ];
    assert_refused(cases);
}

#[test]
fn a_member_that_stands_there_twice_is_refused() {
    for signing in VERSIONS {
        let names: Vec<_> = Message::by(signing).header.into_iter().collect();
        for (name, value) in names {
            let mut message = Message::by(signing);
            let twice = format!(r#"{{"{name}":{value},{}"#, &message.text()[1..]);
            message.header_text = Some(twice);
            let expected = refused(Reason::SignatureMalformed, "");
            assert_eq!(plain(signing, &message), expected, "{signing:?}: {name}");
        }
    }
}

#[test]
fn each_mandatory_member_is_missed_by_its_name() {
    for signing in VERSIONS {
        for (name, _) in Message::by(signing).header {
            let mut message = Message::by(signing);
            message.remove(&name);
            // An unencoded payload that is not critical breaks RFC 7797 before the profile.
            let expected = match (name.as_str(), signing) {
                ("crit", ObieSigning::V3_1_0) => refused(Reason::SignatureClaimInvalid, "crit"),
                (name, _) => refused(Reason::SignatureClaimMissing, name),
            };
            assert_eq!(plain(signing, &message), expected, "{signing:?}: {name}");
        }
    }
}

#[test]
fn a_member_that_is_neither_there_nor_critical_is_missed_as_well() {
    for (signing, names) in [
        (ObieSigning::V3_1_0, &["b64", obie::IAT, obie::ISS, obie::TAN][..]),
        (ObieSigning::V3_1_4, &[obie::IAT, obie::ISS, obie::TAN]),
    ] {
        for name in names {
            let mut message = Message::by(signing);
            message.remove(name);
            let rest: Vec<_> = names.iter().filter(|other| *other != name).collect();
            message.set("crit", json!(rest));
            let expected = refused(Reason::SignatureClaimMissing, name);
            assert_eq!(plain(signing, &message), expected, "{signing:?}: {name}");
        }
    }
}

#[test]
fn a_member_with_a_wrong_value_is_named() {
    use Reason::SignatureClaimInvalid as Invalid;
    let cases: &[Case] = &[
        ("RS256", |m| m.set("alg", json!("RS256")), Invalid, "alg"),
        ("ES256", |m| m.set("alg", json!("ES256")), Invalid, "alg"),
        ("PS512", |m| m.set("alg", json!("PS512")), Invalid, "alg"),
        ("none", |m| m.set("alg", json!("none")), Invalid, "alg"),
        ("HS256 with the public key", |m| m.set("alg", json!("HS256")), Invalid, "alg"),
        ("alg in lower case", |m| m.set("alg", json!("ps256")), Invalid, "alg"),
        ("an unknown key", |m| m.set("kid", json!("k9")), Invalid, "kid"),
        ("a key of another case", |m| m.set("kid", json!("K1")), Invalid, "kid"),
        ("a key of another kind", |m| m.set("kid", json!("ec")), Invalid, "alg"),
        ("an empty kid", |m| m.set("kid", json!("")), Invalid, "kid"),
        ("a kid that is no text", |m| m.set("kid", json!(7)), Invalid, "kid"),
        ("a JWT", |m| m.set("typ", json!("JWT")), Invalid, "typ"),
        ("typ in lower case", |m| m.set("typ", json!("jose")), Invalid, "typ"),
        ("another content", |m| m.set("cty", json!("text/xml")), Invalid, "cty"),
        ("an empty cty", |m| m.set("cty", json!("")), Invalid, "cty"),
        ("iat 61 seconds ahead", |m| m.set(obie::IAT, json!(NOW + 61)), Invalid, obie::IAT),
        ("iat in milliseconds", |m| m.set(obie::IAT, json!(NOW * 1000)), Invalid, obie::IAT),
        ("iat as text", |m| m.set(obie::IAT, json!("1501497671")), Invalid, obie::IAT),
        ("iat before 1970", |m| m.set(obie::IAT, json!(-1)), Invalid, obie::IAT),
        ("another provider", |m| m.set(obie::ISS, json!("org2/soft1")), Invalid, obie::ISS),
        ("another software", |m| m.set(obie::ISS, json!("org1/soft2")), Invalid, obie::ISS),
        ("the organisation alone", |m| m.set(obie::ISS, json!("org1")), Invalid, obie::ISS),
        ("a trailing slash", |m| m.set(obie::ISS, json!("org1/soft1/")), Invalid, obie::ISS),
        ("iss in capitals", |m| m.set(obie::ISS, json!("ORG1/soft1")), Invalid, obie::ISS),
        ("a name of its own", |m| m.set(obie::ISS, json!("CN=tpp")), Invalid, obie::ISS),
        (
            "an anchor of its own",
            |m| m.set(obie::TAN, json!("attacker.example")),
            Invalid,
            obie::TAN,
        ),
        (
            "a host of the anchor",
            |m| m.set(obie::TAN, json!("x.openbanking.org.uk")),
            Invalid,
            obie::TAN,
        ),
        ("an empty anchor", |m| m.set(obie::TAN, json!("")), Invalid, obie::TAN),
        ("b64 true", |m| m.set("b64", json!(true)), Invalid, "b64"),
        ("b64 as text", |m| m.set("b64", json!("false")), Invalid, "b64"),
        ("a URL of keys", |m| m.set("jku", json!("https://a.example")), Invalid, "JOSE header"),
        ("a key of its own", |m| m.set("jwk", json!({"kty": "RSA"})), Invalid, "JOSE header"),
        ("a certificate of its own", |m| m.set("x5c", json!(["MIIB"])), Invalid, "JOSE header"),
        ("a member of no meaning", |m| m.set("critical", json!([])), Invalid, "JOSE header"),
    ];
    assert_refused(cases);
}

/// Changes a message whose `crit` has these names.
type Change = fn(&mut Message, Vec<Value>);

struct Untouched;

impl KeySource for Untouched {
    fn find(&self, kid: &str, _: UnixTime) -> KeyLookup {
        panic!("{kid} is looked for")
    }
}

#[test]
fn crit_names_the_members_of_the_profile_and_no_other() {
    let wrong: [(&str, Change); 7] = [
        ("empty", |message, _| message.set("crit", json!([]))),
        ("one short", |message, names| message.set("crit", names[..names.len() - 1].into())),
        ("one too many", |message, names| {
            message.set("exp", json!(NOW + 60));
            message.set("crit", [&names[..], &[json!("exp")]].concat().into());
        }),
        ("one instead of another", |message, mut names| {
            message.set("exp", json!(NOW + 60));
            names.pop();
            names.push(json!("exp"));
            message.set("crit", names.into());
        }),
        ("one twice", |message, mut names| {
            let last = names.len() - 1;
            names[last] = names[last - 1].clone();
            message.set("crit", names.into());
        }),
        ("one of JWS itself", |message, names| {
            message.set("crit", [&names[..], &[json!("kid")]].concat().into());
        }),
        ("no list", |message, _| message.set("crit", json!("b64"))),
    ];
    for signing in VERSIONS {
        for (name, change) in wrong {
            let mut message = Message::by(signing);
            let names = message.header["crit"].as_array().unwrap().clone();
            change(&mut message, names);
            let rule = VerifySignature::detached_jws(signing).allow_member("exp");
            let expected = refused(Reason::SignatureClaimInvalid, "crit");
            // No key is looked for before the header is judged.
            let client = client().signs_with(Untouched, [Algorithm::Ps256]);
            assert_eq!(judged(&rule, client, &message), expected, "{signing:?}: {name}");
        }
    }
}

#[test]
fn a_body_that_is_not_the_signed_one_is_refused() {
    use Reason::SignatureInvalid;
    let cases: &[Case] = &[
        (
            "another amount",
            |m| m.body = Some(BODY.replace("165.88", "965.88").into()),
            SignatureInvalid,
            "",
        ),
        ("a newline behind", |m| m.body = Some(format!("{BODY}\n").into()), SignatureInvalid, ""),
        ("a byte cut off", |m| m.body = Some(BODY[1..].into()), SignatureInvalid, ""),
        ("no body", |m| m.body = Some(vec![]), SignatureInvalid, ""),
        (
            "the same JSON written anew",
            |m| {
                let mut json: Value = serde_json::from_str(BODY).unwrap();
                json.sort_all_objects();
                m.body = Some(serde_json::to_vec_pretty(&json).unwrap());
            },
            SignatureInvalid,
            "",
        ),
        ("another key", |m| m.key = other_rsa().clone(), SignatureInvalid, ""),
        (
            "no signature",
            |m| m.lines = |v| vec![v.split_once("..").unwrap().0.to_owned() + ".."],
            SignatureInvalid,
            "",
        ),
        (
            "the signature of another header",
            |m| {
                m.lines = |v| {
                    let (_, signature) = v.split_once("..").unwrap();
                    let mut other = Message::by(ObieSigning::V3_1_4);
                    other.set(obie::IAT, json!(NOW));
                    vec![format!("{}..{signature}", other.encoded_header())]
                }
            },
            SignatureInvalid,
            "",
        ),
    ];
    for (name, change, reason, place) in cases {
        let mut message = Message::by(ObieSigning::V3_1_4);
        change(&mut message);
        assert_eq!(plain(ObieSigning::V3_1_4, &message), refused(*reason, place), "{name}");
    }
}

#[test]
fn an_encoded_body_is_not_taken_for_an_unencoded_one() {
    // Signed by the rules of 3.1.4, and a body that is its encoded form: the bytes under the
    // signature are the same.
    let mut message = Message::by(ObieSigning::V3_1_4);
    message.body = Some(message.encoded_body().into());
    let expected = refused(Reason::SignatureInvalid, "");
    assert_eq!(plain(ObieSigning::V3_1_4, &message), expected);
}

#[test]
fn a_content_type_that_is_repeated_is_refused_before_anybody_chooses() {
    let cases: &[Case] = &[(
        "two media types",
        |m| m.content_types = vec!["application/json", "text/xml"],
        Reason::ContentTypeUnsupported,
        "Content-Type",
    )];
    assert_refused(cases);
}

#[test]
fn what_is_huge_is_refused_before_it_is_understood() {
    let nested = |depth: usize| format!(r#"{{"alg":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
    let many: Vec<_> = (0..1000).map(|number| format!(r#""m{number}":0"#)).collect();
    for (name, header, place) in [
        ("a kid of a mebibyte", format!(r#"{{"kid":"{}"}}"#, "k".repeat(1 << 20)), ""),
        ("deep nesting", nested(100_000), ""),
        ("nesting within the limit", nested(4_000), "alg"),
        ("a thousand members", format!("{{{}}}", many.join(",")), ""),
        ("a number of many digits", format!(r#"{{"n":{}}}"#, "9".repeat(1 << 20)), ""),
    ] {
        let mut message = Message::by(ObieSigning::V3_1_4);
        message.header_text = Some(header);
        let judgement = plain(ObieSigning::V3_1_4, &message);
        let reason = match place {
            "" => Reason::SignatureMalformed,
            _ => Reason::SignatureClaimInvalid,
        };
        assert_eq!(judgement, refused(reason, place), "{name}");
    }
}
