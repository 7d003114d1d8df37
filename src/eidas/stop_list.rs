//! `StopList`: the providers that the bank does not serve at present.

mod block;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use rustls_pki_types::UnixTime;

use self::block::Period;
pub use self::block::{Block, Blocked, NotABlock};
use super::{NcaId, OrganizationId};
use crate::cert::Certificate;

/// The providers that a bank blocks, each for a time.
///
/// Clones share one list: keep one where the decision is made, and give another to
/// [`RefuseBlocked`](super::RefuseBlocked). A change takes effect with the next request of every
/// connection, whatever else was remembered of its certificate.
///
/// ```
/// use tower_open_banking::eidas::{Block, Blocked, StopList};
///
/// let list = StopList::default();
/// let provider = Blocked::Organisation("PSDDE-BAFIN-123456".parse()?);
/// list.block(Block::of(provider.clone()));
/// assert!(list.lift(&provider));
/// assert!(!list.lift(&provider));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct StopList(Arc<RwLock<Blocks>>);

#[derive(Default)]
struct Blocks {
    numbers: HashMap<String, Vec<(Option<NcaId>, Period)>>,
    organisations: HashMap<String, Vec<Period>>,
    thumbprints: HashMap<[u8; 32], Vec<Period>>,
}

impl StopList {
    /// Begins with these blocks.
    pub fn of(blocks: impl IntoIterator<Item = Block>) -> Self {
        Self(Arc::new(RwLock::new(Blocks::of(blocks))))
    }

    /// Reads a JSON array of blocks, for [`of`](Self::of) and [`replace`](Self::replace).
    ///
    /// ```
    /// # use tower_open_banking::eidas::StopList;
    /// let blocks = StopList::read(
    ///     br#"[
    ///         {"organisation": "PSDDE-BAFIN-123456", "until": "2026-12-31T00:00:00Z"},
    ///         {"authorisation_number": "54321", "authority": "FR-ACPR"}
    ///     ]"#,
    /// )?;
    /// assert_eq!(blocks.len(), 2);
    /// // A misspelt block would block nobody.
    /// assert!(StopList::read(br#"[{"organization": "PSDDE-BAFIN-123456"}]"#).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What is no such array, and any entry that is no [`Block`].
    pub fn read(json: &[u8]) -> Result<Vec<Block>, serde_json::Error> {
        serde_json::from_slice(json)
    }

    /// Puts these blocks in the place of all others, at once.
    pub fn replace(&self, blocks: impl IntoIterator<Item = Block>) {
        let blocks = Blocks::of(blocks);
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = blocks;
    }

    /// Adds a block.
    pub fn block(&self, block: Block) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).add(block);
    }

    /// Takes out every block of this provider or certificate; tells whether there was one.
    pub fn lift(&self, who: &Blocked) -> bool {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(who)
    }

    /// By what a certificate is blocked at this time, if it is.
    pub(crate) fn blocks(&self, certificate: &Certificate, now: UnixTime) -> Option<&'static str> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).find(certificate, now)
    }
}

impl Blocks {
    fn of(blocks: impl IntoIterator<Item = Block>) -> Self {
        let mut all = Self::default();
        for block in blocks {
            all.add(block);
        }
        all
    }

    fn add(&mut self, block: Block) {
        let (who, period) = block.into_parts();
        match who {
            Blocked::AuthorisationNumber { number, authority } => {
                self.numbers.entry(number).or_default().push((authority, period));
            }
            Blocked::Organisation(organisation) => {
                let text = organisation.as_str().to_owned();
                self.organisations.entry(text).or_default().push(period);
            }
            Blocked::Thumbprint(thumbprint) => {
                self.thumbprints.entry(thumbprint).or_default().push(period);
            }
        }
    }

    fn remove(&mut self, who: &Blocked) -> bool {
        match who {
            Blocked::AuthorisationNumber { number, authority } => {
                let Some(blocks) = self.numbers.get_mut(number) else { return false };
                let before = blocks.len();
                blocks.retain(|(of, _)| of != authority);
                blocks.len() < before
            }
            Blocked::Organisation(organisation) => {
                self.organisations.remove(organisation.as_str()).is_some()
            }
            Blocked::Thumbprint(thumbprint) => self.thumbprints.remove(thumbprint).is_some(),
        }
    }

    fn find(&self, certificate: &Certificate, now: UnixTime) -> Option<&'static str> {
        let in_force = |periods: &Vec<Period>| periods.iter().any(|period| period.holds(now));
        if self.thumbprints.get(certificate.thumbprint()).is_some_and(in_force) {
            return Some("the certificate is blocked");
        }
        if self.organisations.is_empty() && self.numbers.is_empty() {
            return None;
        }
        // All of them: a second identifier must not hide the first.
        for identifier in certificate.organization_identifiers() {
            if self.organisations.get(identifier.trim_matches(' ')).is_some_and(in_force) {
                return Some("the organisation is blocked");
            }
            if !self.numbers.is_empty() && self.blocks_number(identifier, now) {
                return Some("the authorisation number is blocked");
            }
        }
        None
    }

    fn blocks_number(&self, identifier: &str, now: UnixTime) -> bool {
        let Ok(organisation) = OrganizationId::parse(identifier) else { return false };
        let number = organisation.authorisation_number();
        let blocks = number.and_then(|number| self.numbers.get(number));
        blocks.is_some_and(|blocks| {
            blocks.iter().any(|(authority, period)| {
                let fits = authority.is_none() || authority.as_ref() == organisation.nca();
                fits && period.holds(now)
            })
        })
    }
}

impl fmt::Debug for StopList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StopList").finish_non_exhaustive()
    }
}
