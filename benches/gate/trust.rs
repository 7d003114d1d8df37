//! What a verdict on a certificate costs: from memory, for the first time, and among many anchors.

use std::hint::black_box;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use divan::Bencher;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyIdMethod, KeyPair,
    KeyUsagePurpose, PKCS_RSA_SHA256,
};
use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};
use tower_open_banking::cert::{Anchors, Certificate, Trust};
use tower_open_banking::crypto::webpki_algorithms;
use tower_open_banking::gate::Verdict;
use tower_open_banking::revocation::Revocation;
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};

/// Clients of an issuing authority below a root, all with RSA keys of 2048 bits.
struct Pki {
    root: CertificateDer<'static>,
    /// Of other keys: a hundred with the name of the root, then names of their own.
    others: Vec<CertificateDer<'static>>,
    chain: Vec<CertificateDer<'static>>,
    clients: Vec<Arc<Certificate>>,
}

static PKI: LazyLock<Pki> = LazyLock::new(Pki::new);

impl Pki {
    fn new() -> Self {
        let rsa = || KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
        let (root_key, other_key, issuing_key, client_key) = (rsa(), rsa(), rsa(), rsa());
        let root = authority("Root");
        let other = |number: u32| {
            let mut other = authority(&format!("Root {number}"));
            if number < 100 {
                other = authority("Root");
            }
            other.key_identifier_method = KeyIdMethod::PreSpecified(number.to_be_bytes().to_vec());
            other.self_signed(&other_key).unwrap().der().clone()
        };
        let below = |mut parameters: CertificateParams| {
            parameters.use_authority_key_identifier_extension = true;
            parameters
        };
        let (issuing, by_root) =
            (below(authority("Issuing")), Issuer::from_params(&root, &root_key));
        let by_issuing = Issuer::from_params(&issuing, &issuing_key);
        let client = |number: usize| {
            let mut client = below(named(&format!("Client {number}")));
            client.key_usages = vec![KeyUsagePurpose::DigitalSignature];
            let der = client.signed_by(&client_key, &by_issuing).unwrap().der().clone();
            Arc::new(Certificate::from_der(&der).unwrap())
        };
        Self {
            others: (1..1000).map(other).collect(),
            chain: vec![issuing.signed_by(&issuing_key, &by_root).unwrap().der().clone()],
            clients: (0..ROUNDS).map(client).collect(),
            root: root.self_signed(&root_key).unwrap().der().clone(),
        }
    }

    /// Trusts the root, as the last of so many.
    fn trust(&self, anchors: usize) -> Trust {
        let others = self.others.iter().take(anchors - 1).chain([&self.root]);
        Trust::transport(Anchors::of(others.cloned()).unwrap(), Revocation::danger_off())
    }

    fn judge(&self, trust: &Trust, client: &Arc<Certificate>) {
        let verdict = trust.judge(black_box(client), &self.chain, now());
        assert!(matches!(black_box(verdict), Verdict::Now(Ok(_))));
    }
}

fn authority(name: &str) -> CertificateParams {
    let mut parameters = named(name);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    parameters
}

fn named(name: &str) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters
}

fn now() -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(1_780_315_200))
}

/// The same path by webpki alone, with one anchor.
fn raw(anchor: &TrustAnchor<'_>, client: &Certificate) {
    let client = EndEntityCert::try_from(black_box(client.der())).unwrap();
    let (algorithms, anchors, chain) =
        (webpki_algorithms(), std::slice::from_ref(anchor), &PKI.chain);
    let usage = KeyUsage::client_auth();
    client.verify_for_usage(algorithms, anchors, chain, now(), usage, None, None).unwrap();
}

#[divan::bench]
fn webpki_alone(bencher: Bencher<'_, '_>) {
    let anchor = anchor_from_trusted_cert(&PKI.root).unwrap();
    bencher.bench_local(|| raw(&anchor, &PKI.clients[0]));
}

#[divan::bench(args = [1, 10, 100, 1000])]
fn first_verdict(bencher: Bencher<'_, '_>, anchors: usize) {
    let (trust, mut clients) = (PKI.trust(anchors), PKI.clients.iter().cycle());
    // Those of the first round are forgotten when the memory of the second is another one.
    let mut number = 0;
    let mut current = trust;
    bencher
        .with_inputs(|| {
            number += 1;
            if number % PKI.clients.len() == 0 {
                current = PKI.trust(anchors);
            }
            (current.clone(), clients.next().unwrap())
        })
        .bench_local_values(|(trust, client)| PKI.judge(&trust, client));
}

#[divan::bench]
fn remembered_verdict(bencher: Bencher<'_, '_>) {
    let trust = PKI.trust(1);
    PKI.judge(&trust, &PKI.clients[0]);
    bencher.bench_local(|| PKI.judge(&trust, &PKI.clients[0]));
}

/// Prints what one interleaved run takes, over webpki alone.
pub fn print() {
    let anchor = anchor_from_trusted_cert(&PKI.root).unwrap();
    let trusts = [1, 10, 100, 1000].map(|anchors| (anchors, PKI.trust(anchors)));
    let mut times = vec![Vec::new(); trusts.len() + 3];
    for client in &PKI.clients {
        let mut timed = |place: usize, run: &dyn Fn()| {
            let start = Instant::now();
            run();
            times[place].push(start.elapsed());
        };
        timed(0, &|| raw(&anchor, client));
        for (place, (_, trust)) in trusts.iter().enumerate() {
            timed(place + 1, &|| PKI.judge(trust, client));
        }
        let known = &trusts[0].1;
        timed(5, &|| (0..BATCH).for_each(|_| PKI.judge(known, client)));
        timed(6, &|| {
            for _ in 0..BATCH {
                let digest = tower_open_banking::crypto::sha256(black_box(client.der()));
                assert_eq!(digest, *client.thumbprint());
                PKI.judge(known, client);
            }
        });
    }
    let medians = times.iter_mut().map(|times| {
        times.sort_unstable();
        times[times.len() / 2].as_nanos() as f64 / 1000.0
    });
    let medians: Vec<_> = medians.collect();
    println!("\na path of two RSA signatures by webpki alone: median {:.1} µs", medians[0]);
    for ((anchors, _), median) in trusts.iter().zip(&medians[1..]) {
        let (raw, one) = (median / medians[0], median / medians[1]);
        println!(
            "first verdict, {anchors} anchors: {median:.1} µs, {raw:.2} x, {one:.2} x one anchor"
        );
    }
    let batch = f64::from(BATCH);
    println!("remembered verdict: {:.3} µs", medians[5] / batch);
    println!("remembered verdict, with the thumbprint: {:.3} µs", medians[6] / batch);
}

const BATCH: u32 = 100;
const ROUNDS: usize = 400;
