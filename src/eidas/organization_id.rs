//! The organizationIdentifier of a subject.
use std::{fmt, str::FromStr};

use super::NcaId;

/// A legal person's identifier as a certificate's subject carries it in attribute 2.5.4.97:
/// scheme, country and reference (ETSI TS 119 495, 5.2.1; ETSI EN 319 412-1, 5.1.4).
///
/// Two are the same when the whole trimmed text is, letter by letter. It does not check the
/// reference, nor that the scheme's register knows it.
///
/// ```
/// use tower_open_banking::eidas::OrganizationId;
///
/// let id: OrganizationId = "PSDFI-FINFSA-1234567-8".parse()?;
/// assert_eq!(id.nca().map(ToString::to_string).as_deref(), Some("FI-FINFSA"));
/// assert_eq!(id.authorisation_number(), Some("1234567-8"));
/// assert!("PSDFI_FINFSA_1234567-8".parse::<OrganizationId>().is_err());
/// # Ok::<_, tower_open_banking::eidas::NotAnOrganizationId>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct OrganizationId {
    text: String,
    scheme: Scheme,
    country: String,
    nca: Option<NcaId>,
    reference: String,
}

impl OrganizationId {
    /// Reads an identifier; blanks around it are left away.
    ///
    /// Closed towards look-alikes: an underscore for a hyphen, small letters, an authority of
    /// another length, a subdivision behind the country and control characters are refused.
    ///
    /// # Errors
    ///
    /// [`NotAnOrganizationId`] when the text has none of the forms.
    pub fn parse(text: &str) -> Result<Self, NotAnOrganizationId> {
        Self::read(text.trim_matches(' ')).ok_or(NotAnOrganizationId)
    }

    fn read(text: &str) -> Option<Self> {
        if text.chars().any(char::is_control) {
            return None;
        }
        let (scheme, rest) = text.split_at_checked(3)?;
        let scheme = Scheme::read(scheme)?;
        // Only the first hyphens divide: an authorisation number may hold more of them.
        let (country, rest) = rest.split_once('-')?;
        let (nca, reference) = match scheme {
            Scheme::Psd => {
                let (authority, number) = rest.split_once('-')?;
                (Some(NcaId::new(country, authority)?), number)
            }
            _ => (None, rest),
        };
        let well_formed = is_country(country) && !reference.is_empty();
        well_formed.then(|| Self {
            text: text.to_owned(),
            scheme,
            country: country.to_owned(),
            nca,
            reference: reference.to_owned(),
        })
    }

    /// The whole identifier.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The register the reference is from.
    #[must_use]
    pub fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    /// The two letters of the country; `XG` stands for the world in an LEI.
    #[must_use]
    pub fn country(&self) -> &str {
        &self.country
    }

    /// The authority that authorised a payment service provider; only the scheme `PSD` has one.
    #[must_use]
    pub fn nca(&self) -> Option<&NcaId> {
        self.nca.as_ref()
    }

    /// The number under which the authority authorised the provider; only the scheme `PSD` has
    /// one.
    #[must_use]
    pub fn authorisation_number(&self) -> Option<&str> {
        self.nca.is_some().then_some(&self.reference)
    }

    /// What follows the country, and the authority where there is one.
    #[must_use]
    pub fn reference(&self) -> &str {
        &self.reference
    }
}

impl FromStr for OrganizationId {
    type Err = NotAnOrganizationId;

    fn from_str(text: &str) -> Result<Self, NotAnOrganizationId> {
        Self::parse(text)
    }
}

impl fmt::Display for OrganizationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The register an organization identifier is from (ETSI EN 319 412-1, 5.1.4).
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Scheme {
    /// `LEI`: a legal entity identifier.
    Lei,
    /// Two letters and a colon: a scheme of the country.
    National(String),
    /// `NTR`: a national trade register.
    Ntr,
    /// `PSD`: an authorised payment service provider.
    Psd,
    /// `VAT`: a value added tax number.
    Vat,
}

impl Scheme {
    fn read(text: &str) -> Option<Self> {
        match text {
            "LEI" => Some(Self::Lei),
            "NTR" => Some(Self::Ntr),
            "PSD" => Some(Self::Psd),
            "VAT" => Some(Self::Vat),
            _ => match text.strip_suffix(':') {
                Some(national) if is_country(national) => Some(Self::National(text.to_owned())),
                _ => None,
            },
        }
    }

    /// The three characters of the scheme.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Lei => "LEI",
            Self::National(text) => text,
            Self::Ntr => "NTR",
            Self::Psd => "PSD",
            Self::Vat => "VAT",
        }
    }
}

/// The text has no form an organization identifier may have.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not an organization identifier of EN 319 412-1 or TS 119 495")]
pub struct NotAnOrganizationId;

fn is_country(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_psd_identifier_is_split_at_the_first_two_hyphens() {
        for (text, country, authority, number) in [
            ("PSDES-BDE-3DFD21", "ES", "BDE", "3DFD21"),
            ("PSDPL-PFSA-5250007738", "PL", "PFSA", "5250007738"),
            ("PSDFI-FINFSA-1234567-8", "FI", "FINFSA", "1234567-8"),
            ("PSDMT-MFSA-A 12345", "MT", "MFSA", "A 12345"),
            (" PSDGB-FCA-123456 ", "GB", "FCA", "123456"),
            ("PSDGB-OB-Unknown0015800001HQQrZAAX", "GB", "OB", "Unknown0015800001HQQrZAAX"),
        ] {
            let id = OrganizationId::parse(text).unwrap();
            assert_eq!((id.scheme(), id.country()), (&Scheme::Psd, country), "{text}");
            assert_eq!(id.nca().unwrap().authority(), authority, "{text}");
            assert_eq!(id.authorisation_number(), Some(number), "{text}");
            assert_eq!(id.as_str(), text.trim());
        }
    }

    #[test]
    fn other_schemes_have_no_authorisation_number() {
        for (text, scheme, country, reference) in [
            ("VATEL-099755108", "VAT", "EL", "099755108"),
            ("NTRNO-922988862", "NTR", "NO", "922988862"),
            ("LEIXG-529900T8BM49AURSDO55", "LEI", "XG", "529900T8BM49AURSDO55"),
            ("AB:DE-1-2", "AB:", "DE", "1-2"),
        ] {
            let id = OrganizationId::parse(text).unwrap();
            assert_eq!((id.scheme().as_str(), id.country()), (scheme, country), "{text}");
            assert_eq!(id.reference(), reference, "{text}");
            assert_eq!((id.nca(), id.authorisation_number()), (None, None), "{text}");
        }
    }

    #[test]
    fn look_alikes_are_refused() {
        for text in [
            "",
            "PSD",
            "PSDGB",
            "PSDGB-",
            "PSDGB-FCA",
            "PSDGB-FCA-",
            "PSDGB_FCA_123456",
            "psdgb-fca-123456",
            "PSDgb-FCA-1",
            "PSDGB-fca-1",
            "PSDGBR-FCA-1",
            "PSDGB-F-1",
            "PSDGB-FCAFCAFCA-1",
            "PSDGB--1",
            "PSD-FCA-1",
            "XPSDGB-FCA-1",
            "PSDGB-FCA-1\n",
            "PSDGB-FCA-1\0",
            "ABCES-1",
            "NTRUS+CA-1",
            "VATBEE-12345",
            "VATE-1",
            "VATEL-",
            "A:DE-1",
            "ab:DE-1",
            "12345987",
            "GR-BOG-800000005",
            "PSÉGB-FCA-1",
            "É-",
            "€",
        ] {
            assert_eq!(OrganizationId::parse(text), Err(NotAnOrganizationId), "{text:?}");
        }
    }
}
