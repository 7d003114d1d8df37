//! Imports the trusted lists of the European Union into the file that a gate loads.
//!
//! ```text
//! cargo run --features trusted-list --example import_trusted_lists -- \
//!     --signers DIR|FILE --lotl FILE --lists DIR [--pivots DIR] [--previous FILE] \
//!     [--at RFC3339] [--allow-stale SECONDS] [--anchors FILE] --out FILE
//! ```
//!
//! `--signers` are the certificates of those who sign the list of lists, PEM or DER, as the Official
//! Journal publishes them; `--lists` and `--pivots` hold the XML files as they were fetched, under
//! any name. `--previous` is the file of the import before: a list that is older than it was is
//! refused. `--at` is the time of the import; without it, now. `--anchors` is where the certificates
//! of the authorities go that are qualified for websites or seals, in PEM, for `[trust] anchors`.
//!
//! Prints what came of each list. The file is written when the list of lists and at least one other
//! were taken, and then in one step. The exit status is 1 when nothing was written, 2 when the
//! arguments are wrong, and 3 when it was written and a list was refused.
use std::{
    collections::HashMap,
    env, fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use rustls_pki_types::{CertificateDer, UnixTime};
use tower_open_banking::{
    cert::{pem, time},
    eidas::trusted_list::{Import, ListReport, Purpose, Service, TrustedServices},
};

fn main() -> ExitCode {
    let arguments = match Arguments::read(env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(problem) => {
            eprintln!("{problem}; {USAGE}");
            return ExitCode::from(2);
        }
    };
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(3),
        Err(problem) => {
            eprintln!("nothing was written: {problem}");
            ExitCode::FAILURE
        }
    }
}

/// Imports and writes; says whether every list was taken.
fn run(arguments: &Arguments) -> Result<bool, String> {
    let mut signers = Vec::new();
    for (name, bytes) in files(arguments.path("signers")?)? {
        let found = pem::all_certificates(&bytes).map_err(|why| format!("{name}: {why}"))?;
        signers.extend(found);
    }
    let list_of_lists = read(arguments.path("lotl")?)?;
    let at = arguments.at()?;
    let imported =
        import(arguments, signers, at)?.run(&list_of_lists, files(arguments.path("lists")?)?);
    let imported = match imported {
        Ok(imported) => imported,
        Err(error) => {
            say(&table(error.reports(), at))?;
            return Err(chain(&error));
        }
    };
    say(&table(imported.reports(), at))?;
    let authorities = imported.services().authorities(at);
    say(&format!("{} authorities for websites or seals\n", authorities.len()))?;
    if let Some(file) = arguments.get("anchors") {
        write(Path::new(file), armoured(&authorities).as_bytes())?;
    }
    write(arguments.path("out")?, &imported.services().to_json())?;
    Ok(imported.reports().iter().all(|report| report.why_refused().is_none()))
}

fn import(
    arguments: &Arguments,
    signers: Vec<CertificateDer<'static>>,
    at: UnixTime,
) -> Result<Import, String> {
    let mut import = Import::trusting(signers, at);
    if let Some(directory) = arguments.get("pivots") {
        import = import.pivots(files(Path::new(directory))?);
    }
    if let Some(file) = arguments.get("previous") {
        let before = TrustedServices::from_json(&read(Path::new(file))?);
        import = import.after(before.map_err(|error| chain(&error))?);
    }
    if let Some(seconds) = arguments.get("allow-stale") {
        let seconds = seconds.parse().map_err(|_| format!("{seconds:?} is no number"))?;
        import = import.allow_stale(Duration::from_secs(seconds));
    }
    Ok(import)
}

/// A line for each list, and one for each refusal.
fn table(reports: &[ListReport], at: UnixTime) -> String {
    let mut table = format!(
        "imported at {}\n{:<9} {:>8}  {:<10}  {:<11}  {:<9}  {:<8} {:>8} {:>7} {:>7} {:>9}\n",
        time::to_rfc3339(at),
        "territory",
        "sequence",
        "issued",
        "next update",
        "signature",
        "signer",
        "services",
        "granted",
        "for web",
        "for seals",
    );
    for report in reports {
        table += &line(report, at);
        table.push('\n');
    }
    for report in reports {
        if let Some(why) = report.why_refused() {
            table += &format!("refused: {}: {why}\n", report.name());
        }
    }
    table
}

fn say(text: &str) -> Result<(), String> {
    io::stdout().write_all(text.as_bytes()).map_err(|error| format!("cannot print: {error}"))
}

fn line(report: &ListReport, at: UnixTime) -> String {
    let Some(list) = report.list() else { return format!("{:<9} cannot be read", "-") };
    let day = |time| time::to_rfc3339(time).chars().take(10).collect::<String>();
    let qualified = || list.services().iter().filter(|one| one.issues_qualified_certificates());
    let granted = |purpose: Option<Purpose>| qualified().filter(|one| is(one, purpose, at)).count();
    let signer = report.signer().map(|thumbprint| hexadecimal(&thumbprint[..4]));
    format!(
        "{:<9} {:>8}  {:<10}  {:<11}  {:<9}  {:<8} {:>8} {:>7} {:>7} {:>9}",
        list.territory(),
        list.sequence(),
        day(list.issued()),
        list.next_update().map_or("closed".to_owned(), day),
        if signer.is_some() { "verified" } else { "refused" },
        signer.unwrap_or_else(|| "-".to_owned()),
        list.services().len(),
        granted(None),
        granted(Some(Purpose::WebSiteAuthentication)),
        granted(Some(Purpose::Seals)),
    )
}

/// Whether a service is a qualified one, for a purpose if one is asked for.
fn is(service: &Service, purpose: Option<Purpose>, at: UnixTime) -> bool {
    service.at(at).is_some_and(|period| {
        period.status().is_positive_at(at)
            && purpose.is_none_or(|purpose| period.purposes().contains(&purpose))
    })
}

/// Writes in one step: a gate that starts meanwhile reads the old file or the new one.
fn write(file: &Path, content: &[u8]) -> Result<(), String> {
    let beside = file.with_extension("partial");
    fs::write(&beside, content).and_then(|()| fs::rename(&beside, file)).map_err(told(file))?;
    say(&format!("{}: {} bytes\n", file.display(), content.len()))
}

fn armoured(certificates: &[CertificateDer<'_>]) -> String {
    let mut text = String::new();
    for certificate in certificates {
        text += "-----BEGIN CERTIFICATE-----\n";
        for line in BASE64_STANDARD.encode(certificate).as_bytes().chunks(64) {
            text.extend(line.iter().map(|byte| char::from(*byte)));
            text.push('\n');
        }
        text += "-----END CERTIFICATE-----\n";
    }
    text
}

/// The files of a directory, in the order of their names, or the one file.
fn files(path: &Path) -> Result<Vec<(String, Vec<u8>)>, String> {
    let mut paths = vec![path.to_owned()];
    if path.is_dir() {
        let entries = fs::read_dir(path).map_err(told(path))?;
        let found: io::Result<Vec<PathBuf>> =
            entries.map(|entry| entry.map(|entry| entry.path())).collect();
        paths = found.map_err(told(path))?;
        paths.retain(|path| path.is_file());
        paths.sort();
    }
    paths.iter().map(|path| Ok((path.display().to_string(), read(path)?))).collect()
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(told(path))
}

fn told(path: &Path) -> impl Fn(io::Error) -> String + '_ {
    move |error| format!("{}: {error}", path.display())
}

/// An error with those behind it.
fn chain(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", chain(source)),
        None => error.to_string(),
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Options with one value each.
struct Arguments(HashMap<String, String>);

impl Arguments {
    fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut values = HashMap::new();
        while let Some(argument) = arguments.next() {
            let name = argument.strip_prefix("--").filter(|name| OPTIONS.contains(name));
            let name = name.ok_or_else(|| format!("unknown argument {argument:?}"))?;
            let value = arguments.next().ok_or_else(|| format!("--{name} without a value"))?;
            if values.insert(name.to_owned(), value).is_some() {
                return Err(format!("--{name} twice"));
            }
        }
        let missing =
            ["signers", "lotl", "lists", "out"].iter().find(|due| !values.contains_key(**due));
        match missing {
            Some(due) => Err(format!("--{due} is missing")),
            None => Ok(Self(values)),
        }
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    fn path(&self, name: &str) -> Result<&Path, String> {
        self.get(name).map(Path::new).ok_or_else(|| format!("--{name} is missing"))
    }

    fn at(&self) -> Result<UnixTime, String> {
        match self.get("at") {
            Some(text) => {
                time::from_rfc3339(text).ok_or_else(|| format!("{text:?} is no time in UTC"))
            }
            None => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Ok(UnixTime::since_unix_epoch(now))
            }
        }
    }
}

const OPTIONS: [&str; 9] =
    ["signers", "lotl", "lists", "pivots", "previous", "at", "allow-stale", "anchors", "out"];
const USAGE: &str = "usage: import_trusted_lists --signers DIR|FILE --lotl FILE --lists DIR \
                     [--pivots DIR] [--previous FILE] [--at RFC3339] [--allow-stale SECONDS] \
                     [--anchors FILE] --out FILE";
