//! Verification by aws-lc: keys are parsed once, messages arrive as digests.

use aws_lc_rs::{
    aead::{self, Aad, LessSafeKey, Nonce, UnboundKey},
    digest,
    signature::{self, ParsedPublicKey, UnparsedPublicKey, VerificationAlgorithm},
};

use super::{
    KeyKind,
    aead::NONCE,
    scheme::{Curve, Hash, Scheme},
};

pub(super) type Digest = digest::Digest;

#[derive(Clone)]
pub(super) struct Hasher(digest::Context);

impl Hasher {
    pub(super) fn new(hash: Hash) -> Self {
        Self(digest::Context::new(match hash {
            Hash::Sha256 => &digest::SHA256,
            Hash::Sha384 => &digest::SHA384,
            Hash::Sha512 => &digest::SHA512,
        }))
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(super) fn finish(self) -> Digest {
        self.0.finish()
    }
}

pub(super) fn sha1(bytes: &[u8]) -> [u8; 20] {
    let mut hash = [0; 20];
    let digest = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, bytes);
    hash.copy_from_slice(digest.as_ref());
    hash
}

/// `None` if the library refused the key, which then opens and seals nothing.
pub(super) struct Aead(Option<LessSafeKey>);

impl Aead {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        Self(UnboundKey::new(&aead::AES_256_GCM, key).ok().map(LessSafeKey::new))
    }

    pub(super) fn seal(
        &self,
        nonce: [u8; NONCE],
        associated: &[u8],
        text: &[u8],
        sealed: &mut Vec<u8>,
    ) -> Option<()> {
        let mut text = text.to_vec();
        let nonce = Nonce::assume_unique_for_key(nonce);
        let key = self.0.as_ref()?;
        key.seal_in_place_append_tag(nonce, Aad::from(associated), &mut text).ok()?;
        sealed.append(&mut text);
        Some(())
    }

    pub(super) fn open(
        &self,
        nonce: [u8; NONCE],
        associated: &[u8],
        sealed: &[u8],
    ) -> Option<Vec<u8>> {
        let mut bytes = sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key(nonce);
        let length =
            self.0.as_ref()?.open_in_place(nonce, Aad::from(associated), &mut bytes).ok()?.len();
        bytes.truncate(length);
        Some(bytes)
    }
}

/// One parsed key per scheme, because aws-lc ties a parsed key to its scheme.
pub(super) struct Key(Vec<(Scheme, ParsedPublicKey)>);

impl Key {
    /// Parses the content of a `subjectPublicKey`; `None` when it is no valid key of that kind.
    pub(super) fn new(kind: KeyKind, bits: &[u8]) -> Option<Self> {
        jws_schemes(kind)
            .iter()
            .map(|&scheme| {
                ParsedPublicKey::new(algorithm(scheme), bits).ok().map(|key| (scheme, key))
            })
            .collect::<Option<_>>()
            .map(Self)
    }

    pub(super) fn verify_digest(&self, scheme: Scheme, digest: &Digest, signature: &[u8]) -> bool {
        self.parsed(scheme).is_some_and(|key| key.verify_digest_sig(digest, signature).is_ok())
    }

    pub(super) fn verify_message(&self, scheme: Scheme, message: &[u8], signature: &[u8]) -> bool {
        self.parsed(scheme).is_some_and(|key| key.verify_sig(message, signature).is_ok())
    }

    fn parsed(&self, scheme: Scheme) -> Option<&ParsedPublicKey> {
        self.0.iter().find(|(known, _)| *known == scheme).map(|(_, key)| key)
    }
}

/// Verifies with a key that is used once, as path validation does.
pub(super) fn verify_once(scheme: Scheme, bits: &[u8], message: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(algorithm(scheme), bits).verify(message, signature).is_ok()
}

fn jws_schemes(kind: KeyKind) -> &'static [Scheme] {
    match kind {
        KeyKind::Ed25519 => &[Scheme::Ed25519],
        KeyKind::P256 => &[Scheme::EcdsaFixed(Curve::P256)],
        KeyKind::P384 => &[Scheme::EcdsaFixed(Curve::P384)],
        KeyKind::Rsa => &[
            Scheme::RsaPss(Hash::Sha256),
            Scheme::RsaPss(Hash::Sha384),
            Scheme::RsaPss(Hash::Sha512),
            Scheme::RsaPkcs1(Hash::Sha256),
            Scheme::RsaPkcs1(Hash::Sha384),
            Scheme::RsaPkcs1(Hash::Sha512),
        ],
    }
}

fn algorithm(scheme: Scheme) -> &'static dyn VerificationAlgorithm {
    match scheme {
        Scheme::EcdsaDer(Curve::P256, Hash::Sha256) => &signature::ECDSA_P256_SHA256_ASN1,
        Scheme::EcdsaDer(Curve::P256, Hash::Sha384) => &signature::ECDSA_P256_SHA384_ASN1,
        Scheme::EcdsaDer(Curve::P256, Hash::Sha512) => &signature::ECDSA_P256_SHA512_ASN1,
        Scheme::EcdsaDer(Curve::P384, Hash::Sha256) => &signature::ECDSA_P384_SHA256_ASN1,
        Scheme::EcdsaDer(Curve::P384, Hash::Sha384) => &signature::ECDSA_P384_SHA384_ASN1,
        Scheme::EcdsaDer(Curve::P384, Hash::Sha512) => &signature::ECDSA_P384_SHA512_ASN1,
        Scheme::EcdsaFixed(Curve::P256) => &signature::ECDSA_P256_SHA256_FIXED,
        Scheme::EcdsaFixed(Curve::P384) => &signature::ECDSA_P384_SHA384_FIXED,
        Scheme::Ed25519 => &signature::ED25519,
        Scheme::RsaPkcs1(Hash::Sha256) => &signature::RSA_PKCS1_2048_8192_SHA256,
        Scheme::RsaPkcs1(Hash::Sha384) => &signature::RSA_PKCS1_2048_8192_SHA384,
        Scheme::RsaPkcs1(Hash::Sha512) => &signature::RSA_PKCS1_2048_8192_SHA512,
        Scheme::RsaPss(Hash::Sha256) => &signature::RSA_PSS_2048_8192_SHA256,
        Scheme::RsaPss(Hash::Sha384) => &signature::RSA_PSS_2048_8192_SHA384,
        Scheme::RsaPss(Hash::Sha512) => &signature::RSA_PSS_2048_8192_SHA512,
    }
}
