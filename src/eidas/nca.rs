//! National competent authorities.
use std::{fmt, str::FromStr};

/// The identifier of a national competent authority, such as `DE-BAFIN` (ETSI TS 119 495,
/// 5.2.3): the country and the authority's short name, which means something only together.
///
/// It does not say that there is such an authority; see [`is_known`](Self::is_known).
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct NcaId {
    country: String,
    authority: String,
}

impl NcaId {
    pub(super) fn new(country: &str, authority: &str) -> Option<Self> {
        let upper = |text: &str| text.bytes().all(|byte| byte.is_ascii_uppercase());
        let well_formed = country.len() == 2
            && (2..=8).contains(&authority.len())
            && upper(country)
            && upper(authority);
        well_formed.then(|| Self { country: country.to_owned(), authority: authority.to_owned() })
    }

    /// The two letters of the country.
    #[must_use]
    pub fn country(&self) -> &str {
        &self.country
    }

    /// The short name within the country.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Whether the authority is on the EBA's list, version 4 of 2023-02-02, is the United
    /// Kingdom's, or is one older certificates name.
    ///
    /// The list changes outside this crate: good for a warning, not for a refusal.
    #[must_use]
    pub fn is_known(&self) -> bool {
        KNOWN.contains(&(self.country(), self.authority()))
    }
}

impl FromStr for NcaId {
    type Err = NotAnNcaId;

    fn from_str(text: &str) -> Result<Self, NotAnNcaId> {
        let (country, authority) = text.split_once('-').ok_or(NotAnNcaId)?;
        Self::new(country, authority).ok_or(NotAnNcaId)
    }
}

impl fmt::Display for NcaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.country, self.authority)
    }
}

/// The text is not two capital letters, a hyphen, and two to eight capital letters.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not the identifier of a national competent authority")]
pub struct NotAnNcaId;

/// The current list, then those of older certificates: `IS-CBI` and `IE-CBI` show why the country
/// belongs to the key.
const KNOWN: [(&str, &str); 35] = [
    ("AT", "FMA"),
    ("BE", "NBB"),
    ("BG", "BNB"),
    ("CY", "CBC"),
    ("CZ", "CNB"),
    ("DE", "BAFIN"),
    ("DK", "DFSA"),
    ("EE", "FI"),
    ("ES", "BE"),
    ("FI", "FINFSA"),
    ("FR", "ACPR"),
    ("GB", "FCA"),
    ("GR", "BOG"),
    ("HR", "HNB"),
    ("HU", "CBH"),
    ("IE", "CBI"),
    ("IS", "CBI"),
    ("IT", "BI"),
    ("LI", "FMA"),
    ("LT", "BL"),
    ("LU", "CSSF"),
    ("LV", "BL"),
    ("MT", "MFSA"),
    ("NL", "DNB"),
    ("NO", "FSA"),
    ("PL", "PFSA"),
    ("PT", "BP"),
    ("RO", "NBR"),
    ("SE", "FINA"),
    ("SI", "BS"),
    ("SK", "NBS"),
    ("HR", "CNB"),
    ("IS", "FME"),
    ("LV", "FCMC"),
    ("ES", "BDE"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_form_is_read() {
        let bafin: NcaId = "DE-BAFIN".parse().unwrap();
        assert_eq!((bafin.country(), bafin.authority()), ("DE", "BAFIN"));
        assert_eq!(bafin.to_string(), "DE-BAFIN");
        for text in [
            "",
            "NA",
            "DE",
            "DE-",
            "DE-B",
            "DE-BAFINBAFI",
            "de-BAFIN",
            "DE-BaFin",
            "DEU-BAFIN",
            "D-BAFIN",
            "DE_BAFIN",
            "DE-BAFIN ",
            " DE-BAFIN",
            "GR-BOG-800000005",
            "DE--BAFIN",
        ] {
            assert_eq!(text.parse::<NcaId>(), Err(NotAnNcaId), "{text:?}");
        }
    }

    #[test]
    fn an_authority_is_known_by_country_and_name() {
        for known in ["IS-CBI", "IE-CBI", "GB-FCA", "LV-FCMC"] {
            assert!(known.parse::<NcaId>().unwrap().is_known(), "{known}");
        }
        for unknown in ["NL-CBI", "DE-FCA", "XY-DNB", "EU-NCA"] {
            assert!(!unknown.parse::<NcaId>().unwrap().is_known(), "{unknown}");
        }
    }
}
