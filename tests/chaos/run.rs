//! One run: banks, payments, a fault, and the verdict.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use bytes::Bytes;
use serde_json::Value;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

use super::client::{self, Letter, Line};
use super::fault::{DEADLINE_MILLIS, Fault, Scene};
use super::files::{self, Folder};
use super::plan::Plan;
use super::process::Process;
use super::server::Server;
use super::storm::{Dice, Storm};
use super::verdict::{Verdict, read_ledger};
use super::way::Way;
use super::world::World;
use super::{Anything, now};

/// What is run.
pub struct Run {
    fault: Fault,
    name: &'static str,
    /// The steps of the gate that are switched off.
    off: &'static [&'static str],
}

impl Run {
    /// `RunOnce` must do it alone, but where a clock that is off by a day makes a store in the
    /// process forget: there the consents are what remains.
    pub fn under(fault: Fault, store: &str) -> Self {
        let forgets = fault == Fault::ClockSteps && matches!(store, "file" | "memory");
        let off: &[&str] = if forgets { &[] } else { &["ExclusiveResource"] };
        Self { fault, name: fault.name(), off }
    }

    /// All that makes an order happen once, as a bank has it.
    pub fn as_shipped() -> Self {
        Self { fault: Fault::KillBeforeSettle, name: "kill, as shipped", off: &[] }
    }

    /// A drill: one order for each consent, without keys.
    pub fn without_run_once() -> Self {
        Self { fault: Fault::Nothing, name: "drill: no RunOnce", off: &["RunOnce"] }
    }

    /// A drill: nothing that makes an order happen once. The verdict must not be good.
    pub fn without_both() -> Self {
        let off = &["ExclusiveResource", "RunOnce"];
        Self { fault: Fault::Nothing, name: "drill: neither", off }
    }

    fn is_drill(&self) -> bool {
        self.off.contains(&"RunOnce")
    }

    /// Whether it went as it must.
    fn judge(&self, verdict: &Verdict, strikes: usize, without_a_line: &Verdict) -> bool {
        if self.is_drill() {
            let is_guarded = !self.off.contains(&"ExclusiveResource");
            return match is_guarded {
                true => verdict.is_clean() && verdict.executed == verdict.payments,
                false => verdict.twice > 0 && verdict.unlike > 0 && without_a_line.lost > 0,
            };
        }
        // In the end a payment has its answer, or is in doubt: nothing fails any more. A bank whose
        // clock was off by a day may have forgotten the key, and then refuses the used consent.
        let is_known =
            |status: &u16| *status == 409 || (*status == 400 && self.fault == Fault::ClockSteps);
        let is_whole = self.fault != Fault::Nothing
            || (verdict.executed == verdict.payments
                && (verdict.in_doubt, verdict.cut_off) == (0, 0)
                && verdict.refused.keys().all(|status| *status == 409));
        verdict.is_clean()
            && strikes > 0
            && is_whole
            && verdict.in_doubt < verdict.payments
            && verdict.refused_at_last.keys().all(is_known)
    }
}

/// A store, and the ways to it.
pub struct Keeper {
    store: &'static str,
    server: Option<Server>,
    ways: Vec<Arc<Way>>,
}

impl Keeper {
    /// Starts the server; none where its program is absent.
    pub async fn start(store: &'static str) -> Anything<Option<Self>> {
        let server = match store {
            "postgres" => Server::postgres(),
            "redis" => Server::redis(&[]),
            _ => return Ok(Some(Self { store, server: None, ways: Vec::new() })),
        };
        let Some(server) = server else { return Ok(None) };
        let ways = vec![Way::to(server.port).await?, Way::to(server.port).await?];
        Ok(Some(Self { store, server: Some(server), ways }))
    }

    /// As many as can share it: a process that has a file, or memory, has it alone.
    fn banks(&self) -> usize {
        self.ways.len().max(1)
    }

    fn settings(&self, bank: usize, run: &str) -> toml::Table {
        let mut settings = toml::Table::from_iter([("store".into(), self.store.into())]);
        let mut set = |key: &str, value: toml::Value| drop(settings.insert(key.into(), value));
        match (&self.server, self.ways.get(bank)) {
            (Some(server), Some(way)) => {
                set("url", server.url_at(way.port).into());
                set("deadline_millis", (DEADLINE_MILLIS as i64).into());
                if self.store == "postgres" {
                    set("migrate", true.into());
                }
            }
            _ => {
                set("capacity", 10_000_000.into());
                set("consent_window", (365 * 86_400).into());
                if self.store == "file" {
                    set("path", format!("{run}.redb").into());
                    set("allow_create", true.into());
                }
            }
        }
        settings
    }
}

/// How a run went.
enum Outcome {
    /// Everything was sent before the fault could strike.
    Missed,
    Played(bool),
}

/// How often a fault may come too late.
const CHANCES: usize = 3;

/// Who plays, and with how much.
pub struct Theatre {
    bank: PathBuf,
    world: &'static World,
    folder: Folder,
    tls: TlsConnector,
    pub payments: usize,
    pub duplicates: usize,
    pub seed: u64,
    runs: AtomicUsize,
}

impl Theatre {
    /// With this program for a bank.
    pub fn open(bank: PathBuf) -> Anything<Self> {
        // To the end of the process: letters are written in tasks of their own.
        let world: &'static World = Box::leak(Box::new(World::create()?));
        let folder = Folder::temporary()?;
        files::write(world, folder.path())?;
        Ok(Self {
            bank,
            world,
            folder,
            tls: client::tls(world)?,
            payments: number("CHAOS_PAYMENTS", 100)?,
            duplicates: number("CHAOS_DUPLICATES", 10)?,
            seed: number("CHAOS_SEED", now() as usize)? as u64,
            runs: AtomicUsize::new(0),
        })
    }

    /// Plays a run until its fault has struck: one that came too late proves nothing. Says whether
    /// everything went as it must.
    pub async fn play(&self, keeper: &mut Keeper, run: Run) -> Anything<bool> {
        for _ in 0..CHANCES {
            match self.perform(keeper, &run).await? {
                Outcome::Missed => {}
                Outcome::Played(is_good) => return Ok(is_good),
            }
        }
        Ok(false)
    }

    /// Plays a run and prints its line.
    async fn perform(&self, keeper: &mut Keeper, run: &Run) -> Anything<Outcome> {
        let begin = Instant::now();
        let number = self.runs.fetch_add(1, Ordering::SeqCst);
        let name = format!("run-{number}");
        let clocks: Vec<PathBuf> = (0..keeper.banks())
            .map(|bank| self.folder.path().join(format!("{name}-{bank}.clock")))
            .collect();
        let mut banks = Vec::new();
        for bank in 0..keeper.banks() {
            banks.push(self.start(keeper, run, &name, bank).await?);
        }
        let addresses: Vec<_> = banks.iter().map(|bank| bank.address).collect();
        let (consents, letters) = self.write_letters(&addresses).await?;

        let mut dice = Dice(self.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let storm = Arc::new(Storm::of(letters, self.duplicates, &mut dice));
        let mut scene = Scene {
            storm: &storm,
            banks: &banks,
            ways: &keeper.ways,
            server: keeper.server.as_mut(),
            clocks: &clocks,
            dice: &mut dice,
        };
        let (sent, struck) =
            tokio::join!(storm.round(&addresses, &self.tls), run.fault.strike(&mut scene));
        sent?;
        let (strikes, of_what) = struck?;
        for bank in &banks {
            bank.come_to_rest().await?;
        }
        if run.fault != Fault::Nothing {
            storm.round(&addresses, &self.tls).await?;
        }
        banks.iter().for_each(|bank| bank.end());

        let mut ledger = read_ledger(&self.folder.path().join(format!("{name}.ledger.jsonl")))?;
        let verdict = Verdict::of(storm.sight(), &consents, &ledger);
        ledger.pop();
        let is_good = run.judge(&verdict, strikes, &Verdict::of(storm.sight(), &consents, &ledger));
        let done = match of_what {
            "-" => String::new(),
            what => format!("{strikes} {what}"),
        };
        let is_missed = strikes == 0 && !run.is_drill() && verdict.is_clean();
        let word = match (is_missed, is_good) {
            (true, _) => "miss",
            (false, true) => "pass",
            (false, false) => "FAIL",
        };
        verdict.print(keeper.store, run.name, &done, begin.elapsed(), word);
        Ok(if is_missed { Outcome::Missed } else { Outcome::Played(is_good) })
    }

    async fn start(
        &self,
        keeper: &Keeper,
        run: &Run,
        name: &str,
        bank: usize,
    ) -> Anything<Arc<Process>> {
        let folder = self.folder.path();
        let mut file: toml::Table = std::fs::read_to_string(folder.join("bank.toml"))?.parse()?;
        let mut set = |key: &str, value: toml::Value| drop(file.insert(key.into(), value));
        set("ledger_file", format!("{name}.ledger.jsonl").into());
        set("consent_file", format!("{name}.consents.jsonl").into());
        set("payment_millis", 3.into());
        set("idempotency", keeper.settings(bank, name).into());
        let off = run.off.iter().map(|step| ((*step).to_owned(), false.into()));
        set("steps", toml::Table::from_iter(off).into());
        let clock = format!("{name}-{bank}.clock");
        match run.fault.drill(self.payments, &clock) {
            Some(drill) => set("drill", drill.into()),
            None => drop(file.remove("drill")),
        }
        Process::start(self.bank.clone(), folder.join(format!("{name}-{bank}.toml")), file).await
    }

    /// Consents, and for each an order, signed once.
    async fn write_letters(
        &self,
        banks: &[std::net::SocketAddr],
    ) -> Anything<(Vec<String>, Vec<Letter>)> {
        let mut writers = JoinSet::new();
        for writer in 0..WRITERS {
            let count = self.payments / WRITERS + usize::from(writer < self.payments % WRITERS);
            let line = Line::new(banks[writer % banks.len()], self.tls.clone());
            writers.spawn(write(self.world, line, count));
        }
        let mut all = Vec::new();
        while let Some(written) = writers.join_next().await {
            all.extend(written??);
        }
        Ok(all.into_iter().unzip())
    }
}

async fn write(
    world: &'static World,
    mut line: Line,
    count: usize,
) -> Anything<Vec<(String, Letter)>> {
    let mut written = Vec::with_capacity(count);
    for _ in 0..count {
        let asked = letter(&Plan::consent(world, &world.ec, AMOUNT))?;
        let answer = line.send(&asked).await?.ok_or("a consent was cut off")?;
        let body: Value = serde_json::from_slice(&answer.body)?;
        let consent = body["Data"]["ConsentId"].as_str().ok_or("no consent")?.to_owned();
        let mut order = Plan::payment(world, &world.ec, &consent, AMOUNT);
        // Good also for a clock that is ahead by a day.
        order.claims["exp"] = (now() + 5 * 86_400).into();
        written.push((consent, letter(&order)?));
    }
    Ok(written)
}

fn letter(plan: &Plan<'_>) -> Anything<Letter> {
    let (head, body): (_, Bytes) = plan.message()?.request.into_parts();
    Ok(Letter { path: head.uri.path().to_owned(), headers: head.headers, body })
}

fn number(variable: &str, default: usize) -> Anything<usize> {
    match std::env::var(variable) {
        Ok(text) => text.parse().map_err(|_| format!("{variable}: not a number").into()),
        Err(_) => Ok(default),
    }
}

const AMOUNT: &str = "165.88";
const WRITERS: usize = 16;
