//! What the bank itself says it has decided, by interaction id.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tower_open_banking::context::Observer;
use tower_open_banking::gate::Decision;

/// Listens to the gates of a bank.
#[derive(Clone, Default)]
pub struct Journal(Arc<Mutex<HashMap<String, &'static str>>>);

impl Journal {
    /// The rule that decided about a request last: the handler's refusal comes after the gate's
    /// consent.
    pub fn rule(&self, interaction: Option<&str>) -> &'static str {
        interaction.and_then(|id| self.lock().get(id).copied()).unwrap_or("-")
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, &'static str>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Journal {
    fn decided(&self, decision: &Decision<'_>) {
        if let Some(id) = decision.audit().get("interaction_id") {
            self.lock().insert(id.to_owned(), decision.rule());
        }
    }
}
