use super::Sha256;

/// HMAC with SHA-256 (RFC 2104) over the parts, read as one message.
pub(crate) fn hmac_sha256(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let padded = |with: u8| {
        let mut block = [with; 64];
        block.iter_mut().zip(key).for_each(|(padding, byte)| *padding ^= byte);
        let mut hash = Sha256::new();
        hash.update(&block);
        hash
    };
    let mut inner = padded(0x36);
    parts.iter().for_each(|part| inner.update(part));
    let mut outer = padded(0x5c);
    outer.update(&inner.finish());
    outer.finish()
}

#[cfg(test)]
mod tests {
    use ::openssl::{hash::MessageDigest, pkey::PKey, sign::Signer};

    use super::*;
    use crate::crypto::hex;

    #[test]
    fn it_is_the_hmac_of_openssl_whatever_the_parts() {
        for (key, message) in [([0; 32], &b""[..]), ([0xaa; 32], b"Hi There"), ([7; 32], &[1; 200])]
        {
            let openssl_key = PKey::hmac(&key).unwrap();
            let mut signer = Signer::new(MessageDigest::sha256(), &openssl_key).unwrap();
            signer.update(message).unwrap();
            let expected = signer.sign_to_vec().unwrap();
            let (head, tail) = message.split_at(message.len() / 3);
            assert_eq!(hmac_sha256(&key, &[head, tail]).as_slice(), expected);
        }
    }

    /// RFC 4231, 4.2, whose key of twenty bytes is the same as one that is padded with zeros.
    #[test]
    fn the_published_example_has_its_published_code() {
        let mut key = [0; 32];
        key[..20].fill(0x0b);
        assert_eq!(
            hex(&hmac_sha256(&key, &[b"Hi There"])),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        );
    }
}
