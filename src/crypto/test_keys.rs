//! Keys for tests, made when needed: none is in the tree.

use std::sync::OnceLock;

use ::openssl::{
    ec::{EcGroup, EcKey},
    nid::Nid,
    pkey::{PKey, Private},
    rsa::Rsa,
};

pub(crate) fn rsa(bits: u32) -> PKey<Private> {
    PKey::from_rsa(Rsa::generate(bits).unwrap()).unwrap()
}

pub(crate) fn rsa_2048() -> &'static PKey<Private> {
    static KEY: OnceLock<PKey<Private>> = OnceLock::new();
    KEY.get_or_init(|| rsa(2048))
}

pub(crate) fn ec(curve: Nid) -> PKey<Private> {
    let group = EcGroup::from_curve_name(curve).unwrap();
    PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()
}

pub(crate) fn p256() -> PKey<Private> {
    ec(Nid::X9_62_PRIME256V1)
}

pub(crate) fn ed25519() -> PKey<Private> {
    PKey::generate_ed25519().unwrap()
}

pub(crate) fn signing(key: &PKey<Private>) -> super::SigningKey {
    super::SigningKey::from_der(&key.private_key_to_pkcs8().unwrap()).unwrap()
}
