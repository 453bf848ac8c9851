//! All messages of `ranks fetch`: lines from rank 0 to the others, records from them to rank 0.
//!
//! The job itself is written against [`Peers`], so that it can be tested without ranks.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::input::Line;
use crate::record::Record;

/// Rank 0 to another.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Deal {
    /// Lines to fetch; short, see [`super::dealer::MESSAGE_BYTES`].
    Lines(Vec<Line>),
    /// No more: abandon what is under way, send the last report.
    End,
}

/// Another rank to rank 0.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Report {
    pub(super) records: Vec<Record>,
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
    fn deal(&self, rank: usize, deal: &Deal) -> Result<(), Self::Error>;
    fn report(&self, report: &Report) -> Result<(), Self::Error>;
    /// At rank 0: the next report and who sent it, or `None` after a wake-up.
    fn next_report(&self) -> Result<Option<(usize, Report)>, Self::Error>;
    /// At another rank: what rank 0 deals, or `None` after a wake-up.
    fn next_deal(&self) -> Result<Option<Deal>, Self::Error>;
}
