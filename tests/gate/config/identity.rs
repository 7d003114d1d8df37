//! Providers identified by the trusted lists, from the file of the import to the answer.

use std::fs;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use tower_open_banking::cert::time::to_rfc3339;
use tower_open_banking::eidas::trusted_list::TrustedServices;
use tower_open_banking::pki_types::UnixTime;

use super::{FILES, error, good, open, set};
use crate::support::bank::{App, Preset};
use crate::support::payment::Payment;
use crate::support::pki;
use crate::support::{NOW, clock};

const DAY: u64 = 86_400;
const YEAR_2026: u64 = 1_767_225_600;

/// The file of an import of an hour ago, by which the authority of the tests has this status since.
fn services(status: &str, since: u64) -> String {
    let time =
        |seconds| to_rfc3339(UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds)));
    let list = |territory: &str| {
        serde_json::json!({
            "territory": territory,
            "sequence": 7,
            "issued": time(NOW - 10 * DAY),
            "next_update": time(NOW + 90 * DAY),
            "signer": "",
        })
    };
    let period = |status: &str, since| {
        serde_json::json!({
            "status": status,
            "since": time(since),
            "purposes": ["ForWebSiteAuthentication", "ForeSeals"],
        })
    };
    let file = serde_json::json!({
        "format": 1,
        "imported_at": time(NOW - 3600),
        "lists": [list("EU"), list("PT")],
        "services": [{
            "territory": "PT",
            "provider": "Provider",
            "name": "Service",
            "type": "http://uri.etsi.org/TrstSvc/Svctype/CA/QC",
            "identities": [BASE64_STANDARD.encode(pki::anchor())],
            "history": [period(status, since), period("granted", YEAR_2026)],
        }],
    });
    file.to_string()
}

/// The configuration of a preset that asks the trusted lists in this file.
fn qualified(preset: Preset, file: &str, content: &str) -> toml::Table {
    fs::write(FILES.join(file), content).unwrap();
    let mut table = good(preset);
    set(&mut table, "identity.policy", "eu-qualified");
    set(&mut table, "identity.trusted_services", file);
    table
}

async fn status(app: &App, preset: Preset) -> u16 {
    app.answer(Payment::good(preset, "key-1").request()).await.status.as_u16()
}

#[tokio::test]
async fn a_client_of_a_service_that_is_granted_pays_until_it_is_withdrawn() {
    for preset in [Preset::Berlin, Preset::Uk314] {
        let file = format!("granted-{}.json", preset.name());
        let setup = open(qualified(preset, &file, &services("granted", YEAR_2026))).unwrap();
        let app = App::behind(setup.payments().clock(clock));
        assert_eq!(status(&app, preset).await, 201, "{preset:?}");
        let withdrawn = services("withdrawn", NOW - DAY);
        let withdrawn = TrustedServices::from_json(withdrawn.as_bytes()).unwrap();
        setup.qualified_services().unwrap().replace(withdrawn).unwrap();
        let answer = app.answer(Payment::good(preset, "key-2").request()).await;
        assert_eq!(answer.status, 401, "{preset:?}");
        assert_eq!(answer.reason().unwrap().0.code(), "certificate_not_qualified");
    }
}

#[tokio::test]
async fn an_import_that_is_too_old_is_the_banks_fault() {
    let mut table = qualified(Preset::Berlin, "old.json", &services("granted", YEAR_2026));
    set(&mut table, "identity.max_age", 3599);
    let app = App::behind(open(table).unwrap().payments().clock(clock));
    assert_eq!(status(&app, Preset::Berlin).await, 503);
}

#[test]
fn the_keys_of_an_identity_go_together() {
    let said = |preset, keys: &[(&'static str, toml::Value)]| {
        error(preset, |table| keys.iter().for_each(|(key, value)| set(table, key, value.clone())))
    };
    let policy = || ("identity.policy", "eu-qualified".into());
    let only = "only with policy = \"eu-qualified\"";
    for key in ["identity.max_age", "identity.allow_stale"] {
        assert_eq!(said(Preset::Uk314, &[(key, 1.into())]), format!("{key}: {only}"));
    }
    let file = || ("identity.trusted_services", "empty".into());
    assert_eq!(said(Preset::Berlin, &[file()]), format!("identity.trusted_services: {only}"));
    let due = "identity.trusted_services: due with policy = \"eu-qualified\"";
    assert_eq!(said(Preset::Uk314, &[policy()]), due);
    let unread = said(Preset::Uk314, &[policy(), file()]);
    assert!(unread.ends_with("not a file of trusted services"), "{unread}");
    let nobody = [("identity.policy", "uk-directory".into())];
    assert_eq!(said(Preset::Fapi1, &nobody), "identity.policy: the profile has no roles");
}
