//! Policies along chains that a generator made, beside the verdict of the `openssl` command; without
//! the command the test passes, and says that it compared nothing.

use std::process::{Command, Stdio};
use std::{env, fs, process};

use rcgen::{CertificateParams, CustomExtension};

use super::*;
use crate::cert::test_pki::{Authority, read};

/// Numbers that look random and are the same in every run (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    fn one_in(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }

    /// Three policies and any of them.
    fn policy(&mut self, any: bool) -> Vec<u8> {
        match self.below(if any { 4 } else { 3 }) {
            3 => ANY.to_vec(),
            number => vec![6, 2, 0x2a, u8::try_from(number).unwrap()],
        }
    }

    fn extensions(&mut self, maps: bool, inhibits: bool) -> Vec<CustomExtension> {
        let mut extensions = Vec::new();
        let has_policies = !self.one_in(5);
        if has_policies {
            let number = self.below(3) + 1;
            let policies: BTreeSet<_> = (0..number).map(|_| self.policy(true)).collect();
            let policies = policies.iter().map(|policy| sequence(policy));
            extensions.push((32, sequence(&policies.collect::<Vec<_>>().concat())));
        }
        if maps && has_policies && self.one_in(3) {
            let number = self.below(2) + 1;
            let pairs: BTreeSet<_> =
                (0..number).map(|_| [self.policy(false), self.policy(false)].concat()).collect();
            let pairs = pairs.iter().map(|pair| sequence(pair));
            extensions.push((33, sequence(&pairs.collect::<Vec<_>>().concat())));
        }
        if self.one_in(2) {
            let explicit = vec![0x80, 1, u8::try_from(self.below(3)).unwrap()];
            let mapping = vec![0x81, 1, u8::try_from(self.below(2)).unwrap()];
            let value = match self.below(3) {
                0 => explicit,
                1 => mapping,
                _ => [explicit, mapping].concat(),
            };
            extensions.push((36, sequence(&value)));
        }
        if inhibits && has_policies && self.one_in(3) {
            extensions.push((54, vec![2, 1, u8::try_from(self.below(2)).unwrap()]));
        }
        extensions.into_iter().map(|(arc, value)| extension(arc, value)).collect()
    }
}

fn extension(arc: u64, value: Vec<u8>) -> CustomExtension {
    let mut extension = CustomExtension::from_oid_content(&[2, 5, 29, arc], value);
    extension.set_criticality(true);
    extension
}

/// `certificatePolicies` with one policy.
fn named(policy: &[u8]) -> CustomExtension {
    extension(32, sequence(&sequence(policy)))
}

fn sequence(content: &[u8]) -> Vec<u8> {
    [&[0x30, u8::try_from(content.len()).unwrap()], content].concat()
}

/// A chain from the anchor down. It has mappings or inhibitions of any policy: where any policy is
/// inhibited and mapped, OpenSSL takes the mapped policies to be named, which RFC 5280, 6.1.3 (d) does
/// not. A mapping of a leaf, which OpenSSL applies, is none.
fn chain(numbers: &mut Numbers) -> Vec<Vec<u8>> {
    let with = |extensions| {
        move |parameters: &mut CertificateParams| {
            parameters.custom_extensions = extensions;
            parameters.use_authority_key_identifier_extension = true;
        }
    };
    let (mut name, maps) = ("0".to_owned(), numbers.one_in(2));
    let mut authorities = vec![Authority::root(&name)];
    for number in 0..=numbers.below(3) {
        // An authority that signs itself a new key keeps its name.
        name = if numbers.one_in(4) { name } else { (number + 1).to_string() };
        let signer = authorities.last().unwrap();
        authorities.push(signer.authorizes(&name, with(numbers.extensions(maps, !maps))));
    }
    let leaf = authorities.last().unwrap().issues(with(numbers.extensions(false, !maps)));
    let ders = authorities.iter().map(Authority::der).chain([leaf]);
    ders.map(|der| der.to_vec()).collect()
}

fn ours(chain: &[Vec<u8>]) -> bool {
    let read: Vec<_> = chain[1..].iter().map(|der| read(&der.clone().into())).collect();
    let (leaf, issuers) = read.split_last().unwrap();
    hold(issuers.iter(), leaf).is_ok()
}

/// What the command says, or None where there is none.
fn theirs(chain: &[Vec<u8>]) -> Option<bool> {
    let directory = env::temp_dir().join(format!("policies-{}", process::id()));
    fs::create_dir_all(&directory).unwrap();
    let file = |name: &str, ders: &[Vec<u8>]| {
        let pem = ders.iter().map(|der| openssl::x509::X509::from_der(der).unwrap());
        let pem: Vec<u8> = pem.flat_map(|certificate| certificate.to_pem().unwrap()).collect();
        fs::write(directory.join(name), pem).unwrap();
        directory.join(name)
    };
    let (leaf, issuers) = chain[1..].split_last().unwrap();
    let verdict = Command::new("openssl")
        .args(["verify", "-no_check_time", "-policy_check", "-policy", "2.5.29.32.0"])
        .arg("-trusted")
        .arg(file("anchor", &chain[..1]))
        .arg("-untrusted")
        .arg(file("issuers", issuers))
        .arg(file("leaf", std::slice::from_ref(leaf)))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    fs::remove_dir_all(&directory).unwrap();
    verdict.ok().map(|status| status.success())
}

#[test]
fn the_openssl_command_says_the_same_of_generated_chains() {
    let (mut numbers, mut good) = (Numbers(0x0dd_ba11), 0);
    let chains = env::var("POLICY_CHAINS").map_or(100, |number| number.parse().unwrap());
    for number in 0..chains {
        let chain = chain(&mut numbers);
        let Some(theirs) = theirs(&chain) else {
            eprintln!("there is no openssl command: no policies were compared");
            return;
        };
        assert_eq!(ours(&chain), theirs, "chain {number}");
        good += usize::from(theirs);
    }
    assert!((chains / 10..chains - chains / 10).contains(&good), "{good} of {chains} are good");
}

/// The verdict on issuers of these names and extensions, from the anchor down, and on a leaf.
fn holds<const N: usize>(
    issuers: [(&str, Vec<CustomExtension>); N],
    leaf: CustomExtension,
) -> bool {
    let mut authorities = vec![Authority::root("Root")];
    for (name, extensions) in issuers {
        let edit = |authority: &mut CertificateParams| authority.custom_extensions = extensions;
        authorities.push(authorities.last().unwrap().authorizes(name, edit));
    }
    let leaf = authorities.last().unwrap().issues(|parameters| {
        parameters.custom_extensions = vec![leaf];
        if N == 1 {
            // As self-issued as a leaf can be.
            parameters.distinguished_name = rcgen::DistinguishedName::new();
            parameters.distinguished_name.push(rcgen::DnType::CountryName, "GB");
            parameters.distinguished_name.push(rcgen::DnType::CommonName, "Upper");
        }
    });
    let ders = authorities.iter().map(Authority::der).chain([leaf]);
    ours(&ders.map(|der| der.to_vec()).collect::<Vec<_>>())
}

/// An issuer with a policy, which demands one below, and what it demands besides.
fn demanding(policy: &[u8], besides: &[CustomExtension]) -> (&'static str, Vec<CustomExtension>) {
    let own = [named(policy), extension(36, sequence(&[0x80, 1, 0]))];
    ("Upper", [&own, besides].concat())
}

fn inhibits_any(skip: u8) -> CustomExtension {
    extension(54, vec![2, 1, skip])
}

fn maps(from: &[u8], to: &[u8]) -> CustomExtension {
    extension(33, sequence(&sequence(&[from, to].concat())))
}

#[test]
fn a_mapped_policy_takes_the_place_of_the_one_it_is_mapped_from() {
    let lower = |from| ("Lower", vec![named(&POLICY), maps(from, &OTHER)]);
    assert!(holds([demanding(&POLICY, &[]), lower(&POLICY)], named(&OTHER)));
    assert!(!holds([demanding(&POLICY, &[]), lower(&POLICY)], named(&POLICY)));
    assert!(!holds([demanding(&POLICY, &[]), lower(&THIRD)], named(&OTHER)));
    let inhibited = sequence(&[0x80, 1, 0, 0x81, 1, 0]);
    let upper = ("Upper", vec![named(&POLICY), extension(36, inhibited)]);
    assert!(!holds([upper, lower(&POLICY)], named(&OTHER)));
}

#[test]
fn what_was_demanded_is_demanded_whatever_an_issuer_below_says() {
    let lower = ("Lower", vec![named(&POLICY), extension(36, sequence(&[0x80, 1, 2]))]);
    assert!(!holds([demanding(&POLICY, &[]), lower], named(&OTHER)));
}

#[test]
fn any_policy_is_none_where_it_is_inhibited() {
    for (skip, expected) in [(0, false), (1, true)] {
        let upper = || demanding(&POLICY, &[inhibits_any(skip)]);
        assert_eq!(holds([upper()], named(&ANY)), expected, "{skip}, a leaf");
        let lower = || vec![named(&ANY)];
        assert_eq!(holds([upper(), ("Lower", lower())], named(&POLICY)), expected, "{skip}");
        // An authority that signed itself a new key.
        assert!(holds([upper(), ("Upper", lower())], named(&POLICY)), "{skip}, self-issued");
    }
}

#[test]
fn a_policy_is_not_named_by_mapping_any_policy_where_that_is_inhibited() {
    for (skip, expected) in [(0, false), (1, true)] {
        let lower = ("Lower", vec![named(&ANY), maps(&POLICY, &POLICY)]);
        let upper = demanding(&ANY, &[inhibits_any(skip)]);
        assert_eq!(holds([upper, lower], named(&POLICY)), expected, "{skip}");
    }
}

#[test]
fn malformed_policies_of_any_kind_do_not_hold() {
    let policy = sequence(&POLICY);
    let pair = |one: &[u8], other: &[u8]| sequence(&sequence(&[one, other].concat()));
    for (what, arc, value) in [
        ("no policy", 32, sequence(&[])),
        ("a policy twice", 32, sequence(&policy.repeat(2))),
        ("no mapping", 33, sequence(&[])),
        ("from any policy", 33, pair(&ANY, &POLICY)),
        ("to any policy", 33, pair(&POLICY, &ANY)),
        ("no mapping at all", 33, vec![5, 0]),
        ("no constraint", 36, sequence(&[])),
        ("no constraint at all", 36, vec![5, 0]),
        ("no number", 54, vec![5, 0]),
    ] {
        let root = Authority::root("Root");
        let authority = root.authorizes("Authority", |parameters| {
            parameters.custom_extensions = vec![extension(arc, value)];
        });
        let chain = [root.der(), authority.der(), authority.issues(|_| {})];
        assert!(!ours(&chain.map(|der| der.to_vec())), "{what}");
    }
}

/// The DER of identifiers.
const ANY: [u8; 6] = [6, 4, 0x55, 0x1d, 0x20, 0];
const OTHER: [u8; 4] = [6, 2, 0x2a, 2];
const POLICY: [u8; 4] = [6, 2, 0x2a, 1];
const THIRD: [u8; 4] = [6, 2, 0x2a, 3];
