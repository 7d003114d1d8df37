//! A bank and third-party providers against each other, over real mutual TLS on loopback.
//!
//! ```text
//! cargo run --example demo
//! cargo run --example demo -- --without STEP
//! cargo run --example demo -- --write DIR
//! cargo run --example demo -- --token DIR CERTIFICATE SCOPE [CONSENT]
//! ```
//!
//! The first makes a public key infrastructure, starts banks, sends them good and bad requests,
//! and prints one line per exchange, tab-separated: number, `pass` or `FAIL`, `legit` or `attack`,
//! name, expected and received status and error code, and the rule that decided, by the bank's own
//! account. Everything on the provider's side is signed and verified with OpenSSL, not with this
//! crate. Exit status 0 if nothing failed.
//!
//! The second plays the same against banks without one step of their gates. The first failure is an
//! attack that the step stops; others may follow from it, since a payment was made that was not
//! due. The third writes certificates, keys, tokens and a file for `--example bank`, to try with
//! curl; the fourth makes one more access token for them.

#[path = "../bank/mod.rs"]
mod bank;

mod acts;
mod branch;
mod files;
mod journal;
mod jws;
mod pki;
mod plan;
mod qc;
mod stage;
mod tokens;
mod wire;
mod world;

use std::path::Path;
use std::process::ExitCode;
use std::time::SystemTime;

use self::files::{Folder, write};
use self::stage::Score;
use self::world::World;

/// Whatever went wrong: a demonstration stops there.
type Anything<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments[..] {
        [] => perform(None).await,
        ["--without", step] => perform(Some(step)).await,
        ["--write", folder] => World::create().and_then(|world| {
            write(&world, Path::new(folder))?;
            println!("{}", files::instructions(folder));
            Ok(true)
        }),
        ["--token", folder, name, scope] => files::print_token(folder, name, scope, None),
        ["--token", folder, name, scope, consent] => {
            files::print_token(folder, name, scope, Some(consent))
        }
        _ => Err(
            "usage: demo [--without STEP | --write DIR | --token DIR CERTIFICATE SCOPE [CONSENT]]"
                .into(),
        ),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("demo: {error}");
            ExitCode::from(2)
        }
    }
}

async fn perform(without: Option<&str>) -> Anything<bool> {
    // To the end of the process: requests of it run in tasks of their own.
    let world: &'static World = Box::leak(Box::new(World::create()?));
    let folder = Folder::temporary()?;
    write(world, folder.path())?;
    if let Some(step) = without {
        files::switch_off(folder.path(), step)?;
    }
    let mut score = Score::default();
    acts::play(world, folder.path(), &mut score).await?;
    score.print();
    Ok(score.is_clean())
}

/// Seconds since 1970.
fn now() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.map_or(0, |since| since.as_secs())
}
