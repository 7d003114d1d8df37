//! The cast: a bank, its authorization server, two third-party providers, and certificates that
//! differ from the first provider's in one thing each.

use openssl::pkey::{PKey, Private};
use rcgen::ExtendedKeyUsagePurpose::{ClientAuth, ServerAuth};
use serde_json::{Value, json};

use super::pki::{Authority, Identity, Keys, Order, Subject};
use super::qc::{QcType, Role};
use super::{Anything, now};

/// A third-party provider.
pub struct Provider {
    pub client_id: &'static str,
    pub organisation_id: &'static str,
    pub software_id: &'static str,
    /// For TLS.
    pub qwac: Identity,
    /// For signatures.
    pub seal: Identity,
    pub seal_key: PKey<Private>,
}

impl Provider {
    /// The JOSE header of its message signatures, as Open Banking UK wants it from 3.1.4 on.
    pub fn jose_header(&self) -> Value {
        json!({
            "alg": "PS256",
            "kid": self.kid(),
            IAT: now(),
            ISS: format!("{}/{}", self.organisation_id, self.software_id),
            TAN: "openbanking.org.uk",
            "crit": [IAT, ISS, TAN],
        })
    }

    pub fn kid(&self) -> String {
        format!("{}-seal", self.client_id)
    }

    fn new(issuing: &Authority, keys: Keys, cast: &Cast) -> Anything<Self> {
        let order = Order { keys, ..qwac(cast.subject, ALL_ROLES) };
        let seal = issuing.issue(&Order {
            keys: Keys::Rsa2048,
            qc_type: QcType::Seal,
            extended: Vec::new(),
            ..order.clone()
        })?;
        Ok(Self {
            client_id: cast.client_id,
            organisation_id: cast.subject.common_name,
            software_id: cast.software_id,
            qwac: issuing.issue(&order)?,
            seal_key: seal.openssl_key()?,
            seal,
        })
    }
}

/// Everything that exists before the first exchange.
pub struct World {
    pub root: Authority,
    pub issuing: Authority,
    pub server: Identity,
    /// Signs access tokens.
    pub issuer_key: PKey<Private>,
    /// Signs the bank's responses.
    pub bank_key: PKey<Private>,
    /// With a QWAC on P-256.
    pub ec: Provider,
    /// With a QWAC on RSA.
    pub rsa: Provider,
    pub expired: Identity,
    pub no_role: Identity,
    pub revoked: Identity,
    pub rogue: Identity,
    pub server_auth_only: Identity,
}

impl World {
    pub fn create() -> Anything<Self> {
        let root = Authority::root("Demo Root")?;
        let issuing = root.subordinate(ISSUING_NAME)?;
        // The rogue authority takes the honest one's name: only the key tells them apart.
        let rogue = Authority::root("Demo Root")?.subordinate(ISSUING_NAME)?;
        let usual = qwac(EC.subject, ALL_ROLES);
        Ok(Self {
            server: root.issue_server()?,
            issuer_key: rsa_key()?,
            bank_key: rsa_key()?,
            ec: Provider::new(&issuing, Keys::P256, &EC)?,
            rsa: Provider::new(&issuing, Keys::Rsa2048, &RSA)?,
            expired: issuing.issue(&Order { days: -1, ..usual.clone() })?,
            no_role: issuing.issue(&qwac(EC.subject, &[Role::CARD_ISSUING]))?,
            revoked: issuing.issue(&usual)?,
            rogue: rogue.issue(&usual)?,
            server_auth_only: issuing.issue(&Order { extended: vec![ServerAuth], ..usual })?,
            root,
            issuing,
        })
    }
}

struct Cast {
    client_id: &'static str,
    software_id: &'static str,
    subject: Subject,
}

/// As `examples/bank.toml` registers them.
const EC: Cast = Cast {
    client_id: "tpp-ec",
    software_id: "HQuZPIt3ipkh33Uxytox1E",
    subject: Subject {
        organization: "Elliptic Payments Ltd",
        organization_identifier: "PSDGB-FCA-765432",
        common_name: "0015800001041RHAAY",
    },
};
const RSA: Cast = Cast {
    client_id: "tpp-rsa",
    software_id: "Xk3vSpcNqTeqUzQCd5Yt9w",
    subject: Subject {
        organization: "Prime Payments Ltd",
        organization_identifier: "PSDGB-FCA-345678",
        common_name: "0015800001041RFAAZ",
    },
};

fn qwac(subject: Subject, roles: &[Role]) -> Order<'_> {
    let extended = vec![ServerAuth, ClientAuth];
    Order { subject, keys: Keys::P256, qc_type: QcType::Web, roles, extended, days: 90 }
}

fn rsa_key() -> Anything<PKey<Private>> {
    Ok(PKey::from_rsa(openssl::rsa::Rsa::generate(2048)?)?)
}

const ALL_ROLES: &[Role] =
    &[Role::PAYMENT_INITIATION, Role::ACCOUNT_INFORMATION, Role::CARD_ISSUING];
const ISSUING_NAME: &str = "Demo Issuing CA";

/// The bank's signing key, as `examples/bank.toml` names it.
pub const BANK_KID: &str = "bank-1";
/// The bank's organisation, as `examples/bank.toml` names it.
pub const BANK_ID: &str = "0015800000jf9GgAAI";

pub const IAT: &str = "http://openbanking.org.uk/iat";
pub const ISS: &str = "http://openbanking.org.uk/iss";
pub const TAN: &str = "http://openbanking.org.uk/tan";
