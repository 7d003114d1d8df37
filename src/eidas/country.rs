//! Countries.

/// Whether two letters are a country of ISO 3166-1, as of 2024.
pub(super) fn is_country(code: &str) -> bool {
    COUNTRIES.split(' ').any(|country| country == code)
}

const COUNTRIES: &str = "\
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR \
    BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ \
    EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW \
    GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY \
    KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV \
    MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY \
    QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG \
    TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM \
    ZW";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_249_countries_are_known_and_nothing_else() {
        assert_eq!(COUNTRIES.split(' ').filter(|code| code.len() == 2).count(), 249);
        for code in ["GB", "DE", "ZW"] {
            assert!(is_country(code), "{code}");
        }
        for code in ["", " ", "gb", "EU", "UK", "XG", "ZZ", "GB DE", "B D"] {
            assert!(!is_country(code), "{code}");
        }
    }
}
