//! Verification by OpenSSL: the same verdicts as aws-lc, without a second library.

use ::openssl::{
    bn::{BigNum, BigNumContext},
    ec::{EcGroup, EcKey, EcPoint},
    ecdsa::EcdsaSig,
    error::ErrorStack,
    md::{Md, MdRef},
    nid::Nid,
    pkey::{Id, PKey, Public},
    pkey_ctx::PkeyCtx,
    rsa::{Padding, Rsa},
    sha::{Sha256, Sha384, Sha512},
    sign::{RsaPssSaltlen, Verifier},
    symm::{Cipher, decrypt_aead, encrypt_aead},
};

use super::{
    KeyKind,
    aead::NONCE,
    scheme::{Curve, Hash, Scheme},
};

pub(super) struct Aead([u8; 32]);

impl Aead {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        Self(*key)
    }

    pub(super) fn seal(
        &self,
        nonce: [u8; NONCE],
        associated: &[u8],
        text: &[u8],
        sealed: &mut Vec<u8>,
    ) -> Option<()> {
        let mut tag = [0; TAG];
        let cipher = Cipher::aes_256_gcm();
        let text = encrypt_aead(cipher, &self.0, Some(&nonce), associated, text, &mut tag).ok()?;
        sealed.extend_from_slice(&text);
        sealed.extend_from_slice(&tag);
        Some(())
    }

    pub(super) fn open(
        &self,
        nonce: [u8; NONCE],
        associated: &[u8],
        sealed: &[u8],
    ) -> Option<Vec<u8>> {
        let (text, tag) = sealed.split_last_chunk::<TAG>()?;
        let cipher = Cipher::aes_256_gcm();
        decrypt_aead(cipher, &self.0, Some(&nonce), associated, text, tag).ok()
    }
}

/// Of GCM; a shorter tag would be easier to forge.
const TAG: usize = 16;

/// A digest with the hash that made it.
pub(super) struct Digest {
    hash: Hash,
    bytes: Vec<u8>,
}

impl AsRef<[u8]> for Digest {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[derive(Clone)]
pub(super) enum Hasher {
    Sha256(Sha256),
    Sha384(Sha384),
    Sha512(Sha512),
}

impl Hasher {
    pub(super) fn new(hash: Hash) -> Self {
        match hash {
            Hash::Sha256 => Self::Sha256(Sha256::new()),
            Hash::Sha384 => Self::Sha384(Sha384::new()),
            Hash::Sha512 => Self::Sha512(Sha512::new()),
        }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(state) => state.update(bytes),
            Self::Sha384(state) => state.update(bytes),
            Self::Sha512(state) => state.update(bytes),
        }
    }

    pub(super) fn finish(self) -> Digest {
        match self {
            Self::Sha256(state) => Digest { hash: Hash::Sha256, bytes: state.finish().to_vec() },
            Self::Sha384(state) => Digest { hash: Hash::Sha384, bytes: state.finish().to_vec() },
            Self::Sha512(state) => Digest { hash: Hash::Sha512, bytes: state.finish().to_vec() },
        }
    }
}

pub(super) fn sha1(bytes: &[u8]) -> [u8; 20] {
    ::openssl::sha::sha1(bytes)
}

pub(super) struct Key(PKey<Public>);

impl Key {
    /// Parses the content of a `subjectPublicKey`; `None` when it is no valid key of that kind.
    pub(super) fn new(kind: KeyKind, bits: &[u8]) -> Option<Self> {
        let key = match kind {
            KeyKind::Ed25519 => PKey::public_key_from_raw_bytes(bits, Id::ED25519),
            KeyKind::P256 => ec_key(Nid::X9_62_PRIME256V1, bits),
            KeyKind::P384 => ec_key(Nid::SECP384R1, bits),
            KeyKind::Rsa => Rsa::public_key_from_der_pkcs1(bits).and_then(PKey::from_rsa),
        };
        key.ok().map(Self)
    }

    pub(super) fn verify_digest(&self, scheme: Scheme, digest: &Digest, signature: &[u8]) -> bool {
        if scheme.hash() != Some(digest.hash) {
            return false;
        }
        let verdict = match scheme {
            Scheme::EcdsaDer(..) => self.verify_padded(None, digest, signature),
            Scheme::EcdsaFixed(curve) => der_signature(curve, signature)
                .and_then(|signature| self.verify_padded(None, digest, &signature)),
            Scheme::Ed25519 => Ok(false),
            Scheme::RsaPkcs1(_) => self.verify_padded(Some(Padding::PKCS1), digest, signature),
            Scheme::RsaPss(_) => self.verify_padded(Some(Padding::PKCS1_PSS), digest, signature),
        };
        verdict.unwrap_or(false)
    }

    pub(super) fn verify_message(&self, scheme: Scheme, message: &[u8], signature: &[u8]) -> bool {
        let Some(hash) = scheme.hash() else {
            return Verifier::new_without_digest(&self.0)
                .and_then(|mut verifier| verifier.verify_oneshot(signature, message))
                .unwrap_or(false);
        };
        let mut hasher = Hasher::new(hash);
        hasher.update(message);
        self.verify_digest(scheme, &hasher.finish(), signature)
    }

    fn verify_padded(
        &self,
        padding: Option<Padding>,
        digest: &Digest,
        signature: &[u8],
    ) -> Result<bool, ErrorStack> {
        let md = message_digest(digest.hash);
        let mut context = PkeyCtx::new(&self.0)?;
        context.verify_init()?;
        if let Some(padding) = padding {
            context.set_rsa_padding(padding)?;
        }
        context.set_signature_md(md)?;
        if padding == Some(Padding::PKCS1_PSS) {
            // Left alone, OpenSSL reads the salt's length out of the signature and accepts any.
            context.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH)?;
            context.set_rsa_mgf1_md(md)?;
        }
        context.verify(digest.as_ref(), signature)
    }
}

/// Verifies with a key that is used once, as path validation does.
pub(super) fn verify_once(scheme: Scheme, bits: &[u8], message: &[u8], signature: &[u8]) -> bool {
    Key::new(scheme.key_kind(), bits)
        .is_some_and(|key| key.verify_message(scheme, message, signature))
}

fn ec_key(curve: Nid, point: &[u8]) -> Result<PKey<Public>, ErrorStack> {
    let group = EcGroup::from_curve_name(curve)?;
    let mut context = BigNumContext::new()?;
    // Refuses a point that is not on the curve; both curves have cofactor one.
    let point = EcPoint::from_bytes(&group, point, &mut context)?;
    PKey::from_ec_key(EcKey::from_public_key(&group, &point)?)
}

/// Turns `r || s` of exact length into DER; a signature of another length becomes an empty one.
fn der_signature(curve: Curve, signature: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    let half = match curve {
        Curve::P256 => 32,
        Curve::P384 => 48,
    };
    if signature.len() != 2 * half {
        return Ok(Vec::new());
    }
    let (r, s) = signature.split_at(half);
    EcdsaSig::from_private_components(BigNum::from_slice(r)?, BigNum::from_slice(s)?)?.to_der()
}

fn message_digest(hash: Hash) -> &'static MdRef {
    match hash {
        Hash::Sha256 => Md::sha256(),
        Hash::Sha384 => Md::sha384(),
        Hash::Sha512 => Md::sha512(),
    }
}
