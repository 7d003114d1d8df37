//! The qcStatements extension.
use der::{
    Decode, Reader, SliceReader, Tag,
    asn1::{Any, ObjectIdentifier, PrintableStringRef},
};

use super::{Kind, Psd2Statement, QcType};
use crate::cert::{Certificate, Oid};

/// The statements of a qcStatements extension, in their order (RFC 3739, 3.2.6; ETSI
/// EN 319 412-5).
///
/// Each statement is looked at on its own, so that one that cannot be read is an error of its
/// own accessor, and never taken for one that is not there. A statement given twice is such an
/// error. Statements not known here are kept by their identifier and mean nothing.
///
/// This type does not check who signed the certificate: any issuer can write any statement.
#[derive(Clone, Debug)]
pub struct QcStatements {
    encoding: StatementsEncoding,
    statements: Vec<Statement>,
}

/// `QCStatement ::= SEQUENCE { statementId OID, statementInfo ANY OPTIONAL }`
#[derive(Clone, Debug)]
struct Statement {
    id: Oid,
    info: Option<Any>,
}

impl QcStatements {
    /// Reads the statements of a certificate; `None` when it has no such extension.
    ///
    /// Whether the extension is critical, which it must not be, is for
    /// [`Certificate::qc_statements`] to say.
    ///
    /// # Errors
    ///
    /// [`QcError::Malformed`] when the extension is there and cannot be read.
    pub fn from_certificate(certificate: &Certificate) -> Result<Option<Self>, QcError> {
        certificate.qc_statements().map(|extension| Self::from_der(extension.value())).transpose()
    }

    /// Reads the value of the extension.
    ///
    /// # Errors
    ///
    /// [`QcError::Malformed`] when it is in neither [`StatementsEncoding`], bytes follow, or there are more
    /// statements than anyone needs.
    pub fn from_der(value: &[u8]) -> Result<Self, QcError> {
        read(value).map_err(|_| QcError::Malformed)
    }

    /// Which of the encodings met in practice the extension has.
    #[must_use]
    pub fn encoding(&self) -> StatementsEncoding {
        self.encoding
    }

    /// The identifiers of all statements, in order.
    pub fn ids(&self) -> impl Iterator<Item = Oid> {
        self.statements.iter().map(|statement| statement.id)
    }

    /// The identifiers given more than once.
    #[must_use]
    pub fn duplicates(&self) -> Vec<Oid> {
        let mut repeated = Vec::new();
        for (index, id) in self.ids().enumerate() {
            if self.ids().take(index).any(|earlier| earlier == id) && !repeated.contains(&id) {
                repeated.push(id);
            }
        }
        repeated
    }

    /// Whether the certificate claims to be a qualified one (QcCompliance).
    ///
    /// # Errors
    ///
    /// [`QcError`] when the statement is given twice or with an information it does not have.
    pub fn compliance(&self) -> Result<bool, QcError> {
        self.flag(QC_COMPLIANCE)
    }

    /// Whether the key is claimed to be in a qualified device (QcSSCD).
    ///
    /// # Errors
    ///
    /// [`QcError`] when the statement is given twice or with an information it does not have.
    pub fn sscd(&self) -> Result<bool, QcError> {
        self.flag(QC_SSCD)
    }

    /// The countries under whose law the certificate is qualified (QcCClegislation); no list at
    /// all means the law of the European Union.
    ///
    /// It does not check that there are such countries.
    ///
    /// # Errors
    ///
    /// [`QcError`] when the statement is given twice or cannot be read.
    pub fn cc_legislation(&self) -> Result<Option<Vec<String>>, QcError> {
        let countries = self.decode::<Vec<PrintableStringRef<'_>>>(QC_CC_LEGISLATION)?;
        Ok(countries.map(|list| list.iter().map(|country| country.as_str().to_owned()).collect()))
    }

    /// Whether the certificate claims to be qualified in the European Union: QcCompliance, and no
    /// QcCClegislation (EN 319 412-5, QCS-5-01).
    ///
    /// # Errors
    ///
    /// [`QcError`] when either statement is given twice or cannot be read.
    pub fn claims_eu_qualified(&self) -> Result<bool, QcError> {
        let (law, compliance) = (self.cc_legislation()?, self.compliance()?);
        Ok(compliance && law.is_none())
    }

    /// The entries of the QcType statement.
    ///
    /// # Errors
    ///
    /// [`QcError`] when the statement is given twice or cannot be read.
    pub fn types(&self) -> Result<Option<Vec<QcType>>, QcError> {
        let types = self.decode::<Vec<ObjectIdentifier>>(QC_TYPE)?;
        Ok(types.map(|list| list.into_iter().map(|oid| QcType::from_oid(Oid::of(oid))).collect()))
    }

    /// The content of any statement that can have one, for a closer look.
    pub(super) fn info(&self, id: Oid) -> Result<Option<&Any>, QcError> {
        Ok(self.only(id)?.and_then(|statement| statement.info.as_ref()))
    }

    /// What the QcType statement makes of the certificate; without one it is neither.
    ///
    /// It does not check key usages and policies, which have to be consistent but do not decide.
    ///
    /// # Errors
    ///
    /// [`QcError`] when the statement is given twice or cannot be read.
    pub fn kind(&self) -> Result<Kind, QcError> {
        Ok(self.types()?.map_or(Kind::Neither, |types| Kind::of(&types)))
    }

    /// The PSD2 statement (ETSI TS 119 495, 5.1).
    ///
    /// # Errors
    ///
    /// [`QcError`] when the statement is given twice or cannot be read.
    pub fn psd2(&self) -> Result<Option<Psd2Statement>, QcError> {
        let Some(statement) = self.only(PSD2)? else { return Ok(None) };
        let info = statement.info.as_ref().ok_or(QcError::Statement(PSD2))?;
        Psd2Statement::read(info).map(Some).map_err(|_| QcError::Statement(PSD2))
    }

    fn flag(&self, id: Oid) -> Result<bool, QcError> {
        match self.only(id)? {
            None => Ok(false),
            Some(Statement { info: None, .. }) => Ok(true),
            Some(Statement { info: Some(_), .. }) => Err(QcError::Statement(id)),
        }
    }

    fn decode<'a, T>(&'a self, id: Oid) -> Result<Option<T>, QcError>
    where
        T: der::Choice<'a> + der::DecodeValue<'a, Error = der::Error>,
    {
        let Some(statement) = self.only(id)? else { return Ok(None) };
        let info = statement.info.as_ref().ok_or(QcError::Statement(id))?;
        info.decode_as().map(Some).map_err(|_| QcError::Statement(id))
    }

    /// The one statement of this identifier: two of them could say different things.
    fn only(&self, id: Oid) -> Result<Option<&Statement>, QcError> {
        let mut found = self.statements.iter().filter(|statement| statement.id == id);
        match (found.next(), found.next()) {
            (first, None) => Ok(first),
            (_, Some(_)) => Err(QcError::Duplicate(id)),
        }
    }
}

/// How the statements are wrapped.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum StatementsEncoding {
    /// As RFC 3739 has it: a SEQUENCE OF statements.
    Standard,
    /// One statement without the sequence around it, as several sandboxes issue them.
    UnwrappedSingleStatement,
}

/// Why statements cannot be relied on.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum QcError {
    /// The statement is given more than once.
    #[error("statement {0} is given more than once")]
    Duplicate(Oid),
    /// The extension as a whole cannot be read.
    #[error("the qcStatements extension cannot be read")]
    Malformed,
    /// The content of one statement cannot be read.
    #[error("statement {0} cannot be read")]
    Statement(Oid),
}

fn read(value: &[u8]) -> der::Result<QcStatements> {
    let mut reader = SliceReader::new(value)?;
    let statements = reader.sequence(|reader| match Tag::peek(reader) {
        Ok(Tag::ObjectIdentifier) => Ok(QcStatements {
            encoding: StatementsEncoding::UnwrappedSingleStatement,
            statements: vec![read_content(reader)?],
        }),
        _ => read_all(reader),
    })?;
    reader.finish()?;
    Ok(statements)
}

fn read_all(reader: &mut SliceReader<'_>) -> der::Result<QcStatements> {
    let mut statements = Vec::new();
    while !reader.is_finished() {
        if statements.len() == MAX_STATEMENTS {
            return Err(Tag::Sequence.length_error().into());
        }
        statements.push(reader.sequence(read_content)?);
    }
    Ok(QcStatements { encoding: StatementsEncoding::Standard, statements })
}

fn read_content(reader: &mut SliceReader<'_>) -> der::Result<Statement> {
    let id = Oid::of(ObjectIdentifier::decode(reader)?);
    let info = if reader.is_finished() { None } else { Some(Any::decode(reader)?) };
    Ok(Statement { id, info })
}

/// EN 319 412-5 and TS 119 495 define fewer than a dozen.
const MAX_STATEMENTS: usize = 64;

const PSD2: Oid = Oid::literal("0.4.0.19495.2");
const QC_COMPLIANCE: Oid = Oid::literal("0.4.0.1862.1.1");
const QC_SSCD: Oid = Oid::literal("0.4.0.1862.1.4");
const QC_TYPE: Oid = Oid::literal("0.4.0.1862.1.6");
const QC_CC_LEGISLATION: Oid = Oid::literal("0.4.0.1862.1.7");

#[cfg(test)]
mod tests;
