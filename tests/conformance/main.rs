//! The server-side modules of the OpenID FAPI conformance suite (5.2.4, plans FAPI1-Advanced-Final
//! and FAPI2-Security-Profile-Final), each by its own HTTP condition, against the example
//! `authorization_server`.
//!
//! The requests are made here, with OpenSSL alone: an error that the crate's own maker and reader of
//! JWTs share would show.
//!
//! ```text
//! cargo test --all-features --test conformance -- --nocapture
//! ```

mod authentication;
mod call;
mod discovery;
mod expect;
mod fapi1;
mod fapi2;
mod flow;
#[path = "../../examples/tpp/http.rs"]
mod http;
mod jwt;
mod module;
mod proofs;
mod pushed;
mod request;
mod resource;
#[allow(dead_code)]
#[path = "../../examples/authorization_server/mod.rs"]
mod server;
mod tls;
mod token;
mod uk;
mod variant;
mod world;

use module::run;
use variant::{FAPI1, FAPI2, MTLS, UK, Variant};

/// As a client of the server has it.
type Anything<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// How a module ends: with what was not as the suite wants it.
type Verdict = Anything<()>;

fn fapi1(variant: Variant, modules: usize) {
    run(
        variant,
        &[
            discovery::MODULES,
            fapi1::MODULES,
            token::MODULES,
            authentication::MODULES,
            pushed::MODULES,
        ],
        modules,
    );
}

fn fapi2(variant: Variant, modules: usize) {
    run(
        variant,
        &[
            discovery::MODULES,
            fapi2::MODULES,
            token::MODULES,
            authentication::MODULES,
            proofs::MODULES,
            pushed::MODULES,
        ],
        modules,
    );
}

#[test]
fn fapi1_private_key_jwt_by_value() {
    fapi1(FAPI1, 45);
}

#[test]
fn fapi1_private_key_jwt_by_value_jarm() {
    fapi1(FAPI1.jarm(), 45);
}

#[test]
fn fapi1_private_key_jwt_pushed() {
    fapi1(FAPI1.pushed(), 63);
}

#[test]
fn fapi1_private_key_jwt_pushed_jarm() {
    fapi1(FAPI1.pushed().jarm(), 63);
}

#[test]
fn fapi1_tls_client_auth_by_value() {
    fapi1(FAPI1.by(MTLS), 36);
}

#[test]
fn fapi1_tls_client_auth_by_value_jarm() {
    fapi1(FAPI1.by(MTLS).jarm(), 36);
}

#[test]
fn fapi1_tls_client_auth_pushed() {
    fapi1(FAPI1.by(MTLS).pushed(), 49);
}

#[test]
fn fapi1_tls_client_auth_pushed_jarm() {
    fapi1(FAPI1.by(MTLS).pushed().jarm(), 49);
}

#[test]
fn uk_private_key_jwt() {
    run(
        UK,
        &[discovery::MODULES, fapi1::MODULES, token::MODULES, authentication::MODULES, uk::MODULES],
        47,
    );
}

#[test]
fn uk_tls_client_auth() {
    run(
        UK.by(MTLS),
        &[discovery::MODULES, fapi1::MODULES, token::MODULES, authentication::MODULES, uk::MODULES],
        38,
    );
}

#[test]
fn fapi2_private_key_jwt_bound_to_certificates() {
    fapi2(FAPI2, 47);
}

#[test]
fn fapi2_private_key_jwt_bound_by_dpop() {
    fapi2(FAPI2.dpop(), 56);
}

#[test]
fn fapi2_tls_client_auth_bound_to_certificates() {
    fapi2(FAPI2.by(MTLS), 37);
}

#[test]
fn fapi2_tls_client_auth_bound_by_dpop() {
    fapi2(FAPI2.by(MTLS).dpop(), 46);
}

#[test]
fn fapi2_plain_oauth_bound_to_certificates() {
    fapi2(FAPI2.plain_oauth(), 41);
}

#[test]
fn fapi2_plain_oauth_bound_by_dpop() {
    fapi2(FAPI2.plain_oauth().dpop(), 50);
}
