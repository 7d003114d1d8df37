//! What the log and the observers are told.

use http::StatusCode;

use super::audit::Audit;
use super::passport::Passport;
use crate::reject::Rejection;

/// How a walk ended.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Outcome<'a> {
    /// A step gave the answer itself: a replay.
    Answered(StatusCode),
    /// Every step passed; the handler runs.
    Passed,
    /// A step refused.
    Refused(&'a Rejection),
}

/// One decision of a gate.
#[derive(Debug)]
pub struct Decision<'a> {
    rule: &'static str,
    outcome: Outcome<'a>,
    passport: &'a Passport,
}

impl<'a> Decision<'a> {
    pub(crate) fn new(rule: &'static str, outcome: Outcome<'a>, passport: &'a Passport) -> Self {
        Self { rule, outcome, passport }
    }

    /// The step that decided; `Gate` where all of them passed, `handler` where the application
    /// refused.
    pub fn rule(&self) -> &'static str {
        self.rule
    }

    /// How it ended.
    pub fn outcome(&self) -> Outcome<'a> {
        self.outcome
    }

    /// Interaction id, client, thumbprint and what else the passed steps contribute.
    pub fn audit(&self) -> Audit {
        self.passport.audit()
    }

    /// The evidence up to the decision.
    pub fn passport(&self) -> &'a Passport {
        self.passport
    }

    /// Writes the decision to the log: refusals as warnings, faults on our side as errors. The
    /// detail and the source appear here and nowhere else.
    pub(crate) fn log(&self) {
        let rule = self.rule;
        match self.outcome {
            Outcome::Passed => {
                if tracing::enabled!(target: TARGET, tracing::Level::INFO) {
                    let audit = self.audit();
                    tracing::info!(target: TARGET, outcome = "passed", rule, %audit);
                }
            }
            Outcome::Answered(status) => {
                if tracing::enabled!(target: TARGET, tracing::Level::INFO) {
                    let (audit, status) = (self.audit(), status.as_u16());
                    tracing::info!(target: TARGET, outcome = "answered", rule, status, %audit);
                }
            }
            Outcome::Refused(rejection) => {
                let (audit, code) = (self.audit(), rejection.reason().code());
                if rejection.reason().is_our_fault() {
                    tracing::error!(target: TARGET, outcome = "refused", rule, code, %audit, why = %rejection.why());
                } else {
                    tracing::warn!(target: TARGET, outcome = "refused", rule, code, %audit, why = %rejection.why());
                }
            }
        }
    }
}

const TARGET: &str = "tower_open_banking::decision";
