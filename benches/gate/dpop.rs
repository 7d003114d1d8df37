//! What a proof costs beside the raw verification of its signature, whose key comes with it.

use std::convert::Infallible;
use std::hint::black_box;
use std::time::{Duration, Instant};

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, Uri};
use serde_json::json;
use tower::{Layer, Service, service_fn};
use tower_open_banking::body::Body;
use tower_open_banking::gate::{Gate, Passport, Rule, Verdict};
use tower_open_banking::jose::Thumbprint;
use tower_open_banking::reject::OAuth;
use tower_open_banking::replay::MemoryReplayStore;
use tower_open_banking::token::dpop::{DPOP, DpopProofs, ExternalOrigin, NewProof, VerifyDpop};
use tower_open_banking::token::{AccessToken, TokenSchemes};

use super::kernel::now;
use super::support::bank::Preset;
use super::support::bank::{TOKEN_KEY, bank};
use super::support::clock;
use super::support::payment::{BoundTo, Payment};

const ORIGIN: &str = "https://api.bank.example";

/// A client whose key is of ES256, with its token as the gate has verified it.
struct Client {
    head: Parts,
    token: String,
    passport: Passport,
}

impl Client {
    fn new() -> Self {
        let mut payment = Payment::good(Preset::Fapi1, "key");
        payment.bound_to = BoundTo::Nothing;
        let jkt = Thumbprint::of_key(TOKEN_KEY.key.public_key()).to_string();
        payment.claim("cnf", json!({ "jkt": jkt }));
        let token = payment.token().unwrap();
        let value = HeaderValue::try_from(format!("DPoP {token}")).unwrap();
        let mut request = payment.request();
        request.headers_mut().insert(AUTHORIZATION, value);
        let head = request.into_parts().0;
        let verify = bank().token.under(TokenSchemes::Dpop);
        let gate = Gate::new(OAuth::default()).clock(clock).then(verify).build().unwrap();
        let handler = service_fn(|request: Request<Body>| async move {
            let mut response = Response::new(Body::empty());
            let passport = Passport::of(request.extensions()).cloned();
            response.extensions_mut().insert(passport);
            Ok::<_, Infallible>(response)
        });
        let request = Request::from_parts(head.clone(), Body::empty());
        let Ok(response) = now(gate.layer(handler).call(request));
        let passport = response.extensions().get::<Option<Passport>>().cloned().flatten().unwrap();
        Self { head, token, passport }
    }

    /// The request with a proof of its own.
    fn proved(&self) -> Parts {
        let uri: Uri = format!("{ORIGIN}{}", self.head.uri.path()).parse().unwrap();
        let proof = NewProof::of(Method::POST, &uri, clock()).beside(&self.token);
        let mut head = self.head.clone();
        head.headers.insert(DPOP, proof.sign(&TOKEN_KEY.key, TOKEN_KEY.algorithm()).unwrap());
        head
    }
}

/// Three contenders in turns, in one run: the signature alone with its key at hand, the signature
/// with the key read first, and the rule, with its claim in the store.
pub fn print() {
    let client = Client::new();
    let token = client.passport.find::<AccessToken>().unwrap();
    let origin = ExternalOrigin::parse(ORIGIN).unwrap();
    let store = MemoryReplayStore::with_capacity(1_000_000);
    let rule = VerifyDpop::by(DpopProofs::at(origin, store));
    let parse = || {
        let spki = black_box(TOKEN_KEY.key.public_key().spki());
        ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, spki).unwrap()
    };
    let key = parse();
    let mut times: [Vec<Duration>; 3] = Default::default();
    for round in 0..ROUNDS + WARM_UP {
        let mut head = client.proved();
        let proof = head.headers[DPOP].to_str().unwrap().to_owned();
        let (input, signature) = proof.rsplit_once('.').unwrap();
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
        let timed = |run: &mut dyn FnMut()| {
            let start = Instant::now();
            run();
            start.elapsed()
        };
        let took = [
            timed(&mut || key.verify_sig(input.as_bytes(), &signature).unwrap()),
            timed(&mut || parse().verify_sig(input.as_bytes(), &signature).unwrap()),
            timed(&mut || {
                let verdict = rule.check(token, &mut head, client.passport.context());
                let Verdict::Later(waiting) = verdict else { unreachable!("the store is asked") };
                assert!(black_box(now(waiting)).is_ok());
            }),
        ];
        if round >= WARM_UP {
            times.iter_mut().zip(took).for_each(|(times, took)| times.push(took));
        }
    }
    println!("\nES256 proof, {ROUNDS} interleaved rounds   median µs   minimum µs");
    let micros = |time: Duration| time.as_nanos() as f64 / 1000.0;
    let rows = times.map(|mut times| {
        times.sort_unstable();
        (micros(times[times.len() / 2]), micros(times[0]))
    });
    for (name, (median, minimum)) in
        ["raw verify", "raw verify, its key read first", "VerifyDpop"].into_iter().zip(rows)
    {
        println!("  {name:<32} {median:>9.2}    {minimum:>9.2}");
    }
    let [raw, with_key, whole] = rows;
    println!(
        "  ratio to the raw verification    {:>9.2}    {:>9.2}",
        whole.0 / raw.0,
        whole.1 / raw.1
    );
    println!(
        "  ratio with the key read first    {:>9.2}    {:>9.2}",
        whole.0 / with_key.0,
        whole.1 / with_key.1
    );
}

const ROUNDS: usize = 4000;
const WARM_UP: usize = 200;
