//! The trusted lists of 2019, as another implementation judged them.

use std::{collections::BTreeMap, fs};

use serde_json::{Value, json};
use tower_open_banking::cert::time::{from_rfc3339, to_rfc3339};
use tower_open_banking::crypto::sha256;
use tower_open_banking::eidas::trusted_list::{
    Import, ListKind, Pointer, Purpose, Service, SignatureError, SignedList, Status, TrustedList,
};
use tower_open_banking::pki_types::CertificateDer;

use super::{cases, corpus, hex, say};

#[test]
fn trusted_lists_are_read_and_judged_as_expected() {
    let Some(directory) = corpus("trusted-lists") else { return };
    let lotl = TrustedList::read(&fs::read(directory.join("EU.xml")).unwrap()).unwrap();
    let cases = cases(&directory);
    for case in &cases {
        let name = case["name"].as_str().unwrap();
        let bytes = fs::read(directory.join(name)).unwrap();
        let list = TrustedList::read(&bytes);
        assert_eq!(list.is_ok(), case["parses"].as_bool().unwrap(), "{name}");
        let Ok(list) = list else { continue };
        let (actual, expected) = (facts(&list), case.as_object().unwrap());
        for (fact, value) in actual.as_object().unwrap() {
            assert_eq!(expected[fact], *value, "{name}: {fact}");
        }
        let signers = signers(&list, &lotl);
        let listed =
            signers.iter().any(|signer| hex(&sha256(signer)) == case["signer_cert_sha256"]);
        if let Some(expected) = case.get("signer_listed_in_lotl") {
            assert_eq!(*expected, listed, "{name}");
        }
        match (case["signature_valid"].as_bool(), SignedList::verify(&bytes, &signers)) {
            (Some(true), Ok(signed)) => {
                assert_eq!(hex(signed.signer().thumbprint()), case["signer_cert_sha256"]);
            }
            (Some(false), Err(SignatureError::Digest(_))) => {
                assert_eq!(case["signature_failure"], "InvalidDigest");
            }
            (None, Err(SignatureError::Missing)) => {}
            (expected, other) => panic!("{name}: {expected:?}, not {other:?}"),
        }
    }
    say(format_args!("trusted-lists: {} of {} equal", cases.len(), cases.len()));
}

#[test]
fn the_lists_are_imported_at_their_time() {
    let Some(directory) = corpus("trusted-lists") else { return };
    let read = |name: &str| fs::read(directory.join(name)).unwrap();
    let lotl = read("EU.xml");
    let signers = signers_of_lists(&TrustedList::read(&lotl).unwrap());
    let lists = || {
        ["CY.xml", "CZ_empty.xml", "FI.xml", "IE.xml", "PT.xml"]
            .map(|name| (name.to_owned(), read(name)))
    };
    let at = |time| Import::trusting(signers.clone(), from_rfc3339(time).unwrap());
    let imported = at("2019-10-01T00:00:00Z").run(&lotl, lists()).unwrap();
    let services = imported.services();
    let territories: Vec<_> = services.lists().iter().map(|list| list.territory()).collect();
    assert_eq!(territories, ["EU", "CY", "FI", "IE", "PT"]);
    assert_eq!(services.services().len(), 2 + 7 + 3 + 31);
    services.anchors(services.imported_at()).unwrap();
    // Every list is past its end in March 2020, and the list of lists with them.
    assert!(at("2020-03-05T00:00:00Z").run(&lotl, lists()).is_err());
}

/// The list of lists 226 is a pivot: its signer alone is known, and it announces that of 248.
#[test]
fn the_pivot_of_2018_leads_to_the_list_of_lists_of_2019() {
    let Some(directory) = corpus("trusted-lists") else { return };
    let read = |name: &str| fs::read(directory.join(name)).unwrap();
    let (pivot, lotl) = (read("tl_pivot_226_mp.xml"), read("EU.xml"));
    let signers = signers_of_lists(&TrustedList::read(&pivot).unwrap());
    let signer = SignedList::verify(&pivot, &signers).unwrap().signer().der().clone();
    let now = from_rfc3339("2019-10-01T00:00:00Z").unwrap();
    let by = |pivots: &[(&str, Vec<u8>)]| {
        let pivots = pivots.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.clone()));
        let import = Import::trusting([signer.clone()], now).pivots(pivots.collect::<Vec<_>>());
        import.run(&lotl, [("PT".to_owned(), read("PT.xml"))]).is_ok()
    };
    let unsigned = || ("247", read("tl_pivot_247_mp_no-sig.xml"));
    assert!(by(&[("226", pivot.clone())]) && by(&[unsigned(), ("226", pivot.clone())]));
    assert!(!by(&[]) && !by(&[unsigned()]));
}

fn facts(list: &TrustedList) -> Value {
    let services = list.services();
    let qualified = |service: &&Service| service.issues_qualified_certificates();
    let granted = |service: &&Service| {
        service.history().first().is_some_and(|now| *now.status() == Status::Granted)
    };
    let for_purpose = |purpose| {
        let is = |service: &&Service| service.history()[0].purposes().contains(&purpose);
        services.iter().filter(qualified).filter(granted).filter(is).count()
    };
    let certificates: std::collections::HashSet<_> =
        services.iter().filter(qualified).filter(granted).flat_map(Service::certificates).collect();
    let mut types = BTreeMap::new();
    for service in services {
        *types.entry(short(service.kind())).or_insert(0) += 1;
    }
    json!({
        "sequence_number": list.sequence().to_string(),
        "type": match list.kind() {
            ListKind::ListOfLists => "http://uri.etsi.org/TrstSvc/TrustedList/TSLType/EUlistofthelists",
            ListKind::National => "http://uri.etsi.org/TrstSvc/TrustedList/TSLType/EUgeneric",
            _ => "other",
        },
        "territory": list.territory(),
        "issued": to_rfc3339(list.issued()),
        "next_update": list.next_update().map(to_rfc3339),
        "version": list.version().to_string(),
        "tsp_count": list.providers(),
        "service_count": services.len(),
        "ca_qc_services": services.iter().filter(qualified).count(),
        "ca_qc_granted": services.iter().filter(qualified).filter(granted).count(),
        "ca_qc_granted_for_web": for_purpose(Purpose::WebSiteAuthentication),
        "ca_qc_granted_for_eseals": for_purpose(Purpose::Seals),
        "ca_qc_granted_distinct_certs": certificates.len(),
        "history_instances": services.iter().map(|service| service.history().len() - 1).sum::<usize>(),
        "service_types": types,
        "pointer_count": list.pointers().len(),
        "signature_count": list.signatures(),
    })
}

/// The last two parts of the URI of a type.
fn short(kind: &str) -> String {
    let parts: Vec<_> = kind.rsplitn(3, '/').collect();
    format!("{}/{}", parts[1], parts[0])
}

/// Those who may sign a list: as the list of lists says, or itself of the list of lists.
fn signers(list: &TrustedList, lotl: &TrustedList) -> Vec<CertificateDer<'static>> {
    if list.kind() == ListKind::ListOfLists {
        return signers_of_lists(list);
    }
    let own = |pointer: &&Pointer| pointer.territory() == list.territory() && pointer.is_xml();
    lotl.pointers().iter().filter(own).flat_map(|pointer| pointer.signers().to_vec()).collect()
}

fn signers_of_lists(list: &TrustedList) -> Vec<CertificateDer<'static>> {
    let own = |pointer: &&Pointer| pointer.kind() == ListKind::ListOfLists;
    list.pointers().iter().filter(own).flat_map(|pointer| pointer.signers().to_vec()).collect()
}
