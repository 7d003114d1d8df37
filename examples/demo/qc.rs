//! The qcStatements extension of an open banking certificate, byte by byte.
//!
//! Written out by hand, so that the gate's parser is not tested with its own encoder. ETSI EN 319
//! 412-5 (QcType) and TS 119 495, annex A (the PSD2 statement).

/// `id-pe-qcStatements`.
pub const QC_STATEMENTS: &[u64] = &[1, 3, 6, 1, 5, 5, 7, 1, 3];

/// What the certificate is for: the last arc of a QcType.
#[derive(Clone, Copy)]
pub enum QcType {
    Seal = 2,
    Web = 3,
}

/// A role of a payment service provider: its last arc under 0.4.0.19495.1, and its name.
#[derive(Clone, Copy)]
pub struct Role(u8, &'static str);

impl Role {
    pub const PAYMENT_INITIATION: Self = Self(2, "PSP_PI");
    pub const ACCOUNT_INFORMATION: Self = Self(3, "PSP_AI");
    pub const CARD_ISSUING: Self = Self(4, "PSP_IC");
}

/// The value of the extension: QcType and the PSD2 statement, as the UK's directory writes them.
pub fn statements(qc_type: QcType, roles: &[Role]) -> Vec<u8> {
    let types = sequence(&[oid(&[&ETSI_QC[..], &[6, qc_type as u8]].concat())]);
    let roles: Vec<_> = roles
        .iter()
        .map(|Role(arc, name)| sequence(&[oid(&[&ETSI_PSD2[..], &[1, *arc]].concat()), utf8(name)]))
        .collect();
    let psd2 = sequence(&[sequence(&roles), utf8("Financial Conduct Authority"), utf8("GB-FCA")]);
    sequence(&[
        sequence(&[oid(&[&ETSI_QC[..], &[6]].concat()), types]),
        sequence(&[oid(&[&ETSI_PSD2[..], &[2]].concat()), psd2]),
    ])
}

fn oid(content: &[u8]) -> Vec<u8> {
    tlv(0x06, content)
}

fn utf8(text: &str) -> Vec<u8> {
    tlv(0x0c, text.as_bytes())
}

fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(0x30, &parts.concat())
}

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).expect("no part of these statements is longer");
    match length {
        0..=0x7f => [&[tag, length], content].concat(),
        _ => [&[tag, 0x81, length], content].concat(),
    }
}

/// 0.4.0.1862.1, encoded.
const ETSI_QC: [u8; 5] = [0x04, 0x00, 0x8e, 0x46, 0x01];
/// 0.4.0.19495, encoded.
const ETSI_PSD2: [u8; 5] = [0x04, 0x00, 0x81, 0x98, 0x27];
