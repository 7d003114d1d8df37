//! An authorization server built from the layers: FAPI 1.0 Advanced, its UK form, or FAPI 2.0.
//!
//! ```text
//! cargo run --example authorization_server --features axum-serve -- --write DIR
//! cargo run --example authorization_server --features axum-serve -- --config DIR/server.toml
//! cargo run --example tpp -- DIR
//! ```
//!
//! The first makes certificates and keys for the server and for two clients, and `server.toml`,
//! which explains every key. The second serves: discovery, key set, pushed requests,
//! authorisation with a page for consent, tokens, introspection, revocation, and accounts behind a
//! gate. The third is a client that goes the whole way.
//!
//! The page knows one customer and asks for no password: it stands where a bank has its strong
//! customer authentication. Everything else is as it must be.
//!
//! Exit status: 0 after SIGTERM or Ctrl-C, 1 when the address cannot be listened on, 2 when the
//! command line or the file is wrong.

#[path = "mod.rs"]
mod server;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};

use self::server::{Server, StartError, write};

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments[..] {
        ["--write", folder] => write::folder(Path::new(folder)).map_err(StartError::File),
        ["--config", file] => {
            tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(false).init();
            run(Path::new(file)).await
        }
        _ => Err(StartError::File(
            "usage: authorization_server --write DIR | --config FILE.toml".to_owned(),
        )),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(match error {
                StartError::File(_) => 2,
                StartError::Socket(..) => 1,
            })
        }
    }
}

async fn run(file: &Path) -> Result<(), StartError> {
    let server = Server::open(file).await?;
    let stop = |error| StartError::File(format!("signals: {error}"));
    let mut terminate = signal(SignalKind::terminate()).map_err(stop)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(stop)?;
    let mut output = std::io::stdout();
    // Nobody may be listening to standard output.
    let _ = writeln!(output, "{}", server.announcement()).and_then(|()| output.flush());
    server
        .serve(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        })
        .await;
    Ok(())
}
