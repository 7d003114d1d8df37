//! Makes and verifies JWTs with OpenSSL alone.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey};
use openssl::ecdsa::EcdsaSig;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, PKeyRef, Private};
use openssl::rand::rand_bytes;
use openssl::rsa::{Padding, Rsa};
use openssl::sha::sha256;
use openssl::sign::{RsaPssSaltlen, Signer, Verifier};
use serde_json::{Value, json};

use super::Anything;

/// A JWT of this header and these claims, signed as the header's `alg` says.
pub fn made(key: &PKeyRef<Private>, header: &Value, claims: &Value) -> String {
    let input = format!("{}.{}", base64url(header.to_string()), base64url(claims.to_string()));
    let signature = signature(key, header["alg"].as_str().unwrap_or("PS256"), input.as_bytes());
    format!("{input}.{}", base64url(signature))
}

fn signature(key: &PKeyRef<Private>, algorithm: &str, input: &[u8]) -> Vec<u8> {
    if algorithm == "none" {
        return Vec::new();
    }
    let mut signer = Signer::new(MessageDigest::sha256(), key).unwrap();
    if algorithm == "PS256" && key.rsa().is_ok() {
        signer.set_rsa_padding(Padding::PKCS1_PSS).unwrap();
        signer.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH).unwrap();
    }
    let signature = signer.sign_oneshot_to_vec(input).unwrap();
    if key.ec_key().is_err() {
        return signature;
    }
    let signature = EcdsaSig::from_der(&signature).unwrap();
    [signature.r(), signature.s()].map(|part| part.to_vec_padded(32).unwrap()).concat()
}

/// The same JWT with the last bytes of its signature flipped.
pub fn spoiled(token: &str) -> String {
    let (input, signature) = token.rsplit_once('.').unwrap();
    let mut signature = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
    signature.iter_mut().rev().take(4).for_each(|byte| *byte ^= 0x5a);
    format!("{input}.{}", base64url(signature))
}

/// The claims of a JWT that a key of this JWK set signed with PS256.
pub fn read(token: &str, key_set: &Value) -> Anything<Value> {
    let parts: Vec<_> = token.split('.').collect();
    let [header, claims, signature] = parts[..] else { return Err("no compact JWS".into()) };
    let decoded = |part: &str| -> Anything<Value> {
        Ok(serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part)?)?)
    };
    let kid = &decoded(header)?["kid"];
    let keys = key_set["keys"].as_array().ok_or("no keys")?;
    let jwk = keys.iter().find(|jwk| jwk["kid"] == *kid).ok_or("kid is not in the JWK set")?;
    if decoded(header)?["alg"] != "PS256" {
        return Err("not PS256".into());
    }
    let number = |name: &str| -> Anything<BigNum> {
        let text = jwk[name].as_str().ok_or("no RSA key")?;
        Ok(BigNum::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(text)?)?)
    };
    let key = PKey::from_rsa(Rsa::from_public_components(number("n")?, number("e")?)?)?;
    let mut verifier = Verifier::new(MessageDigest::sha256(), &key)?;
    verifier.set_rsa_padding(Padding::PKCS1_PSS)?;
    let input = format!("{header}.{claims}");
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature)?;
    match verifier.verify_oneshot(&signature, input.as_bytes())? {
        true => decoded(claims),
        false => Err("the signature is wrong".into()),
    }
}

/// A new key for DPoP.
pub fn p256() -> PKey<Private> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()
}

/// The public half of such a key, as a JWK whose members are those of RFC 7638.
pub fn public_jwk(key: &PKeyRef<Private>) -> Value {
    let key = key.ec_key().unwrap();
    let (mut x, mut y) = (BigNum::new().unwrap(), BigNum::new().unwrap());
    let mut context = BigNumContext::new().unwrap();
    key.public_key().affine_coordinates_gfp(key.group(), &mut x, &mut y, &mut context).unwrap();
    let [x, y] = [x, y].map(|part| base64url(part.to_vec_padded(32).unwrap()));
    json!({ "crv": "P-256", "kty": "EC", "x": x, "y": y })
}

/// The private half too, as no proof may show it.
pub fn private_jwk(key: &PKeyRef<Private>) -> Value {
    let mut jwk = public_jwk(key);
    let secret = key.ec_key().unwrap().private_key().to_vec_padded(32).unwrap();
    jwk["d"] = json!(base64url(secret));
    jwk
}

/// RFC 7638, of the members in the order of their names.
pub fn thumbprint(key: &PKeyRef<Private>) -> String {
    base64url(sha256(public_jwk(key).to_string().as_bytes()))
}

/// `s_hash` and its like.
pub fn half_hash(text: &str) -> String {
    base64url(&sha256(text.as_bytes())[..16])
}

pub fn base64url(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// So many letters and digits.
pub fn random(length: usize) -> String {
    let mut bytes = vec![0; length];
    rand_bytes(&mut bytes).unwrap();
    bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect()
}

const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
