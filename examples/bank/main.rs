//! A bank's API behind the gate, run from a file.
//!
//! ```text
//! cargo run --example demo -- --write DIR
//! cargo run --example bank -- --config DIR/bank.toml
//! ```
//!
//! The first writes `examples/bank.toml`, which explains every key, and beside it the keys,
//! certificates and tokens that it names. The addresses and the steps of the gates go to
//! standard output, every decision to standard error.
//!
//! Exit status: 0 after SIGTERM or Ctrl-C, 1 when an address cannot be listened on, 2 when the
//! command line or the file is wrong.

#[path = "mod.rs"]
mod bank;
mod held_log;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};
use tower_open_banking::gate::Decision;

use self::bank::{Bank, StartError};
use self::held_log::HeldLog;

#[tokio::main]
async fn main() -> ExitCode {
    let Some(file) = file_named_by_arguments() else {
        eprintln!("usage: bank --config FILE.toml");
        return ExitCode::from(2);
    };
    tracing_subscriber::fmt().with_writer(|| HeldLog).with_ansi(false).init();
    // Nothing but the log here; a bank would count refusals by rule.
    let observer = |_: &Decision<'_>| {};
    let bank = match Bank::open(&file, observer).await {
        Ok(bank) => {
            HeldLog::release();
            bank
        }
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(match error {
                StartError::File(_) => 2,
                StartError::Socket(..) => 1,
            });
        }
    };
    match run(bank).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(bank: Bank) -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut output = std::io::stdout();
    writeln!(output, "{}", bank.announcement()?)?;
    output.flush()?;
    bank.serve(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
    .await;
    Ok(())
}

fn file_named_by_arguments() -> Option<PathBuf> {
    let mut arguments = std::env::args_os().skip(1);
    let (flag, file) = (arguments.next()?, arguments.next()?);
    (flag == "--config" && arguments.next().is_none()).then(|| file.into())
}
