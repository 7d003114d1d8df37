//! Whether a certificate is on a list, by the length of the list.
//!
//! The verdict is asked for where only the word of the lists is out of date: the path and the
//! certificates are at hand, the list is looked at anew each time. webpki, beside it, judges the
//! path of the same certificate with the same list, which it also verifies anew each time.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use divan::Bencher;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, IsCa, Issuer,
    KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber,
};
use rustls_pki_types::{CertificateDer, UnixTime};
use tower_open_banking::cert::{Anchors, Certificate, Trust};
use tower_open_banking::crypto::webpki_algorithms;
use tower_open_banking::gate::Verdict;
use tower_open_banking::revocation::{Revocation, RevocationPolicy};
use webpki::{
    CertRevocationList, EndEntityCert, KeyUsage, OwnedCertRevocationList, RevocationOptionsBuilder,
    anchor_from_trusted_cert,
};

const SERIALS: [u64; 4] = [1_000, 10_000, 100_000, 1_000_000];

/// An authority, a client of it that is not revoked, and its list, which is out of date.
struct Listed {
    authority: CertificateDer<'static>,
    client: CertificateDer<'static>,
    list: Vec<u8>,
}

impl Listed {
    fn with(serials: u64) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let authority = parameters.self_signed(&key).unwrap().der().clone();
        let issuer = Issuer::from_params(&parameters, &key);
        let mut client = CertificateParams::default();
        client.serial_number = Some(serial(u64::MAX));
        client.use_authority_key_identifier_extension = true;
        let client_key = KeyPair::generate().unwrap();
        let client = client.signed_by(&client_key, &issuer).unwrap().der().clone();
        let entry = |number: u64| RevokedCertParams {
            serial_number: serial(number),
            revocation_time: date(START + number % 10_000_000),
            reason_code: None,
            invalidity_date: None,
        };
        let list = CertificateRevocationListParams {
            this_update: date(START),
            next_update: date(START + 86_400),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: (0..serials).map(entry).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let list = list.signed_by(&issuer).unwrap().der().to_vec();
        Self { authority, client, list }
    }
}

/// The verdict with the list looked at anew.
#[divan::bench(args = SERIALS)]
fn verdict_by_list(bencher: Bencher<'_, '_>, serials: u64) {
    let listed = Listed::with(serials);
    let revocation = Revocation::by_lists([listed.list]).unwrap();
    // A word that is out of date serves for seconds, after which it is looked for anew.
    let max_stale = Duration::from_secs(1 << 40);
    let revocation = revocation.under(RevocationPolicy::SoftFail { max_stale });
    let trust = Trust::transport(Anchors::of([listed.authority]).unwrap(), revocation);
    let client = Arc::new(Certificate::from_der(&listed.client).unwrap());
    let mut now = START + 2 * 86_400;
    let mut judge = move || {
        now += 31;
        let verdict = trust.judge(&client, &[], at(now));
        assert!(matches!(verdict, Verdict::Now(Ok(_))));
        verdict
    };
    // The first one verifies the list.
    drop(judge());
    bencher.bench_local(move || black_box(judge()));
}

/// The verdict from memory.
#[divan::bench]
fn verdict_remembered(bencher: Bencher<'_, '_>) {
    let listed = Listed::with(1_000);
    let revocation = Revocation::by_lists([listed.list]).unwrap();
    let trust = Trust::transport(Anchors::of([listed.authority]).unwrap(), revocation);
    let client = Arc::new(Certificate::from_der(&listed.client).unwrap());
    let judge = || {
        let verdict = trust.judge(&client, &[], at(START + 60));
        assert!(matches!(verdict, Verdict::Now(Ok(_))));
        verdict
    };
    drop(judge());
    bencher.bench_local(|| black_box(judge()));
}

/// The list, taken and verified by the first verdict.
#[divan::bench(args = SERIALS, sample_count = 5, sample_size = 1)]
fn first_verdict(bencher: Bencher<'_, '_>, serials: u64) {
    let listed = Listed::with(serials);
    let client = Arc::new(Certificate::from_der(&listed.client).unwrap());
    bencher
        .with_inputs(|| (listed.list.clone(), Anchors::of([listed.authority.clone()]).unwrap()))
        .bench_local_values(|(list, anchors)| {
            let revocation = Revocation::by_lists([list]).unwrap();
            let trust = Trust::transport(anchors, revocation);
            let verdict = trust.judge(&client, &[], at(START + 60));
            assert!(matches!(verdict, Verdict::Now(Ok(_))));
            trust
        });
}

#[divan::bench(args = SERIALS, max_time = 5)]
fn webpki_path_and_list(bencher: Bencher<'_, '_>, serials: u64) {
    let listed = Listed::with(serials);
    let list: CertRevocationList<'_> =
        OwnedCertRevocationList::from_der(&listed.list).unwrap().into();
    let (lists, anchors) = ([&list], [anchor_from_trusted_cert(&listed.authority).unwrap()]);
    let client = EndEntityCert::try_from(&listed.client).unwrap();
    bencher.bench_local(|| {
        let options = RevocationOptionsBuilder::new(&lists).unwrap().build();
        let path = client.verify_for_usage(
            webpki_algorithms(),
            &anchors,
            &[],
            at(START + 60),
            KeyUsage::client_auth(),
            Some(options),
            None,
        );
        black_box(path).unwrap();
    });
}

/// Sixteen octets, as random as those of an authority.
fn serial(number: u64) -> SerialNumber {
    let mix = |number: u64| {
        let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        number ^ (number >> 31)
    };
    let high = mix(number.wrapping_add(0x9e37_79b9_7f4a_7c15)) >> 1 | 1 << 62;
    SerialNumber::from([high.to_be_bytes(), mix(high).to_be_bytes()].concat())
}

fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

fn date<T: From<SystemTime>>(seconds: u64) -> T {
    (SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)).into()
}

/// 2026-06-01T12:00:00Z; a certificate of rcgen's is in its time from 1975 to 4096.
const START: u64 = 1_780_315_200;
