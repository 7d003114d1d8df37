//! JWS by OpenSSL alone: the third party's own code, which shares nothing with the gate's.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::bn::BigNumRef;
use openssl::ecdsa::EcdsaSig;
use openssl::hash::MessageDigest;
use openssl::pkey::{HasPublic, PKey, PKeyRef, Private};
use openssl::rsa::Padding;
use openssl::sign::{RsaPssSaltlen, Signer, Verifier};
use serde_json::{Value, json};

use super::Anything;

/// Base64url without padding.
pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A JWT or another compact JWS. The algorithm is what the header says, also where it is a bad one.
pub fn compact(header: &Value, payload: &[u8], key: &PKeyRef<Private>) -> Anything<String> {
    let input = format!("{}.{}", encode(header.to_string()), encode(payload));
    let signature = sign(&header["alg"], key, input.as_bytes())?;
    Ok(format!("{input}.{}", encode(signature)))
}

/// The value of `x-jws-signature`: the payload is signed and left out.
pub fn detached(header: &Value, payload: &[u8], key: &PKeyRef<Private>) -> Anything<String> {
    let head = encode(header.to_string());
    let signature = sign(&header["alg"], key, &signing_input(&head, header, payload))?;
    Ok(format!("{head}..{}", encode(signature)))
}

/// The JOSE header of a detached PS256 signature over this payload, if it is one.
pub fn verify_detached<K: HasPublic>(
    value: &str,
    payload: &[u8],
    key: &PKeyRef<K>,
) -> Anything<Value> {
    let (head, signature) = value.split_once("..").ok_or("not a detached JWS")?;
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(head)?)?;
    if header["alg"] != "PS256" {
        return Err("not PS256".into());
    }
    let mut verifier = Verifier::new(MessageDigest::sha256(), key)?;
    verifier.set_rsa_padding(Padding::PKCS1_PSS)?;
    verifier.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH)?;
    let input = signing_input(head, &header, payload);
    match verifier.verify_oneshot(&URL_SAFE_NO_PAD.decode(signature)?, &input)? {
        true => Ok(header),
        false => Err("the signature does not verify".into()),
    }
}

/// The public half of an RSA key as a JWK.
pub fn jwk<K: HasPublic>(key: &PKeyRef<K>, kid: &str) -> Anything<Value> {
    let rsa = key.rsa()?;
    let number = |number: &BigNumRef| encode(number.to_vec());
    Ok(json!({
        "kty": "RSA", "use": "sig", "alg": "PS256", "kid": kid,
        "n": number(rsa.n()), "e": number(rsa.e()),
    }))
}

/// RFC 7797: with `"b64": false` the payload goes in as it is.
fn signing_input(head: &str, header: &Value, payload: &[u8]) -> Vec<u8> {
    match header.get("b64") {
        Some(Value::Bool(false)) => [head.as_bytes(), b".", payload].concat(),
        _ => format!("{head}.{}", encode(payload)).into_bytes(),
    }
}

fn sign(algorithm: &Value, key: &PKeyRef<Private>, input: &[u8]) -> Anything<Vec<u8>> {
    let digest = MessageDigest::sha256();
    match algorithm.as_str() {
        Some("PS256") => {
            let mut signer = Signer::new(digest, key)?;
            signer.set_rsa_padding(Padding::PKCS1_PSS)?;
            signer.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH)?;
            Ok(signer.sign_oneshot_to_vec(input)?)
        }
        Some("RS256") => Ok(Signer::new(digest, key)?.sign_oneshot_to_vec(input)?),
        Some("ES256") => {
            let der = Signer::new(digest, key)?.sign_oneshot_to_vec(input)?;
            let signature = EcdsaSig::from_der(&der)?;
            Ok([signature.r().to_vec_padded(32)?, signature.s().to_vec_padded(32)?].concat())
        }
        // The classic confusion: the verifier's public key, which everybody knows, as the secret.
        Some("HS256") => {
            let secret = PKey::hmac(&key.public_key_to_pem()?)?;
            Ok(Signer::new(digest, &secret)?.sign_oneshot_to_vec(input)?)
        }
        Some("none") => Ok(Vec::new()),
        _ => Err(format!("no such algorithm: {algorithm}").into()),
    }
}
