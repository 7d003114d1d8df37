use std::sync::LazyLock;
use std::{env, fs, process};

use super::*;
use crate::cert::test_pki::{ISSUING, ROOT};

static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = env::temp_dir().join(format!("config-trust-{}", process::id()));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("root.der"), ROOT.der()).unwrap();
    fs::write(folder.join("issuing.der"), ISSUING.der()).unwrap();
    fs::write(folder.join("root.crl"), ROOT.lists(|_| {})).unwrap();
    folder
});

/// `[trust]` with an anchor, a list, and these lines.
fn trust(lines: &str) -> Result<Trust, String> {
    let text = format!("anchors = [\"root.der\"]\n{lines}");
    toml::from_str(&text).map_err(|error| error.to_string())
}

/// What is wrong with these lines, once the files are read.
fn error(lines: &str) -> String {
    let trust = match trust(lines) {
        Ok(trust) => trust,
        Err(error) => return error,
    };
    Files(&FOLDER)
        .material("trust", &trust)
        .err()
        .map(|error| error.to_string())
        .unwrap_or_default()
}

#[test]
fn a_key_without_effect_is_a_mistake() {
    for (lines, key) in [
        ("revocation = \"off\"\npolicy = \"hard-fail\"", "trust.policy: has no effect"),
        ("revocation = \"off\"\nfetch = true", "trust.fetch: has no effect"),
        ("revocation = \"off\"\nocsp_hash = \"sha1\"", "trust.ocsp_hash: has no effect"),
        ("revocation = \"crl\"", "trust.crls: no revocation list"),
        ("revocation = \"crl\"\ncrls = [\"root.crl\"]\nmax_stale = 5", "trust.max_stale"),
        (
            "revocation = \"crl\"\nfetch = true\npolicy = \"hard-fail\"\nmax_stale = 5",
            "trust.max_stale",
        ),
        ("revocation = \"crl\"\nfetch = true\nocsp_hash = \"sha256\"", "trust.ocsp_hash"),
        ("revocation = \"ocsp\"", "trust.fetch: must be true"),
        ("revocation = \"crl+ocsp\"\ncrls = [\"root.crl\"]", "trust.fetch: must be true"),
        ("revocation = \"ocsp\"\nfetch = true\ncrls = [\"root.crl\"]", "trust.crls"),
        (
            "revocation = \"crl\"\ncrls = [\"root.crl\"]\nfetch_only_hosts = []",
            "trust.fetch_only_hosts: has no effect",
        ),
        (
            "revocation = \"crl\"\ncrls = [\"root.crl\"]\nfetch_allow_ports = [8080]",
            "trust.fetch_allow_ports: has no effect",
        ),
        ("revocation = \"crls\"", "unknown variant"),
        ("revocation = \"crl\"\npolicy = \"soft\"", "unknown variant"),
        ("revocation = \"crl\"\nfetches = true", "unknown field"),
    ] {
        let said = error(lines);
        assert!(said.contains(key), "{lines}: {said}");
    }
}

#[test]
fn what_can_be_told_is_taken() {
    assert_eq!(error("revocation = \"off\""), "");
    assert_eq!(error("revocation = \"crl\"\ncrls = [\"root.crl\"]"), "");
    let soft = "policy = \"soft-fail\"\nmax_stale = 5";
    assert_eq!(error(&format!("revocation = \"crl\"\ncrls = [\"root.crl\"]\n{soft}")), "");
    if cfg!(not(feature = "fetch")) {
        let said = error("revocation = \"crl\"\nfetch = true");
        assert!(said.contains("feature `fetch`"), "{said}");
        return;
    }
    for lines in [
        "revocation = \"crl\"\nfetch = true",
        "revocation = \"ocsp\"\nfetch = true\nocsp_hash = \"sha256\"",
        "revocation = \"crl+ocsp\"\nfetch = true\ncrls = [\"root.crl\"]\n\
         fetch_only_hosts = [\"ca.example\"]\nfetch_allow_hosts = [\"ca.example\"]\n\
         fetch_allow_networks = [\"10.0.0.0/8\"]\nfetch_allow_ports = [8080]\n\
         ocsp_responders = [{ issuer = \"root.der\", certificate = \"issuing.der\" }]",
    ] {
        assert_eq!(error(lines), "", "{lines}");
    }
}

#[test]
#[cfg(feature = "fetch")]
fn files_and_networks_that_cannot_be_read_are_named_by_their_key() {
    for (lines, key) in [
        ("fetch_allow_networks = [\"10.0.0.0/33\"]", "trust.fetch_allow_networks: `10.0.0.0/33`"),
        ("crls = [\"root.der\"]", "trust.crls"),
        ("crls = [\"none.crl\"]", "trust.crls"),
        (
            "ocsp_responders = [{ issuer = \"root.crl\", certificate = \"issuing.der\" }]",
            "trust.ocsp_responders",
        ),
        (
            "ocsp_responders = [{ issuer = \"root.der\", certificate = \"root.crl\" }]",
            "trust.ocsp_responders",
        ),
        ("ocsp_responders = [{ certificate = \"issuing.der\" }]", "missing field `issuer`"),
    ] {
        let said = error(&format!("revocation = \"crl+ocsp\"\nfetch = true\n{lines}"));
        assert!(said.contains(key), "{lines}: {said}");
    }
}

#[test]
fn the_policy_is_hard_fail_unless_it_is_written_down() {
    let policy = |lines: &str| trust(&format!("revocation = \"crl\"\n{lines}")).unwrap().policy();
    let soft = |seconds| RevocationPolicy::SoftFail { max_stale: Duration::from_secs(seconds) };
    assert_eq!(policy(""), RevocationPolicy::HardFail);
    assert_eq!(policy("policy = \"hard-fail\""), RevocationPolicy::HardFail);
    assert_eq!(policy("policy = \"soft-fail\""), soft(86_400));
    assert_eq!(policy("policy = \"soft-fail\"\nmax_stale = 60"), soft(60));
    assert_eq!(policy("policy = \"allow-soft-fail-open\""), RevocationPolicy::SoftFailOpen);
}
