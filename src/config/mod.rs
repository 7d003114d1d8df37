//! A gate from a file: plain serde structs, no crypto types.
//!
//! ```no_run
//! use std::{fs, path::Path};
//! use tower_open_banking::config::Config;
//!
//! let config: Config = toml::from_str(&fs::read_to_string("/etc/bank/gate.toml")?)?;
//! let payments = config.open(Path::new("/etc/bank"))?.payments().build()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! `examples/bank.toml` explains the keys, among those of the example's own.
//!
//! Unknown keys are errors, because a misspelt key must not switch a check off. Everything that can
//! fail fails in [`Config::open`], at start-up: unreadable files, empty trust stores, weak or empty
//! algorithm lists, `revocation = "crl"` without lists.

mod authorization_server;
mod client_certificate;
mod demands;
mod error;
mod fetch;
mod gates;
mod idempotency;
mod identity;
mod introspection;
mod keys;
mod load;
mod off;
mod sender;
mod setup;
mod store;
mod trust;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use serde::Deserialize;

pub use self::authorization_server::{
    AuthorizationServer, Binding, Method, ServerClient, ServerProfile, ServerSetup, ServerSigning,
};
pub use self::error::ConfigError;
pub use self::fetch::Fetch;
pub use self::idempotency::{Idempotency, Store, StoreUrl};
pub use self::introspection::Introspection;
pub use self::setup::Setup;
pub use self::trust::{OcspHash, OcspResponder, RevocationCheck, StalePolicy, Trust};
use crate::cert::{Encoding, TrustedPeers};

/// The whole configuration of a bank's gates.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The profile.
    pub profile: Profile,
    /// To what access tokens are bound: to be said under `fapi2`, where there is a choice; to
    /// certificates under all others.
    pub sender_constraint: Option<SenderConstraint>,
    /// Where the client certificate comes from; due unless tokens are bound by DPoP alone.
    pub client_certificate: Option<ClientCertificate>,
    /// Whom it must come from; due with it.
    pub trust: Option<Trust>,
    /// What proofs are taken; due where tokens are bound by DPoP.
    pub dpop: Option<Dpop>,
    /// How providers are identified, where the profile has roles.
    #[serde(default)]
    pub identity: Identity,
    /// A file with the providers that are not served at present: a JSON array of
    /// [`Block`](crate::eidas::Block)s. [`Setup::stop_list`] changes them while the gates run.
    pub stop_list: Option<PathBuf>,
    /// Whose access tokens are good.
    pub token: Token,
    /// How key sets are fetched and the authorization server is asked.
    pub fetch: Option<Fetch>,
    /// The registered clients.
    #[serde(default)]
    pub client: Vec<Client>,
    /// The bank's own signatures; due in every profile that signs.
    pub signing: Option<Signing>,
    /// Message signatures of clients.
    #[serde(default)]
    pub signature: Signature,
    /// Where idempotency keys are kept.
    #[serde(default)]
    pub idempotency: Idempotency,
    /// The scopes that go with each role.
    #[serde(default)]
    pub scopes: Scopes,
    /// Steps switched off by name, for drills: `VerifySignature = false`. Evidence on which others
    /// build is then left without the check. Nobody can switch off what the application demands by
    /// [`must_leave`](crate::gate::GateBuilder::must_leave).
    #[serde(default)]
    pub steps: BTreeMap<String, bool>,
}

/// The profiles of [`profile`](crate::profile).
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[non_exhaustive]
pub enum Profile {
    /// UK Read/Write 3.1.2 and 3.1.3.
    #[serde(rename = "uk-3.1.3")]
    Uk3_1_3,
    /// UK Read/Write 3.1.4 to 3.1.11.
    #[serde(rename = "uk-3.1.4")]
    Uk3_1_4,
    /// UK Read/Write 4.0.
    #[serde(rename = "uk-4.0")]
    Uk4_0,
    /// UK Read/Write 4.0.1.
    #[serde(rename = "uk-4.0.1")]
    Uk4_0_1,
    /// A resource server of FAPI 1.0 Advanced.
    #[serde(rename = "fapi1-advanced")]
    Fapi1Advanced,
    /// A resource server of the FAPI 2.0 Security Profile.
    #[serde(rename = "fapi2")]
    Fapi2,
    /// As clients of WSO2 Open Banking know it.
    #[serde(rename = "wso2")]
    Wso2,
    /// NextGenPSD2 of the Berlin Group, 1.3.x, without message signatures.
    #[serde(rename = "berlin-group")]
    BerlinGroup,
}

/// To what access tokens are bound.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum SenderConstraint {
    /// The certificate of the connection (RFC 8705).
    Certificate,
    /// Whichever a token names, or both.
    CertificateOrDpop,
    /// The key of a proof (RFC 9449).
    Dpop,
}

/// What DPoP proofs are taken.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dpop {
    /// The address under which clients reach the service, such as `https://api.bank.example`, with
    /// the path that a proxy takes off.
    pub origin: String,
    /// Where it is kept which proofs were used.
    #[serde(default)]
    pub store: ProofStore,
    /// How many proofs the store in memory holds before it refuses; 100 000 if absent.
    pub capacity: Option<usize>,
    /// How old a proof may be, in seconds; 60 if absent, and at most 300.
    pub max_age: Option<u64>,
    /// How far ahead the clock of a client may be, in seconds; 10 if absent, and at most 60.
    pub max_ahead: Option<u64>,
    /// Files of 32 random bytes each, one for all instances. With the first, nonces are made; those of
    /// the others are taken as well. Proofs need no nonce if there is none.
    #[serde(default)]
    pub nonce_keys: Vec<PathBuf>,
    /// After how many seconds the nonce changes; 60 if absent. One is good for up to twice that.
    pub nonce_lifetime: Option<u64>,
}

/// Where it is kept which proofs were used.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ProofStore {
    /// With the idempotency keys: due where several instances serve.
    Idempotency,
    /// In this process.
    #[default]
    Memory,
}

/// Where the client certificate comes from.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientCertificate {
    /// The connection or a header.
    pub source: CertificateSource,
    /// The proxy in front of the service, by a name of
    /// [`ForwardedHeader::of_proxy`](crate::cert::ForwardedHeader::of_proxy): its headers, encoding
    /// and verdict.
    pub proxy: Option<String>,
    /// The header's name, if it is another than the proxy's customary one. Without a proxy defaults
    /// to `client-cert` with `rfc9440`, to `x-forwarded-client-cert` with `xfcc`, and to
    /// `ssl.client.auth.cert.X509` under the profile `wso2`.
    pub header: Option<String>,
    /// The header's encoding, without a proxy. Defaults to `pem-body` under the profile `wso2`.
    pub encoding: Option<Encoding>,
    /// The header of the chain, if it is another than the customary one.
    pub chain_header: Option<String>,
    /// The headers of the proxy's verdicts, if they are others than the customary ones, in the order
    /// of the proxy's page.
    pub verdict_headers: Option<Vec<String>>,
    /// With `proxy = "envoy"`: the place of the element to believe, counted from the end.
    pub trusted_hops: Option<NonZeroUsize>,
    /// Also takes certificates that the proxy could not verify.
    #[serde(default)]
    pub allow_unverified: bool,
    /// The networks of the trusted proxies, in CIDR form, or `unix`.
    pub trusted_peers: Option<TrustedPeers>,
    /// The certificates of the trusted proxies, by their SHA-256 in hexadecimal digits: a proxy must
    /// show one of them to the service and, if networks are named, come from there.
    pub trusted_thumbprints: Option<Vec<String>>,
}

/// The connection or a header.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum CertificateSource {
    /// A header of a trusted proxy.
    Header,
    /// The TLS connection.
    Tls,
}

/// How providers are identified.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Identity {
    /// The policy; `certificate` with the profile `berlin-group` and `uk-directory` with the others,
    /// if absent.
    pub policy: Option<IdentityPolicy>,
    /// With `eu-qualified`: the file that the import of the trusted lists wrote.
    pub trusted_services: Option<PathBuf>,
    /// With `eu-qualified`: how old an import may be, in seconds; a week if absent. Then every
    /// certificate is refused until [`Setup::qualified_services`] are replaced.
    pub max_age: Option<u64>,
    /// With `eu-qualified`: how much longer than its `NextUpdate` a list is believed, in seconds.
    pub allow_stale: Option<u64>,
}

/// A policy by which providers are identified.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum IdentityPolicy {
    /// By the certificate alone.
    Certificate,
    /// By a certificate that the trusted lists of the European Union qualify.
    EuQualified,
    /// As certificates of the UK directory are made.
    UkDirectory,
}

/// Whose access tokens are good.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// `iss`.
    pub issuer: String,
    /// This resource server in `aud`.
    pub audience: String,
    /// A file with the issuer's JWK set.
    pub keys: Option<PathBuf>,
    /// Where the issuer publishes its JWK set, over https: instead of `keys`.
    pub jwks_uri: Option<String>,
    /// Asks the authorization server about each token, instead of verifying it with the keys.
    pub introspection: Option<Introspection>,
    /// Also takes tokens from before RFC 9068.
    #[serde(default)]
    pub allow_untyped: bool,
}

/// A registered client.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// Its id at the authorization server.
    pub client_id: String,
    /// Its organisation in the directory.
    pub organisation_id: Option<String>,
    /// Its software statement in the directory.
    pub software_id: Option<String>,
    /// The organizationIdentifier of its certificates, for `require_one_organisation`.
    pub organization_identifier: Option<String>,
    /// The subject of its transport certificate; due unless its tokens may be bound by DPoP.
    pub subject_dn: Option<String>,
    /// The issuer that must have signed the certificate, if pinned.
    pub issuer_dn: Option<String>,
    /// A file with the JWK set of its signing keys; these or `jwks_uri` are due in every profile
    /// that signs.
    pub keys: Option<PathBuf>,
    /// Where it publishes its JWK set, over https: instead of `keys`.
    pub jwks_uri: Option<String>,
    /// The algorithms with which it signs.
    #[serde(default)]
    pub algorithms: Vec<String>,
}

/// The bank's own signatures.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signing {
    /// A file with the private key, PEM.
    pub key: PathBuf,
    /// Its id in the directory.
    pub kid: String,
    /// The bank's organisation in the directory.
    pub issuer: String,
    /// The trust anchor's DNS name, in the bank's signatures and in those of clients.
    pub trust_anchor: String,
}

/// Message signatures of clients.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Signature {
    /// How old a signature may be, in seconds; any age if absent.
    pub max_age: Option<u64>,
    /// Members of the JOSE header besides those of the profile that are ignored.
    pub allow_members: Vec<String>,
    /// Whom the certificates behind the signatures must come from; not judged if absent.
    pub certificates: Option<Trust>,
    /// Takes signing certificates without qcStatements (OBSigning). Logged as a warning.
    pub allow_unidentified: bool,
    /// Demands that certificates, token and client are of one organisation.
    pub require_one_organisation: bool,
    /// Waiver 007: verifies nothing. Logged as a warning.
    pub danger_waiver_007: bool,
}

/// The scopes that go with each role, as the product that this replaces configures them.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scopes {
    /// With `PSP_PI`.
    pub payment_initiation: Vec<String>,
    /// With `PSP_AI`.
    pub account_information: Vec<String>,
    /// With `PSP_IC`.
    pub card_based_instruments: Vec<String>,
}

impl Default for Scopes {
    fn default() -> Self {
        let only = |scope: &str| vec![scope.to_owned()];
        Self {
            payment_initiation: only("payments"),
            account_information: only("accounts"),
            card_based_instruments: only("fundsconfirmations"),
        }
    }
}
