//! All messages of `ranks fetch`: lines from rank 0 to the others, records from them to rank 0.
//!
//! The job itself is written against [`Peers`], so that it can be tested without ranks.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::input::Line;
use crate::record::Record;

/// A host that is to be left alone for a while.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Hold {
    pub(super) host: Box<str>,
    /// Milliseconds from now: no rank's clock means anything to another.
    pub(super) millis: u64,
}

/// Rank 0 to another.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Assignment {
    /// Lines to fetch; short, see [`super::scheduler::MESSAGE_BYTES`].
    Lines(Vec<Line>),
    /// What another rank was told by a server, or waits for at a host that comes from there.
    Hold(Hold),
    /// No more: abandon what is under way, send the last report.
    End,
}

/// Another rank to rank 0.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Report {
    pub(super) records: Vec<Record>,
    /// What servers asked for. Apart from the records, for a line that is tried again has none yet.
    pub(super) holds: Vec<Hold>,
    /// Nothing comes after this one.
    pub(super) last: bool,
}

/// Called from any thread: ends the main thread's wait for a message.
pub(super) type Wake = Arc<dyn Fn() + Send + Sync>;

/// The other ranks, seen from one.
pub(super) trait Peers {
    type Error: std::fmt::Display;
    fn rank(&self) -> usize;
    fn size(&self) -> usize;
    fn wake(&self) -> Wake;
    fn assign(&self, rank: usize, deal: &Assignment) -> Result<(), Self::Error>;
    fn report(&self, report: &Report) -> Result<(), Self::Error>;
    /// At rank 0: the next report and who sent it, or `None` after a wake-up.
    fn next_report(&self) -> Result<Option<(usize, Report)>, Self::Error>;
    /// At another rank: what rank 0 deals, or `None` after a wake-up.
    fn next_assignment(&self) -> Result<Option<Assignment>, Self::Error>;
}

const DEAL: i32 = 1;
const REPORT: i32 = 2;

/// The ranks of a job, and what ends this rank's wait from its other threads.
pub(super) struct Ranks<'a> {
    world: &'a ranks::World,
    interrupt: ranks::Interrupt,
}

impl<'a> Ranks<'a> {
    pub(super) fn of(world: &'a ranks::World) -> Ranks<'a> {
        Ranks { world, interrupt: world.interrupt() }
    }

    /// The next message with `tag` and its sender, or `None` after a wake-up.
    fn next<T: serde::de::DeserializeOwned>(
        &self,
        source: impl Into<ranks::Source>,
        tag: i32,
    ) -> ranks::Result<Option<(usize, T)>> {
        let Some(found) = self.world.probe_or(source, tag, &self.interrupt)? else { return Ok(None) };
        let (value, status) = self.world.receive(found.source, tag)?;
        Ok(Some((status.source, value)))
    }
}

impl Peers for Ranks<'_> {
    type Error = ranks::Error;
    fn rank(&self) -> usize {
        self.world.rank()
    }
    fn size(&self) -> usize {
        self.world.size()
    }
    fn wake(&self) -> Wake {
        let interrupt = self.interrupt.clone();
        Arc::new(move || interrupt.raise())
    }
    fn assign(&self, rank: usize, deal: &Assignment) -> ranks::Result<()> {
        self.world.send(deal, rank, DEAL)
    }
    fn report(&self, report: &Report) -> ranks::Result<()> {
        self.world.send(report, 0, REPORT)
    }
    fn next_report(&self) -> ranks::Result<Option<(usize, Report)>> {
        self.next(ranks::ANY_SOURCE, REPORT)
    }
    fn next_assignment(&self) -> ranks::Result<Option<Assignment>> {
        Ok(self.next(0, DEAL)?.map(|(_, deal)| deal))
    }
}
