//! What `build()` says of the order of the steps.

use super::rule::Fact;
use super::walk::Entry;
use crate::body::BodyBytes;

/// Why a gate is not built: one sentence, with what to do about it.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// No step at all: such a gate would let everything pass.
    #[error("the gate has no step and would let everything pass")]
    Empty,
    /// The evidence that `must_leave` demands is left by nobody.
    #[error("the gate must leave {evidence}, and no step does")]
    FloorMissing {
        /// What was demanded.
        evidence: &'static str,
    },
    /// Two steps leave the same evidence.
    #[error(
        "step {second}, {rule}, leaves {evidence} a second time after step {first}: remove one of them"
    )]
    LeftTwice {
        /// The number of the earlier step, from 1; 0 for evidence that was given.
        first: usize,
        /// The number of the later step, from 1.
        second: usize,
        /// The later step.
        rule: &'static str,
        /// What both leave.
        evidence: &'static str,
    },
    /// Nobody leaves what a step needs.
    #[error(
        "step {step}, {rule}, needs {evidence}, which no step leaves: add the step that leaves it, or say given::<{evidence}>()"
    )]
    NeverLeft {
        /// The number of the step, from 1.
        step: usize,
        /// The step.
        rule: &'static str,
        /// What it needs.
        evidence: &'static str,
    },
    /// A step that outlives its client needs an executor.
    #[error(
        "{rule} outlives its client and needs an executor: enable the feature `tokio` or set .executor(…)"
    )]
    NoExecutor {
        /// The step.
        rule: &'static str,
    },
    /// A step that outlives its client stands before one that does not.
    #[error(
        "step {step}, {rule}, outlives its client and must be the last step: move it behind step {last}, {last_rule}"
    )]
    NotLast {
        /// The number of the step, from 1.
        step: usize,
        /// The step.
        rule: &'static str,
        /// The number of the last step.
        last: usize,
        /// The last step.
        last_rule: &'static str,
    },
    /// A step stands before the one that it builds on.
    #[error(
        "step {step}, {rule}, needs {evidence}, which only step {supplier}, {supplier_rule}, leaves: move {supplier_rule} before {rule}"
    )]
    TooEarly {
        /// The number of the step, from 1.
        step: usize,
        /// The step.
        rule: &'static str,
        /// What it needs.
        evidence: &'static str,
        /// The number of the step that leaves it.
        supplier: usize,
        /// The step that leaves it.
        supplier_rule: &'static str,
    },
}

pub(super) fn order(
    steps: &[Entry],
    given: &[Fact],
    floor: &[Fact],
    has_executor: bool,
) -> Result<(), BuildError> {
    if steps.is_empty() {
        return Err(BuildError::Empty);
    }
    let mortal = steps.iter().enumerate().rfind(|(_, entry)| !entry.outlives_client);
    let mut left: Vec<(usize, Fact)> = given.iter().map(|fact| (0, *fact)).collect();
    left.push((0, Fact::of::<BodyBytes>()));

    for (index, entry) in steps.iter().enumerate() {
        let step = index + 1;
        for need in &entry.needs {
            if !left.iter().any(|(_, fact)| fact == need) {
                return Err(unmet(steps, step, entry, *need));
            }
        }
        if let Some((first, _)) = left.iter().find(|(_, fact)| *fact == entry.leaves) {
            let evidence = entry.leaves.name();
            let first = *first;
            return Err(BuildError::LeftTwice { first, second: step, rule: entry.name, evidence });
        }
        if entry.outlives_client
            && let Some((last, later)) = mortal.filter(|(last, _)| *last > index)
        {
            let (rule, last_rule) = (entry.name, later.name);
            return Err(BuildError::NotLast { step, rule, last: last + 1, last_rule });
        }
        if entry.outlives_client && !has_executor {
            return Err(BuildError::NoExecutor { rule: entry.name });
        }
        left.push((step, entry.leaves));
    }

    let proven = |fact: &Fact| {
        given.contains(fact) || steps.iter().any(|step| step.leaves == *fact && !step.is_drill)
    };
    match floor.iter().find(|fact| !proven(fact)) {
        Some(fact) => Err(BuildError::FloorMissing { evidence: fact.name() }),
        None => Ok(()),
    }
}

fn unmet(steps: &[Entry], step: usize, entry: &Entry, need: Fact) -> BuildError {
    let (rule, evidence) = (entry.name, need.name());
    match steps.iter().enumerate().find(|(_, other)| other.leaves == need) {
        Some((index, other)) => BuildError::TooEarly {
            step,
            rule,
            evidence,
            supplier: index + 1,
            supplier_rule: other.name,
        },
        None => BuildError::NeverLeft { step, rule, evidence },
    }
}
