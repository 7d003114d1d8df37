//! Lists from files, whose issuers' keys are known only once a path led through them.

use std::sync::{Arc, Mutex, PoisonError};

use super::super::RevocationError;
use super::super::crl::{Freshness, ListError, RevocationList, same_name};
use super::known::Known;
use crate::cert::Issuer;

/// A list as it was read, until somebody's key verifies it.
pub(super) struct Offline {
    index: usize,
    claimed_issuer: Vec<u8>,
    form: Mutex<Form>,
}

enum Form {
    Unverified(Vec<u8>),
    /// Its bytes are not kept: no other key verifies them.
    Verified(Arc<RevocationList>),
}

impl Offline {
    pub(super) fn all(
        lists: impl IntoIterator<Item = Vec<u8>>,
        freshness: &Freshness,
    ) -> Result<Vec<Arc<Self>>, RevocationError> {
        let mut all = Vec::new();
        for (index, der) in lists.into_iter().enumerate() {
            let claimed_issuer = claimed_issuer(&der, freshness)
                .map_err(|why| RevocationError::List { index, why: why.to_string() })?;
            let form = Mutex::new(Form::Unverified(der));
            all.push(Arc::new(Self { index, claimed_issuer, form }));
        }
        if all.is_empty() { Err(RevocationError::NoList) } else { Ok(all) }
    }

    #[cfg(test)]
    pub(super) fn is_unverified(&self) -> bool {
        matches!(*self.form.lock().unwrap(), Form::Unverified(_))
    }

    fn verified_by(&self, issuer: &Issuer) -> Option<Known> {
        if !same_name(&self.claimed_issuer, issuer.name()) {
            return None;
        }
        let mut form = self.form.lock().unwrap_or_else(PoisonError::into_inner);
        let list = match &*form {
            Form::Verified(list) => {
                // The other certificate of the same key may not let it sign lists.
                let is_by = list.issuer_spki_sha256() == issuer.spki_sha256();
                return (is_by && issuer.signs_lists())
                    .then(|| Known::of_file(list.clone(), self.index));
            }
            Form::Unverified(der) => match RevocationList::verify(der, issuer) {
                Ok(list) => Arc::new(list),
                Err(why) => {
                    tracing::warn!(index = self.index, %why, "a revocation list is not by its issuer");
                    return None;
                }
            },
        };
        *form = Form::Verified(list.clone());
        Some(Known::of_file(list, self.index))
    }
}

/// Those that this issuer signed.
pub(super) fn of_issuer(offline: &[Arc<Offline>], issuer: &Issuer) -> Vec<Known> {
    offline.iter().filter_map(|list| list.verified_by(issuer)).collect()
}

/// RFC 5280, 5.1.2.5: a list without nextUpdate is never current, and a mistake.
fn claimed_issuer(der: &[u8], freshness: &Freshness) -> Result<Vec<u8>, ListError> {
    RevocationList::claimed_until(der, freshness)?;
    RevocationList::claimed_issuer(der).map(<[u8]>::to_vec)
}
