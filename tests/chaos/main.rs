//! Chaos: two `bank` processes that share a store of idempotency keys, over real mutual TLS, while
//! something is killed, stopped, cut, slowed down or set to another time.
//!
//! ```text
//! cargo test --all-features --test chaos
//! CHAOS_PAYMENTS=500 CHAOS_DUPLICATES=20 cargo test --release --all-features --test chaos
//! ```
//!
//! Each payment is signed once, and sent many times, byte for byte the same, to both processes at
//! once; then, with the fault over, all of them are sent again. The ledger, to which both processes
//! append, says how often each was executed. One line per run:
//!
//! - `executed`: payments in the ledger; `twice`: those that are in it more than once;
//! - `replayed`: answers 201 beyond the first of each payment; `refused`: other answers, by status;
//!   `cut off`: requests without an answer;
//! - `in doubt`: payments that are still refused at the end, because nobody can know whether they
//!   were executed;
//! - `lost`: answers 201 whose payment is not in the ledger; `unlike`: payments with two answers.
//!
//! Exit status 0 if `twice`, `lost` and `unlike` are 0 everywhere, every fault did happen, and the
//! drills at the end show that the count can fail. `RunOnce` alone is under test: but for the drills,
//! one run as shipped, and clocks that are off by a day in front of a store that compares none,
//! `ExclusiveResource` is switched off, which would refuse a second execution too.
//!
//! `CHAOS_PAYMENTS` and `CHAOS_DUPLICATES` say how much is sent; `CHAOS_STORES` and `CHAOS_FAULTS`
//! name what is run, with commas; `CHAOS_SEED` repeats an order of sending; `CHAOS_BANK` names a bank that
//! is built already. A store in a file, or in
//! memory, is for one process: there one bank is run. Memory forgets at a restart, so nothing is
//! killed over it.

mod client;
mod fault;
mod process;
mod run;
mod storm;
mod verdict;
mod way;

#[path = "../../examples/demo/files.rs"]
#[allow(dead_code)]
mod files;
#[path = "../../examples/demo/jws.rs"]
#[allow(dead_code)]
mod jws;
#[path = "../../examples/demo/pki.rs"]
mod pki;
#[path = "../../examples/demo/plan.rs"]
#[allow(dead_code)]
mod plan;
#[path = "../../examples/demo/qc.rs"]
mod qc;
#[path = "../stores/server.rs"]
#[allow(dead_code)]
mod server;
#[path = "../../examples/demo/tokens.rs"]
mod tokens;
#[path = "../../examples/demo/world.rs"]
#[allow(dead_code)]
mod world;

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::SystemTime;

use self::fault::Fault;
use self::run::{Keeper, Run, Theatre};

type Anything<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    match runtime.map_err(Into::into).and_then(|runtime| runtime.block_on(play())) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("chaos: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn play() -> Anything<bool> {
    let theatre = Theatre::open(bank()?)?;
    let (stores, faults) = (chosen("CHAOS_STORES"), chosen("CHAOS_FAULTS"));
    let is_chosen = |all: &Option<Vec<String>>, name: &str| {
        all.as_ref().is_none_or(|all| all.iter().any(|chosen| chosen == name))
    };
    println!(
        "{} payments, each sent {} times, and again; seed {}",
        theatre.payments, theatre.duplicates, theatre.seed
    );
    verdict::print_head();
    let mut is_good = true;
    for store in ["memory", "file", "redis", "postgres"] {
        if !is_chosen(&stores, store) {
            continue;
        }
        let Some(mut keeper) = Keeper::start(store).await? else { continue };
        for fault in Fault::ALL.into_iter().filter(|fault| fault.can_hit(store)) {
            if is_chosen(&faults, fault.name()) {
                is_good &= theatre.play(&mut keeper, Run::under(fault, store)).await?;
            }
        }
        if is_chosen(&faults, "as-shipped") && store != "memory" {
            is_good &= theatre.play(&mut keeper, Run::as_shipped()).await?;
        }
        if is_chosen(&faults, "drill") {
            is_good &= theatre.play(&mut keeper, Run::without_run_once()).await?;
            is_good &= theatre.play(&mut keeper, Run::without_both()).await?;
        }
    }
    Ok(is_good)
}

/// The bank's program: built with every store, as fast as this test, beside the folder that this test
/// was built into.
fn bank() -> Anything<PathBuf> {
    if let Some(built) = std::env::var_os("CHAOS_BANK") {
        return Ok(built.into());
    }
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--all-features", "--example", "bank"]);
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    match cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status()?.success() {
        true => {
            let this = std::env::current_exe()?;
            Ok(this.ancestors().nth(2).ok_or("no folder of examples")?.join("examples/bank"))
        }
        false => Err("the bank does not build".into()),
    }
}

fn chosen(variable: &str) -> Option<Vec<String>> {
    let names = std::env::var(variable).ok()?;
    Some(names.split(',').map(|name| name.trim().to_owned()).collect())
}

/// Seconds since 1970.
fn now() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.map_or(0, |since| since.as_secs())
}
