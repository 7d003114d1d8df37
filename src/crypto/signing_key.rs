use std::fmt;

use ::openssl::pkey::{PKey, Private};
use josekit::jws::{ES256, ES384, EdDSA, JwsSigner, PS256, PS384, PS512};
use rustls_pki_types::{PrivateKeyDer, pem::PemObject};

use super::{Algorithm, KeyError, KeyKind, PublicKey};

/// Why a message was not signed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// The cryptographic library failed.
    #[error("signing failed")]
    Failed,
    /// The key does not sign with this algorithm; no key signs with the `RS` family.
    #[error("the key does not sign with this algorithm")]
    UnsupportedAlgorithm,
}

/// A private key that signs: RSA with PS256, PS384 and PS512, P-256 with ES256, P-384 with ES384,
/// Ed25519 with EdDSA.
///
/// An RSA signature costs some twenty times an ECDSA one: sign on a blocking pool where that hurts.
/// Does not know a `kid`; see [`Jwk::of`](crate::jose::Jwk::of) for its public half.
pub struct SigningKey {
    public: PublicKey,
    signers: Signers,
}

type Signers = Vec<(Algorithm, Box<dyn JwsSigner>)>;

impl SigningKey {
    /// Reads the first private key of a PEM file: PKCS#8, PKCS#1 (`RSA PRIVATE KEY`) or SEC1 (`EC
    /// PRIVATE KEY`).
    ///
    /// # Errors
    ///
    /// When there is none, when it is encrypted, or when the key itself is refused.
    pub fn from_pem(pem: &[u8]) -> Result<Self, KeyError> {
        let der = PrivateKeyDer::from_pem_slice(pem).map_err(|_| KeyError::Malformed)?;
        Self::from_der(der.secret_der())
    }

    /// Reads a DER private key: PKCS#8, PKCS#1 or SEC1.
    ///
    /// # Errors
    ///
    /// When the key is malformed, does not fit its own public half, is weak or of another kind.
    pub fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        let key = PKey::private_key_from_der(der).map_err(|_| KeyError::Malformed)?;
        let spki = key.public_key_to_der().map_err(|_| KeyError::Malformed)?;
        let public = PublicKey::from_spki(&spki)?;
        if !is_consistent(&key) {
            return Err(KeyError::Malformed);
        }
        let pkcs8 = key.private_key_to_pkcs8().map_err(|_| KeyError::Malformed)?;
        let signers = signers(public.kind(), &pkcs8).map_err(|_| KeyError::Unsupported)?;
        Ok(Self { public, signers })
    }

    /// The public half.
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// Signs the parts, read as one message.
    ///
    /// # Errors
    ///
    /// When the key does not sign with the algorithm, or the library fails.
    pub fn sign(&self, algorithm: Algorithm, parts: &[&[u8]]) -> Result<Vec<u8>, SignError> {
        let (_, signer) = self
            .signers
            .iter()
            .find(|(known, _)| *known == algorithm)
            .ok_or(SignError::UnsupportedAlgorithm)?;
        signer.sign(&parts.concat()).map_err(|_| SignError::Failed)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("public", &self.public).finish_non_exhaustive()
    }
}

/// A private key with one wrong number gives itself away with its first signature.
fn is_consistent(key: &PKey<Private>) -> bool {
    if let Ok(rsa) = key.rsa() {
        return rsa.check_key().unwrap_or(false);
    }
    match key.ec_key() {
        Ok(ec) => ec.check_key().is_ok(),
        // An Ed25519 key is one number.
        Err(_) => true,
    }
}

fn signers(kind: KeyKind, pkcs8: &[u8]) -> Result<Signers, josekit::JoseError> {
    Ok(match kind {
        KeyKind::Ed25519 => vec![(Algorithm::EdDsa, Box::new(EdDSA.signer_from_der(pkcs8)?))],
        KeyKind::P256 => vec![(Algorithm::Es256, Box::new(ES256.signer_from_der(pkcs8)?))],
        KeyKind::P384 => vec![(Algorithm::Es384, Box::new(ES384.signer_from_der(pkcs8)?))],
        KeyKind::Rsa => vec![
            (Algorithm::Ps256, Box::new(PS256.signer_from_der(pkcs8)?)),
            (Algorithm::Ps384, Box::new(PS384.signer_from_der(pkcs8)?)),
            (Algorithm::Ps512, Box::new(PS512.signer_from_der(pkcs8)?)),
        ],
    })
}

#[cfg(test)]
mod tests {
    use ::openssl::nid::Nid;

    use super::*;
    use crate::crypto::{VerifyError, test_keys};

    #[test]
    fn every_algorithm_signs_what_it_verifies_and_nothing_else() {
        let p384 = test_keys::ec(Nid::SECP384R1);
        for (key, algorithms) in [
            (
                test_keys::rsa_2048(),
                [Algorithm::Ps256, Algorithm::Ps384, Algorithm::Ps512].as_slice(),
            ),
            (&test_keys::p256(), &[Algorithm::Es256]),
            (&p384, &[Algorithm::Es384]),
            (&test_keys::ed25519(), &[Algorithm::EdDsa]),
        ] {
            let key = test_keys::signing(key);
            for &algorithm in algorithms {
                let signature = key.sign(algorithm, &[b"pay ", b"1.00"]).unwrap();
                let verify = |parts| key.public_key().verify(algorithm, parts, &signature);
                assert_eq!(verify(&[b"pay 1", b".00"]), Ok(()), "{algorithm}");
                assert_eq!(verify(&[b"pay 9.00"]), Err(VerifyError::BadSignature), "{algorithm}");
                let mut longer = signature.clone();
                longer.push(0);
                assert!(key.public_key().verify(algorithm, &[b"pay 1.00"], &longer).is_err());
                assert!(key.public_key().verify(algorithm, &[b"pay 1.00"], &[]).is_err());
            }
        }
    }

    #[test]
    fn pkcs8_pkcs1_and_sec1_are_read_as_pem_and_der() {
        let (rsa, ec) = (test_keys::rsa_2048(), test_keys::p256());
        let legacy_rsa = rsa.rsa().unwrap();
        let legacy_ec = ec.ec_key().unwrap();
        for pem in [
            rsa.private_key_to_pem_pkcs8().unwrap(),
            legacy_rsa.private_key_to_pem().unwrap(),
            ec.private_key_to_pem_pkcs8().unwrap(),
            legacy_ec.private_key_to_pem().unwrap(),
        ] {
            SigningKey::from_pem(&pem).unwrap();
        }
        SigningKey::from_der(&legacy_rsa.private_key_to_der().unwrap()).unwrap();
        SigningKey::from_der(&legacy_ec.private_key_to_der().unwrap()).unwrap();
    }

    #[test]
    fn encrypted_weak_foreign_and_public_keys_are_refused() {
        let pem = |key: &PKey<Private>| key.private_key_to_pem_pkcs8().unwrap();
        let encrypted = test_keys::p256()
            .private_key_to_pem_pkcs8_passphrase(::openssl::symm::Cipher::aes_128_cbc(), b"secret")
            .unwrap();
        for (pem, error) in [
            (encrypted, KeyError::Malformed),
            (test_keys::p256().public_key_to_pem().unwrap(), KeyError::Malformed),
            (pem(&test_keys::rsa(1024)), KeyError::Weak),
            (pem(&test_keys::ec(Nid::SECP256K1)), KeyError::Unsupported),
            (pem(&PKey::generate_ed448().unwrap()), KeyError::Unsupported),
            (b"no PEM".to_vec(), KeyError::Malformed),
        ] {
            assert_eq!(SigningKey::from_pem(&pem).err(), Some(error));
        }
    }

    #[test]
    fn a_key_signs_with_its_own_algorithms_only() {
        let key = test_keys::signing(test_keys::rsa_2048());
        for algorithm in [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256] {
            assert_eq!(key.sign(algorithm, &[b"x"]), Err(SignError::UnsupportedAlgorithm));
        }
    }

    #[test]
    fn debug_output_holds_no_key() {
        let key = test_keys::signing(&test_keys::ed25519());
        assert_eq!(
            format!("{key:?}"),
            "SigningKey { public: PublicKey { kind: Ed25519, size: 256, .. }, .. }"
        );
    }
}
