//! Certificates and revocation lists out of PEM text or DER bytes.
use rustls_pki_types::{
    CertificateDer, CertificateRevocationListDer,
    pem::{self, PemObject},
};

/// Takes the first certificate: DER as it stands, or the first `CERTIFICATE` block of PEM text
/// (RFC 7468).
///
/// The label must be exactly `CERTIFICATE`; blocks with other labels and text between blocks are
/// passed over. It does not look into the certificate, nor at anything after the first block.
///
/// # Errors
///
/// [`PemError`] when there is no such block, or when a block before its end is not well-formed.
pub fn first_certificate(input: &[u8]) -> Result<CertificateDer<'static>, PemError> {
    if is_der(input) {
        return Ok(CertificateDer::from(input.to_vec()));
    }
    CertificateDer::from_pem_slice(input).map_err(PemError::from)
}

/// Takes all certificates of PEM text in their order, or the one that DER bytes are.
///
/// As strict as [`first_certificate`], over the whole text: one broken block refuses everything.
/// It does not look into the certificates, nor whether they form a chain.
///
/// # Errors
///
/// [`PemError`] when there is no `CERTIFICATE` block, or any block is not well-formed.
pub fn all_certificates(input: &[u8]) -> Result<Vec<CertificateDer<'static>>, PemError> {
    if is_der(input) {
        return Ok(vec![CertificateDer::from(input.to_vec())]);
    }
    let certificates = CertificateDer::pem_slice_iter(input).collect::<Result<Vec<_>, _>>()?;
    if certificates.is_empty() {
        return Err(PemError::NoCertificate);
    }
    Ok(certificates)
}

/// Takes all revocation lists of PEM text in their order, or the one that DER bytes are: what
/// [`Revocation::by_lists`](crate::revocation::Revocation::by_lists) wants.
///
/// The label is `X509 CRL`. As strict as [`all_certificates`]; it does not look into the lists.
///
/// # Errors
///
/// [`PemError`] when there is no such block, or any block is not well-formed.
pub fn all_revocation_lists(input: &[u8]) -> Result<Vec<Vec<u8>>, PemError> {
    if is_der(input) {
        return Ok(vec![input.to_vec()]);
    }
    let lists = CertificateRevocationListDer::pem_slice_iter(input)
        .map(|list| list.map(|list| list.as_ref().to_vec()))
        .collect::<Result<Vec<_>, _>>()?;
    match lists.is_empty() {
        true => Err(PemError::NoRevocationList),
        false => Ok(lists),
    }
}

/// Why nothing could be taken from the input.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PemError {
    /// A block without an end, or whose content is not base64.
    #[error("a PEM block is not well-formed")]
    Malformed,
    /// Neither DER nor a PEM block labelled `CERTIFICATE`.
    #[error("no certificate in the input")]
    NoCertificate,
    /// Neither DER nor a PEM block labelled `X509 CRL`.
    #[error("no revocation list in the input")]
    NoRevocationList,
}

impl From<pem::Error> for PemError {
    fn from(error: pem::Error) -> Self {
        match error {
            pem::Error::NoItemsFound => Self::NoCertificate,
            _ => Self::Malformed,
        }
    }
}

/// A SEQUENCE whose length takes more than one byte: every certificate and list, and no text, since
/// the second byte is neither ASCII nor the continuation of a character.
fn is_der(input: &[u8]) -> bool {
    matches!(input, [0x30, 0x81..=0x84, ..])
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: &str = "-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n";

    #[test]
    fn takes_the_first_and_all_blocks() {
        let other = "-----BEGIN CERTIFICATE-----\nMAMCAQI=\n-----END CERTIFICATE-----\n";
        let text = format!("Subject: someone\n{BLOCK}{other}");
        assert_eq!(first_certificate(text.as_bytes()).unwrap().as_ref(), [0x30, 3, 2, 1, 1]);
        assert_eq!(all_certificates(text.as_bytes()).unwrap().len(), 2);
    }

    #[test]
    fn passes_over_blocks_with_another_label() {
        let key = "-----BEGIN PRIVATE KEY-----\nMAMCAQE=\n-----END PRIVATE KEY-----\n";
        assert!(first_certificate(format!("{key}{BLOCK}").as_bytes()).is_ok());
        for label in ["TRUSTED CERTIFICATE", "X509 CERTIFICATE", "certificate"] {
            let text = BLOCK.replace("CERTIFICATE", label);
            assert_eq!(first_certificate(text.as_bytes()), Err(PemError::NoCertificate), "{label}");
            assert_eq!(all_certificates(text.as_bytes()), Err(PemError::NoCertificate), "{label}");
        }
    }

    #[test]
    fn takes_the_lists_and_no_certificate_for_one() {
        let list = BLOCK.replace("CERTIFICATE", "X509 CRL");
        let text = format!("{BLOCK}{list}{list}");
        assert_eq!(all_revocation_lists(text.as_bytes()).unwrap(), [[0x30, 3, 2, 1, 1]; 2]);
        assert_eq!(all_revocation_lists(&[0x30, 0x82, 1, 0]).unwrap().len(), 1);
        for none in [BLOCK, "", "0123"] {
            let refused = all_revocation_lists(none.as_bytes());
            assert_eq!(refused, Err(PemError::NoRevocationList), "{none}");
        }
        let broken = format!("{text}{}", list.replace('=', "*"));
        assert_eq!(all_revocation_lists(broken.as_bytes()), Err(PemError::Malformed));
    }

    #[test]
    fn takes_der_as_it_stands() {
        let der = [0x30, 0x82, 0x01, 0x00];
        assert_eq!(first_certificate(&der).unwrap().as_ref(), der);
        assert_eq!(all_certificates(&der).unwrap().len(), 1);
    }

    #[test]
    fn refuses_what_is_broken() {
        for text in ["-----BEGIN CERTIFICATE-----\nMAMCAQE=\n", &BLOCK.replace('=', "*")] {
            assert_eq!(first_certificate(text.as_bytes()), Err(PemError::Malformed), "{text}");
            let behind = format!("{BLOCK}{text}");
            assert_eq!(all_certificates(behind.as_bytes()), Err(PemError::Malformed), "{text}");
        }
        assert_eq!(first_certificate(b""), Err(PemError::NoCertificate));
        assert_eq!(first_certificate(b"0123"), Err(PemError::NoCertificate));
    }
}
