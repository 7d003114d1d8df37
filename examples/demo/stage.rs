//! Plays exchanges and keeps the score.

use std::collections::BTreeSet;

use axum::http::{HeaderValue, StatusCode};
use openssl::pkey::{PKey, Private};
use uuid::Uuid;

use super::branch::Branch;
use super::plan::{INTERACTION_ID, Message};
use super::wire::Reply;
use super::world::{BANK_ID, BANK_KID, ISS, TAN};
use super::{Anything, jws};

/// Whether the bank should accept.
#[derive(Clone, Copy, Eq, PartialEq)]
pub enum Kind {
    Attack,
    Legit,
}

/// A status and the code that goes with it.
pub type Expected = (u16, &'static str);

/// The score.
#[derive(Default)]
pub struct Score {
    exchanges: usize,
    attacks: usize,
    failed: usize,
}

impl Score {
    /// The last line.
    pub fn print(&self) {
        let Self { exchanges, attacks, failed } = self;
        println!("exchanges={exchanges} attacks={attacks} failed={failed}");
    }

    pub fn is_clean(&self) -> bool {
        self.failed == 0
    }

    fn line(
        &mut self,
        kind: Kind,
        name: &str,
        expected: Expected,
        got: &str,
        rule: &str,
        good: bool,
    ) {
        let (status, code) = expected;
        let expected = format!("{status}/{code}");
        let passed = good && expected == got;
        self.exchanges += 1;
        self.attacks += usize::from(kind == Kind::Attack);
        self.failed += usize::from(!passed);
        let verdict = if passed { "pass" } else { "FAIL" };
        let kind = if kind == Kind::Attack { "attack" } else { "legit" };
        let number = self.exchanges;
        println!(
            "{number}\t{verdict}\t{kind}\t{name}\texpected={expected}\tgot={got}\trule={rule}"
        );
    }
}

/// A bank on stage.
pub struct Stage<'a> {
    pub branch: &'a Branch,
    pub score: &'a mut Score,
    pub bank_key: &'a PKey<Private>,
}

impl Stage<'_> {
    /// A message that must be accepted with this status.
    pub async fn legit(
        &mut self,
        name: &str,
        status: StatusCode,
        message: Message<'_>,
    ) -> Anything<Reply> {
        self.play(Kind::Legit, name, (status.as_u16(), "-"), message).await
    }

    /// A message that must be refused as expected.
    pub async fn attack(
        &mut self,
        name: &str,
        expected: Expected,
        message: Message<'_>,
    ) -> Anything<Reply> {
        self.play(Kind::Attack, name, expected, message).await
    }

    async fn play(
        &mut self,
        kind: Kind,
        name: &str,
        expected: Expected,
        message: Message<'_>,
    ) -> Anything<Reply> {
        let sent = message.request.headers().get(INTERACTION_ID).cloned();
        let path = message.request.uri().path().to_owned();
        let reply = self.branch.wire.send(message).await?;
        let answered = reply.headers.get(INTERACTION_ID);
        let identified = match &sent {
            Some(id) if is_uuid(id) => answered == Some(id),
            // A malformed id is not echoed: the refusal has an id of its own.
            _ => answered.is_some_and(is_uuid),
        };
        let mut good = self.note(identified, name, "the answer has another interaction id");
        if path.contains("/pisp/") && !reply.body.is_empty() {
            let signed = self.signed_by_bank(&reply);
            good &= self.note(signed.is_ok(), name, &signed.err().unwrap_or_default());
        }
        self.report(kind, name, expected, std::slice::from_ref(&reply), good);
        Ok(reply)
    }

    /// Prints an exchange of one or several equal requests. `good` says whether what is not in the
    /// line was right as well.
    pub fn report(
        &mut self,
        kind: Kind,
        name: &str,
        expected: Expected,
        replies: &[Reply],
        good: bool,
    ) {
        let got = |reply: &Reply| format!("{}/{}", reply.status.as_u16(), reply.code());
        let rule = |reply: &Reply| self.branch.journal.rule(reply.header(INTERACTION_ID.as_str()));
        let all = |texts: BTreeSet<String>| texts.into_iter().collect::<Vec<_>>().join(",");
        let rules = all(replies.iter().map(|reply| rule(reply).to_owned()).collect());
        let got = all(replies.iter().map(got).collect());
        self.score.line(kind, name, expected, &got, &rules, good);
    }

    /// Says on standard error what a line of the score has no room for.
    pub fn note(&self, good: bool, name: &str, complaint: &str) -> bool {
        if !good {
            eprintln!("{name}: {complaint}");
        }
        good
    }

    /// Whether the answer carries the bank's signature over these very bytes.
    fn signed_by_bank(&self, reply: &Reply) -> Result<(), String> {
        let value = reply.header("x-jws-signature").ok_or("the answer is not signed")?;
        let header = jws::verify_detached(value, &reply.body, self.bank_key)
            .map_err(|error| format!("the answer's signature: {error}"))?;
        let named = [("kid", BANK_KID), (ISS, BANK_ID), (TAN, "openbanking.org.uk")];
        match named.into_iter().find(|(member, due)| header[member] != *due) {
            Some((member, _)) => {
                Err(format!("the answer's signature: {member}: {}", header[member]))
            }
            None => Ok(()),
        }
    }
}

fn is_uuid(value: &HeaderValue) -> bool {
    Uuid::try_parse_ascii(value.as_bytes()).is_ok()
}
