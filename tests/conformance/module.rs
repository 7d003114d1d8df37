//! A module of the suite, and how a variant runs its modules.

use super::Verdict;
use super::variant::Variant;
use super::world::World;

/// A module: the name of its class, the variants that have it, and its condition.
pub struct Module {
    name: &'static str,
    when: fn(&Variant) -> bool,
    condition: fn(&World) -> Verdict,
    skipped: Option<&'static str>,
}

/// A module that runs.
pub const fn module(
    name: &'static str,
    when: fn(&Variant) -> bool,
    condition: fn(&World) -> Verdict,
) -> Module {
    Module { name, when, condition, skipped: None }
}

/// A module that the suite skips for a reason; the condition is that the reason holds.
pub const fn skipped(
    name: &'static str,
    when: fn(&Variant) -> bool,
    reason: &'static str,
    condition: fn(&World) -> Verdict,
) -> Module {
    Module { name, when, condition, skipped: Some(reason) }
}

pub const ALWAYS: fn(&Variant) -> bool = |_| true;
pub const F1: fn(&Variant) -> bool = |variant| !variant.fapi2();
pub const F2: fn(&Variant) -> bool = Variant::fapi2;
pub const BY_VALUE: fn(&Variant) -> bool = |variant| !variant.pushed;
pub const JWT: fn(&Variant) -> bool = Variant::jwt;
pub const DPOP: fn(&Variant) -> bool = |variant| variant.dpop;
pub const OPENID: fn(&Variant) -> bool = |variant| variant.openid;

/// Runs those of a variant, and counts: the suite has so many of them for it.
pub fn run(variant: Variant, tables: &[&[Module]], count: usize) {
    let world = World::new(variant);
    let modules: Vec<_> =
        tables.iter().copied().flatten().filter(|module| (module.when)(&variant)).collect();
    let mut failures = Vec::new();
    for module in &modules {
        match ((module.condition)(&world), module.skipped) {
            (Err(what), _) => failures.push(format!("{}: {what}", module.name)),
            (Ok(()), Some(reason)) => {
                println!("{variant}: {} does not apply: {reason}", module.name)
            }
            (Ok(()), None) => {}
        }
    }
    let (all, passed) = (modules.len(), modules.len() - failures.len());
    let skipped = modules.iter().filter(|module| module.skipped.is_some()).count();
    println!("{variant}: {passed} of {count} modules, {skipped} of them skipped by the suite");
    assert!(failures.is_empty(), "{variant}\n{}", failures.join("\n"));
    assert_eq!(all, count, "the suite's number of modules");
}
