//! Short names of attribute types.
use super::super::Oid;

/// The type a short name or dotted identifier stands for, without regard to case.
pub(super) fn parse(text: &str) -> Option<Oid> {
    let dotted = match text.get(..4) {
        Some(prefix) if prefix.eq_ignore_ascii_case("OID.") => text.get(4..)?,
        _ => text,
    };
    dotted.parse().ok().or_else(|| {
        SHORT_NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)).map(|(_, oid)| *oid)
    })
}

/// The first short name of a type in the table below.
pub(super) fn short_name(oid: Oid) -> Option<&'static str> {
    SHORT_NAMES.iter().find(|(_, known)| *known == oid).map(|(name, _)| *name)
}

const BUSINESS_CATEGORY: Oid = Oid::literal("2.5.4.15");
const COMMON_NAME: Oid = Oid::literal("2.5.4.3");
const COUNTRY: Oid = Oid::literal("2.5.4.6");
const DOMAIN_COMPONENT: Oid = Oid::literal("0.9.2342.19200300.100.1.25");
const EMAIL_ADDRESS: Oid = Oid::literal("1.2.840.113549.1.9.1");
const GIVEN_NAME: Oid = Oid::literal("2.5.4.42");
const JURISDICTION_COUNTRY: Oid = Oid::literal("1.3.6.1.4.1.311.60.2.1.3");
const JURISDICTION_LOCALITY: Oid = Oid::literal("1.3.6.1.4.1.311.60.2.1.1");
const JURISDICTION_STATE: Oid = Oid::literal("1.3.6.1.4.1.311.60.2.1.2");
const LOCALITY: Oid = Oid::literal("2.5.4.7");
const ORGANIZATION: Oid = Oid::literal("2.5.4.10");
const ORGANIZATION_IDENTIFIER: Oid = Oid::literal("2.5.4.97");
const ORGANIZATIONAL_UNIT: Oid = Oid::literal("2.5.4.11");
const POSTAL_CODE: Oid = Oid::literal("2.5.4.17");
const SERIAL_NUMBER: Oid = Oid::literal("2.5.4.5");
const STATE: Oid = Oid::literal("2.5.4.8");
const STREET: Oid = Oid::literal("2.5.4.9");
const SURNAME: Oid = Oid::literal("2.5.4.4");
const TITLE: Oid = Oid::literal("2.5.4.12");
const USER_ID: Oid = Oid::literal("0.9.2342.19200300.100.1.1");

/// RFC 4514, section 3, then what certificates of banks carry, under the names OpenSSL and Java
/// give it. The first name of a type is the one that is written.
const SHORT_NAMES: [(&str, Oid); 42] = [
    ("CN", COMMON_NAME),
    ("commonName", COMMON_NAME),
    ("L", LOCALITY),
    ("localityName", LOCALITY),
    ("ST", STATE),
    ("S", STATE),
    ("stateOrProvinceName", STATE),
    ("O", ORGANIZATION),
    ("organizationName", ORGANIZATION),
    ("OU", ORGANIZATIONAL_UNIT),
    ("organizationalUnitName", ORGANIZATIONAL_UNIT),
    ("C", COUNTRY),
    ("countryName", COUNTRY),
    ("STREET", STREET),
    ("streetAddress", STREET),
    ("DC", DOMAIN_COMPONENT),
    ("domainComponent", DOMAIN_COMPONENT),
    ("UID", USER_ID),
    ("userId", USER_ID),
    ("organizationIdentifier", ORGANIZATION_IDENTIFIER),
    ("serialNumber", SERIAL_NUMBER),
    ("SN", SURNAME),
    ("surname", SURNAME),
    ("GN", GIVEN_NAME),
    ("G", GIVEN_NAME),
    ("givenName", GIVEN_NAME),
    ("title", TITLE),
    ("T", TITLE),
    ("businessCategory", BUSINESS_CATEGORY),
    ("postalCode", POSTAL_CODE),
    ("emailAddress", EMAIL_ADDRESS),
    ("E", EMAIL_ADDRESS),
    ("email", EMAIL_ADDRESS),
    ("jurisdictionC", JURISDICTION_COUNTRY),
    ("jurisdictionCountryName", JURISDICTION_COUNTRY),
    ("jurisdictionOfIncorporationCountryName", JURISDICTION_COUNTRY),
    ("jurisdictionST", JURISDICTION_STATE),
    ("jurisdictionStateOrProvinceName", JURISDICTION_STATE),
    ("jurisdictionOfIncorporationStateOrProvinceName", JURISDICTION_STATE),
    ("jurisdictionL", JURISDICTION_LOCALITY),
    ("jurisdictionLocalityName", JURISDICTION_LOCALITY),
    ("jurisdictionOfIncorporationLocalityName", JURISDICTION_LOCALITY),
];
