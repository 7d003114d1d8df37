//! What goes wrong while payments are sent.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::Anything;
use super::process::Process;
use super::server::Server;
use super::storm::{Dice, Storm};
use super::way::Way;

/// A kind of accident.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    Nothing,
    /// The banks kill themselves before a payment is executed.
    KillInHandler,
    /// They kill themselves when it is, and its answer is not kept yet.
    KillBeforeSettle,
    /// Each is killed while the store's answers are on their way; with a store in a file at any
    /// moment.
    KillDuringClaim,
    StoreStopped,
    ConnectionCut,
    StoreSlow,
    ClockSteps,
}

/// What a fault can lay hands on.
pub struct Scene<'a> {
    pub storm: &'a Arc<Storm>,
    pub banks: &'a [Arc<Process>],
    /// The way of each bank to the store.
    pub ways: &'a [Arc<Way>],
    pub server: Option<&'a mut Server>,
    /// The file of each bank that sets its clock.
    pub clocks: &'a [PathBuf],
    pub dice: &'a mut Dice,
}

impl Fault {
    pub const ALL: [Self; 8] = [
        Self::Nothing,
        Self::KillInHandler,
        Self::KillBeforeSettle,
        Self::KillDuringClaim,
        Self::StoreStopped,
        Self::ConnectionCut,
        Self::StoreSlow,
        Self::ClockSteps,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Nothing => "none",
            Self::KillInHandler => "kill-in-handler",
            Self::KillBeforeSettle => "kill-before-settle",
            Self::KillDuringClaim => "kill-during-claim",
            Self::StoreStopped => "store-stopped",
            Self::ConnectionCut => "connection-cut",
            Self::StoreSlow => "store-slow",
            Self::ClockSteps => "clock-steps",
        }
    }

    /// Memory forgets at a restart, by design; and what is in the process needs no connection.
    pub fn can_hit(self, store: &str) -> bool {
        match self {
            Self::Nothing | Self::ClockSteps => true,
            Self::KillInHandler | Self::KillBeforeSettle | Self::KillDuringClaim => {
                store != "memory"
            }
            Self::StoreStopped | Self::ConnectionCut | Self::StoreSlow => {
                matches!(store, "postgres" | "redis")
            }
        }
    }

    /// What a bank's file says of it.
    pub fn drill(self, payments: usize, clock: &str) -> Option<toml::Table> {
        let kill = match self {
            Self::KillInHandler => "in-handler",
            Self::KillBeforeSettle => "before-settle",
            Self::ClockSteps => {
                return Some(toml::Table::from_iter([("clock_file".into(), clock.into())]));
            }
            _ => return None,
        };
        let every = i64::try_from(payments / 8).unwrap_or(i64::MAX).max(2);
        Some(toml::Table::from_iter([
            ("kill".into(), kill.into()),
            ("kill_every".into(), every.into()),
        ]))
    }

    /// Does it, until everything is sent; says what was done, and how often.
    pub async fn strike(self, scene: &mut Scene<'_>) -> Anything<(usize, &'static str)> {
        match self {
            Self::Nothing => Ok((1, "-")),
            Self::KillInHandler | Self::KillBeforeSettle => {
                scene.reaches(1.0).await;
                Ok((scene.deaths(), "kills"))
            }
            Self::KillDuringClaim => scene.kill_during_claim().await,
            Self::StoreStopped => scene.stop_store().await,
            Self::ConnectionCut => scene.cut().await,
            Self::StoreSlow => scene.slow_down().await,
            Self::ClockSteps => scene.set_clocks().await,
        }
    }
}

impl Scene<'_> {
    /// Waits until so much is sent.
    async fn reaches(&self, progress: f64) {
        while self.storm.progress() < progress {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    fn is_over(&self) -> bool {
        self.storm.progress() >= 1.0
    }

    fn deaths(&self) -> usize {
        self.banks.iter().map(|bank| bank.deaths.load(Ordering::SeqCst)).sum()
    }

    async fn kill_during_claim(&mut self) -> Anything<(usize, &'static str)> {
        let mut kills = 0;
        for number in 0..6 {
            self.reaches(f64::from(number + 1) / 8.0).await;
            let place = number as usize % self.banks.len();
            match self.ways.get(place) {
                Some(way) => {
                    let before = way.stopped.load(Ordering::SeqCst);
                    way.hold(true);
                    while way.stopped.load(Ordering::SeqCst) == before && !self.is_over() {
                        tokio::time::sleep(Duration::from_millis(2)).await;
                    }
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    kills += usize::from(way.stopped.load(Ordering::SeqCst) > before);
                    self.banks[place].kill();
                    way.hold(false);
                }
                None => {
                    let moment = self.dice.below(40) as u64;
                    tokio::time::sleep(Duration::from_millis(moment)).await;
                    kills += usize::from(!self.is_over());
                    self.banks[place].kill();
                }
            }
        }
        Ok((kills, "kills"))
    }

    /// A short time, which banks wait out; and one that is longer than they are patient.
    async fn stop_store(&mut self) -> Anything<(usize, &'static str)> {
        let mut stops = 0;
        for (progress, seconds) in [(0.2, 0.3), (0.6, 3.0)] {
            self.reaches(progress).await;
            stops += usize::from(!self.is_over());
            let server = self.server.as_mut().ok_or("no server to stop")?;
            tokio::task::block_in_place(|| server.kill());
            tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
            tokio::task::block_in_place(|| server.run());
        }
        Ok((stops, "stops"))
    }

    async fn cut(&mut self) -> Anything<(usize, &'static str)> {
        while !self.is_over() {
            tokio::time::sleep(Duration::from_millis(20 + self.dice.below(60) as u64)).await;
            self.ways[self.dice.below(self.ways.len())].cut();
        }
        Ok((self.ways.iter().map(|way| way.cuts.load(Ordering::SeqCst)).sum(), "cuts"))
    }

    /// Slow all the time, and for some time slower than banks are patient.
    async fn slow_down(&mut self) -> Anything<(usize, &'static str)> {
        let all = |millis| self.ways.iter().for_each(|way| way.slow_down(millis));
        all(30);
        for progress in [0.3, 0.6] {
            self.reaches(progress).await;
            all(2 * DEADLINE_MILLIS);
            tokio::time::sleep(Duration::from_millis(500)).await;
            all(30);
        }
        self.reaches(1.0).await;
        all(0);
        let stopped = self.ways.iter().map(|way| way.stopped.load(Ordering::SeqCst)).sum();
        Ok((stopped, "slow answers"))
    }

    async fn set_clocks(&mut self) -> Anything<(usize, &'static str)> {
        let mut steps = 0;
        while !self.is_over() {
            for clock in self.clocks {
                let seconds = STEPS[self.dice.below(STEPS.len())];
                std::fs::write(clock, seconds.to_string())?;
                steps += 1;
            }
            tokio::time::sleep(Duration::from_millis(60)).await;
        }
        for clock in self.clocks {
            std::fs::write(clock, "0")?;
        }
        Ok((steps, "steps"))
    }
}

/// Within what the stores tolerate, beyond a lease, and more than a day; back again from each. Before
/// the real time the certificates of the run are not valid yet.
const STEPS: [i64; 5] = [0, 20, 90, 250, 90_000];
/// How long a bank waits for its store.
pub const DEADLINE_MILLIS: u64 = 1_500;
