//! Services and certificates for tests: a QWAC of an issuing authority that is listed for websites.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use openssl::asn1::{Asn1Object, Asn1OctetString, Asn1Time};
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::x509::{X509Builder, X509Extension};
use rustls_pki_types::{CertificateDer, UnixTime};

use super::criteria::{Assert, CriteriaList, Criterion, UsageBit};
use super::qualifications::{Qualifications, Qualified};
use super::service::Identity;
use super::{ListEdition, Period, Purpose, Qualifier, Service, Status, TrustedServices};
use crate::cert::test_pki::{DAY, ISSUING, NOW, ROOT, read, with_key_usage};
use crate::cert::{Certificate, Issuer, Link, Path};
use crate::crypto::test_keys;
use crate::eidas::test_der::{claim, sequence};

static KEY: LazyLock<PKey<Private>> = LazyLock::new(test_keys::p256);

pub(in crate::eidas) fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

/// The statements of the certificate, and its notBefore.
pub(in crate::eidas) fn leaf(statements: &[Vec<u8>], not_before: u64) -> Arc<Certificate> {
    let der = ISSUING.issues_by_openssl(&KEY, MessageDigest::sha256(), |builder| {
        let start = Asn1Time::from_unix(not_before.try_into().unwrap()).unwrap();
        builder.set_not_before(&start).unwrap();
        with_key_usage(builder);
        extend(builder, "1.3.6.1.5.5.7.1.3", &sequence(statements));
    });
    Arc::new(read(&der))
}

pub(in crate::eidas) fn extend(builder: &mut X509Builder, oid: &str, value: &[u8]) {
    let oid = Asn1Object::from_str(oid).unwrap();
    let value = Asn1OctetString::new_from_bytes(value).unwrap();
    builder.append_extension2(&X509Extension::new_from_der(&oid, false, &value).unwrap()).unwrap();
}

pub(in crate::eidas) fn compliance() -> Vec<u8> {
    claim("0.4.0.1862.1.1")
}

/// From a certificate through these authorities, the issuing one first.
pub(in crate::eidas) fn path(
    certificate: &Arc<Certificate>,
    authorities: &[CertificateDer<'_>],
) -> Path {
    let mut certificate = certificate.clone();
    let mut links = Vec::new();
    for authority in authorities {
        let authority = Arc::new(read(authority));
        links.push(Link { certificate, issuer: Arc::new(Issuer::of(&authority)) });
        certificate = authority;
    }
    Path::assertion(links)
}

/// The path of every certificate here.
pub(in crate::eidas) fn own_path(certificate: &Arc<Certificate>) -> Path {
    path(certificate, &[ISSUING.der(), ROOT.der()])
}

pub(in crate::eidas) fn listed(
    certificate: &CertificateDer<'_>,
    history: impl IntoIterator<Item = Period>,
) -> Service {
    Service {
        territory: "PT".to_owned(),
        provider: "Provider".to_owned(),
        name: "Service".to_owned(),
        kind: "http://uri.etsi.org/TrstSvc/Svctype/CA/QC".to_owned(),
        identities: vec![Identity::of(certificate.to_vec()).unwrap()],
        history: history.into_iter().collect(),
    }
}

/// Granted for websites.
pub(in crate::eidas) fn granted(since: u64) -> Period {
    Period {
        status: Status::Granted,
        since: at(since),
        purposes: vec![Purpose::WebSiteAuthentication],
        root: false,
        qualifications: Qualifications::default(),
        unreliable: None,
    }
}

pub(in crate::eidas) fn withdrawn(since: u64) -> Period {
    Period { status: Status::Withdrawn, ..granted(since) }
}

/// Granted for seals.
pub(in crate::eidas) fn for_seals(since: u64) -> Period {
    Period { purposes: vec![Purpose::Seals], ..granted(since) }
}

/// Qualifiers for every certificate that may sign, as all here.
pub(super) fn with(qualifiers: &[Qualifier], period: Period) -> Period {
    qualifying(qualifiers, (UsageBit::DigitalSignature, true), period)
}

/// Qualifiers for no certificate here.
pub(super) fn with_for_others(qualifiers: &[Qualifier], period: Period) -> Period {
    qualifying(qualifiers, (UsageBit::DigitalSignature, false), period)
}

fn qualifying(qualifiers: &[Qualifier], bit: (UsageBit, bool), mut period: Period) -> Period {
    let criteria = vec![Criterion::KeyUsage(vec![bit])];
    let of = CriteriaList { assert: Assert::All, criteria };
    period.qualifications.0.push(Qualified { qualifiers: qualifiers.to_vec(), of });
    period
}

pub(in crate::eidas) fn edition(territory: &str, sequence: u64, next_update: u64) -> ListEdition {
    ListEdition {
        territory: territory.to_owned(),
        sequence,
        issued: at(NOW - DAY),
        next_update: at(next_update),
        signer: String::new(),
    }
}

/// Imported an hour ago.
pub(in crate::eidas) fn services(services: Vec<Service>) -> TrustedServices {
    services_of(vec![edition("EU", 7, NOW + 90 * DAY), edition("PT", 7, NOW + 60 * DAY)], services)
}

pub(in crate::eidas) fn services_of(
    lists: Vec<ListEdition>,
    services: Vec<Service>,
) -> TrustedServices {
    TrustedServices::new(at(NOW - 3600), lists, services).unwrap()
}
