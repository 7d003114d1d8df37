//! A third-party provider that goes the whole way against `authorization_server`.
//!
//! ```text
//! cargo run --example tpp --features axum-serve -- DIR [CLIENT]
//! ```
//!
//! DIR is what `authorization_server -- --write DIR` wrote; the server runs. CLIENT is one of the
//! clients of `DIR/server.toml`, `client-1` if left out. It authenticates and binds its tokens as it is
//! registered, pushes its request as the profile wants it, clicks on the page in the place of the
//! customer, and reads the accounts; then it tries what must be refused.
//!
//! Each line is a step, and `ok` or `FAIL`. Exit status 0 if nothing failed, 2 if it could not go on.

mod browser;
#[expect(dead_code, reason = "the server reads the rest of it")]
#[path = "../authorization_server/file.rs"]
mod file;
mod http;
mod provider;

use std::path::Path;
use std::process::ExitCode;

use self::provider::Provider;

/// Whatever went wrong: the provider stops there.
type Anything<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments[..] {
        [folder] => go(Path::new(folder), "client-1").await,
        [folder, client] => go(Path::new(folder), client).await,
        _ => Err("usage: tpp DIR [CLIENT]".into()),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("tpp: {error}");
            ExitCode::from(2)
        }
    }
}

async fn go(folder: &Path, client: &str) -> Anything<bool> {
    let mut score = Score(true);
    let provider = Provider::open(folder, client).await?;
    score.note("discovery", true, provider.issuer());

    let intent = provider.consent().await?;
    if let Some(intent) = &intent {
        score.note("consent", true, intent);
    }
    let pushed = provider.push(intent.as_deref()).await?;
    score.note("pushed request", true, &pushed.request_uri);
    let back = browser::approve(&provider, &pushed).await?;
    let code = provider.code(&pushed, &back).await?;
    score.note("code", true, "its answer is for this request, from this server");

    let tokens = provider.redeem(&pushed, &code).await?;
    let (status, answer) = (tokens.status, tokens.json()?);
    let member = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
    score.note("tokens", status == 200, &answer["token_type"].to_string());
    let access_token = member("access_token");
    let accounts = provider.accounts(&access_token).await?;
    score.note("accounts", accounts.status == 200, &accounts.text());
    let refreshed = provider.refresh(&member("refresh_token")).await?;
    score.note("refresh", refreshed.status == 200, "");

    let stranger = provider.stranger(folder).await?;
    let stolen = refreshed.json()?["access_token"].as_str().unwrap_or_default().to_owned();
    let stolen = stranger.accounts(&stolen).await?;
    score.note("a token in other hands", stolen.status == 401, &stolen.status.to_string());

    let replayed = provider.redeem(&pushed, &code).await?;
    let is_grant = replayed.json()?["error"] == "invalid_grant";
    score.note("the code again", replayed.status == 400 && is_grant, &replayed.text());
    // RFC 6749, 4.1.2: what was given for the code is revoked.
    let revoked = provider.accounts(&access_token).await?;
    score.note("the token after that", revoked.status == 401, &revoked.status.to_string());
    Ok(score.0)
}

/// Whether everything went well so far.
struct Score(bool);

impl Score {
    fn note(&mut self, step: &str, good: bool, detail: &str) {
        self.0 &= good;
        println!("{}\t{step}\t{detail}", if good { "ok" } else { "FAIL" });
    }
}
