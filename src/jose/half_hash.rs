use super::base64url;
use crate::crypto::{Algorithm, sha256};

/// `at_hash`, `c_hash` and `s_hash` of an ID token (OpenID Connect Core 1.0, section 3.3.2.11; FAPI
/// 1.0 Advanced, section 5.1.1): base64url of the left half of the hash of a text, by the hash of the
/// algorithm that signs the ID token.
///
/// FAPI signs ID tokens with PS256 and ES256; there is none for another algorithm.
///
/// ```
/// use tower_open_banking::{crypto::Algorithm, jose::half_hash};
///
/// let s_hash = half_hash(Algorithm::Ps256, "af0ifjsldkj");
/// assert_eq!(s_hash.as_deref(), Some("bOhtX8F73IMjSPeVAqxyTQ"));
/// ```
pub fn half_hash(algorithm: Algorithm, text: &str) -> Option<String> {
    match algorithm {
        Algorithm::Es256 | Algorithm::Ps256 => {
            sha256(text.as_bytes()).get(..16).map(base64url::encode)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_texts_have_their_published_hashes() {
        for (text, hash) in [
            // OpenID Connect Core 1.0, appendices A.3 and A.4.
            ("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y", "77QmUPtjPfzWtF2AnpK9RQ"),
            (
                "Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk",
                "LDktKdoQak3Pk0cnXxCltA",
            ),
            ("YWlzcDozMTQ2", "1cHiWA1Sv6jJsKzH4Eny5A"),
        ] {
            for algorithm in [Algorithm::Ps256, Algorithm::Es256] {
                assert_eq!(half_hash(algorithm, text).as_deref(), Some(hash), "{text}");
            }
        }
        assert_eq!(half_hash(Algorithm::Ps512, "x"), None);
    }
}
