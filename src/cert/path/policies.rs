//! Certificate policies along a path (RFC 5280, 6.1).

use std::collections::BTreeSet;
use std::mem;

use der::Decode;
use x509_cert::ext::pkix::{PolicyConstraints, PolicyMappings};

use super::form::{INHIBIT_ANY_POLICY, POLICY_CONSTRAINTS, POLICY_MAPPINGS};
use crate::cert::{Certificate, Oid};

/// Passes when a policy is left wherever a certificate demands one. The certificates stand from the
/// anchor down, without it; the leaf is the last.
///
/// The inputs of RFC 5280, 6.1.1 are: any policy, and nothing forbidden at the start. With these the
/// tree of 6.1.2 is not needed, only what its lowest level expects: the work is linear, where a tree
/// can be made to explode (RFC 9618, 3).
pub(super) fn hold<'a>(
    issuers: impl DoubleEndedIterator<Item = &'a Certificate> + ExactSizeIterator,
    leaf: &Certificate,
) -> Result<(), &'static str> {
    let mut state = State::of(issuers.len().saturating_add(1));
    for issuer in issuers {
        state.enter(issuer, false)?;
        state.leave(issuer)?;
    }
    state.enter(leaf, true)?;
    state.end(leaf)
}

/// The state variables of RFC 5280, 6.1.2.
struct State {
    /// `expected_policy_set` of all nodes of the lowest level; empty where the tree is NULL.
    expected: BTreeSet<Oid>,
    explicit_policy: u64,
    inhibit_any_policy: u64,
    policy_mapping: u64,
}

impl State {
    fn of(certificates: usize) -> Self {
        let never = u64::try_from(certificates).unwrap_or(u64::MAX).saturating_add(1);
        Self {
            expected: BTreeSet::from([ANY_POLICY]),
            explicit_policy: never,
            inhibit_any_policy: never,
            policy_mapping: never,
        }
    }

    /// 6.1.3 (d) and (e). What (f) would refuse here is refused in the end: where nothing is expected
    /// nothing will be, and what is demanded stays so.
    fn enter(&mut self, certificate: &Certificate, last: bool) -> Result<(), &'static str> {
        let expected = mem::take(&mut self.expected);
        if let Some(policies) = certificate.policies() {
            let named: BTreeSet<Oid> = policies.iter().copied().collect();
            // 4.2.1.4.
            if named.is_empty() || named.len() != policies.len() {
                return Err("malformed certificate policies");
            }
            let any_allowed = self.inhibit_any_policy > 0 || (!last && is_self_issued(certificate));
            if named.contains(&ANY_POLICY) && any_allowed {
                self.expected.clone_from(&expected);
            }
            let fits = |policy: &Oid| expected.contains(policy) || expected.contains(&ANY_POLICY);
            self.expected.extend(named.into_iter().filter(|one| *one != ANY_POLICY && fits(one)));
        }
        Ok(())
    }

    /// 6.1.4 (a), (b), (h) to (j).
    fn leave(&mut self, certificate: &Certificate) -> Result<(), &'static str> {
        self.map(certificate)?;
        if !is_self_issued(certificate) {
            for counter in
                [&mut self.explicit_policy, &mut self.policy_mapping, &mut self.inhibit_any_policy]
            {
                *counter = counter.saturating_sub(1);
            }
        }
        if let Some(constraints) = constraints(certificate)? {
            lower(&mut self.explicit_policy, constraints.require_explicit_policy);
            lower(&mut self.policy_mapping, constraints.inhibit_policy_mapping);
        }
        if let Some(skip) = certificate.extension(INHIBIT_ANY_POLICY) {
            let skip = u32::from_der(skip.value()).map_err(|_| "malformed inhibitAnyPolicy")?;
            lower(&mut self.inhibit_any_policy, Some(skip));
        }
        Ok(())
    }

    fn map(&mut self, certificate: &Certificate) -> Result<(), &'static str> {
        let malformed = "malformed policy mappings";
        let Some(mappings) = certificate.extension(POLICY_MAPPINGS) else { return Ok(()) };
        let mappings = PolicyMappings::from_der(mappings.value()).map_err(|_| malformed)?.0;
        let pairs = mappings.iter().map(|mapping| {
            (Oid::of(mapping.issuer_domain_policy), Oid::of(mapping.subject_domain_policy))
        });
        if mappings.is_empty()
            || pairs.clone().any(|(from, to)| from == ANY_POLICY || to == ANY_POLICY)
        {
            return Err(malformed);
        }
        let expected = self.expected.clone();
        self.expected.retain(|policy| pairs.clone().all(|(from, _)| from != *policy));
        if self.policy_mapping > 0 {
            // Where any policy is expected it still is, and all of the mapped ones with it.
            let mapped = pairs.filter(|(from, _)| expected.contains(from));
            self.expected.extend(mapped.map(|(_, to)| to));
        }
        Ok(())
    }

    /// 6.1.5 (a), (b) and (g).
    fn end(mut self, leaf: &Certificate) -> Result<(), &'static str> {
        self.explicit_policy = self.explicit_policy.saturating_sub(1);
        if let Some(constraints) = constraints(leaf)?
            && constraints.require_explicit_policy == Some(0)
        {
            self.explicit_policy = 0;
        }
        match self.explicit_policy > 0 || !self.expected.is_empty() {
            true => Ok(()),
            false => Err("no policy is left where one is demanded"),
        }
    }
}

fn constraints(certificate: &Certificate) -> Result<Option<PolicyConstraints>, &'static str> {
    let malformed = "malformed policy constraints";
    let Some(value) = certificate.extension(POLICY_CONSTRAINTS) else { return Ok(None) };
    let constraints = PolicyConstraints::from_der(value.value()).map_err(|_| malformed)?;
    match (constraints.require_explicit_policy, constraints.inhibit_policy_mapping) {
        // 4.2.1.11.
        (None, None) => Err(malformed),
        _ => Ok(Some(constraints)),
    }
}

fn lower(counter: &mut u64, to: Option<u32>) {
    *counter = to.map_or(*counter, |to| (*counter).min(to.into()));
}

fn is_self_issued(certificate: &Certificate) -> bool {
    certificate.subject_der() == certificate.issuer_der()
}

const ANY_POLICY: Oid = Oid::literal("2.5.29.32.0");

#[cfg(test)]
mod tests;
