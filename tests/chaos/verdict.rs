//! What the ledger says against what clients saw.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::Anything;
use super::storm::Sight;

/// The count of one run.
#[derive(Debug, Default)]
pub struct Verdict {
    pub payments: usize,
    pub executed: usize,
    pub twice: usize,
    pub replayed: usize,
    pub in_doubt: usize,
    pub lost: usize,
    pub unlike: usize,
    pub cut_off: usize,
    pub refused: BTreeMap<u16, usize>,
    pub refused_at_last: BTreeMap<u16, usize>,
}

impl Verdict {
    /// Counts. Each payment has a consent of its own, which names it in the ledger.
    pub fn of(sight: Sight, consents: &[String], ledger: &[Value]) -> Self {
        let mut executions: HashMap<&str, usize> = HashMap::new();
        for entry in ledger {
            *executions.entry(text(&entry["consent_id"])).or_default() += 1;
        }
        let ids: HashSet<&str> = ledger.iter().map(|entry| text(&entry["payment_id"])).collect();
        let of = |consent: &String| executions.get(consent.as_str()).copied().unwrap_or(0);
        let made = || sight.payments.iter().map(|seen| &seen.made);
        let answers: usize = made().flat_map(HashMap::values).sum();
        let is_lost = |body: &&bytes::Bytes| {
            let body: Value = serde_json::from_slice(body).unwrap_or_default();
            !ids.contains(text(&body["Data"]["DomesticPaymentId"]))
        };
        Self {
            payments: consents.len(),
            executed: consents.iter().filter(|consent| of(consent) > 0).count(),
            twice: consents.iter().filter(|consent| of(consent) > 1).count(),
            replayed: answers - made().filter(|made| !made.is_empty()).count(),
            in_doubt: sight.payments.iter().filter(|seen| !seen.is_made_at_last).count(),
            lost: made().flat_map(HashMap::keys).filter(is_lost).count(),
            unlike: made().filter(|made| made.len() > 1).count(),
            cut_off: sight.cut_off,
            refused: sight.refused,
            refused_at_last: sight.refused_at_last,
        }
    }

    /// Whether no payment was executed twice, none was lost, and none had two answers.
    pub fn is_clean(&self) -> bool {
        (self.twice, self.lost, self.unlike) == (0, 0, 0)
    }

    pub fn print(&self, store: &str, fault: &str, done: &str, took: Duration, word: &str) {
        let refused: Vec<String> =
            self.refused.iter().map(|(status, count)| format!("{status}:{count}")).collect();
        println!(
            "{:4} {store:8} {fault:22} {:>8} {:>8} {:>8} {:>8} {:>7} {:>5} {:>6} {:>7} {:>6.1}  \
             {:26} {done}",
            word,
            self.payments,
            self.executed,
            self.replayed,
            self.in_doubt,
            self.cut_off,
            self.twice,
            self.lost,
            self.unlike,
            took.as_secs_f64(),
            refused.join(" "),
        );
    }
}

pub fn print_head() {
    println!(
        "{:4} {:8} {:22} {:>8} {:>8} {:>8} {:>8} {:>7} {:>5} {:>6} {:>7} {:>6}  {:26} done",
        "",
        "store",
        "fault",
        "payments",
        "executed",
        "replayed",
        "in doubt",
        "cut off",
        "twice",
        "lost",
        "unlike",
        "s",
        "refused",
    );
}

/// What the banks have written. Half a line, of a bank that was killed, counts as an execution if it
/// says of what: it may be one.
pub fn read_ledger(file: &Path) -> Anything<Vec<Value>> {
    let text = std::fs::read_to_string(file)?;
    let lines = text.lines().filter(|line| !line.is_empty());
    Ok(lines.map(|line| serde_json::from_str(line).unwrap_or_else(|_| half(line))).collect())
}

fn half(line: &str) -> Value {
    let consent = line.split_once("\"consent_id\":\"").and_then(|(_, rest)| rest.split_once('"'));
    json!({ "consent_id": consent.map(|(id, _)| id) })
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
