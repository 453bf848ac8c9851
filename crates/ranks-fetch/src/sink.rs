//! Where rank 0's records go: counted, put in order if wanted, copied for lines that repeat a URL, written.

use std::io;
use std::time::Instant;

use super::checkpoint::Checkpoint;
use super::dedup::{Dedup, Entered};
use super::input::Line;
use super::order::Order;
use super::output::Target;
use super::progress::Progress;
use super::summary::Summary;
use crate::bounds::READ_AHEAD;
use crate::record::Record;

/// The only writer of records.
pub(super) struct Sink<T: Target> {
    pub(super) target: T,
    pub(super) progress: Progress,
    pub(super) summary: Summary,
    /// Present if records are to be written in the order of their lines.
    pub(super) order: Option<Order>,
    /// Present if a URL is to be requested once, however many lines name it.
    pub(super) dedup: Option<Dedup>,
    /// Present if the job can be gone on with. Lines it has are done.
    pub(super) checkpoint: Option<Checkpoint>,
    pub(super) started: Instant,
    /// Records of lines that need no request, until the next [`Sink::flush`].
    pub(super) ready: Vec<Record>,
}

impl<T: Target> Sink<T> {
    /// A line was read; it comes back if it is to be fetched. Else its record is written at the next flush, or with
    /// another's.
    pub(super) fn enter(&mut self, line: Line) -> Option<Line> {
        if self.is_done(line.number) {
            return None;
        }
        self.expect(line.number);
        let Some(dedup) = &mut self.dedup else { return Some(line) };
        match dedup.enter(line) {
            Entered::Fresh(line) => Some(line),
            Entered::Waits => None,
            Entered::Copy(record) => {
                self.ready.push(record);
                None
            }
        }
    }

    /// A line was read that cannot be fetched.
    pub(super) fn refuse(&mut self, record: Record) {
        if !self.is_done(record.line) {
            self.expect(record.line);
            self.ready.push(record);
        }
    }

    /// Records of lines that were fetched. They are out when this returns, or held back for their order.
    pub(super) fn write(&mut self, mut records: Vec<Record>) -> io::Result<()> {
        if let Some(dedup) = &mut self.dedup {
            let copies: Vec<Record> = records.iter().flat_map(|record| dedup.settle(record)).collect();
            records.extend(copies);
        }
        self.put(records)?;
        self.flush()
    }

    fn put(&mut self, mut records: Vec<Record>) -> io::Result<()> {
        let Sink { target, progress, summary, order, checkpoint, started, .. } = self;
        if let Some(order) = order {
            records = order.sort(records);
        }
        if records.is_empty() {
            return Ok(());
        }
        progress.around_output(|| {
            records.iter().try_for_each(|record| {
                summary.count(record);
                summary.timeline.add(started.elapsed(), record.error.is_some());
                target.record(record)?;
                checkpoint.iter_mut().for_each(|checkpoint| checkpoint.mark(record.line));
                Ok(())
            })
        })
    }

    /// Records leave when they are known, not when a buffer is full: someone may be reading along.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        let ready = std::mem::take(&mut self.ready);
        self.put(ready)?;
        let Sink { target, progress, summary, .. } = self;
        progress.around_output(|| target.flush())?;
        progress.show(summary);
        if self.checkpoint.as_ref().is_some_and(Checkpoint::is_due) {
            let mut summary = self.summary.clone();
            summary.elapsed += self.started.elapsed();
            self.save(summary)?;
        }
        Ok(())
    }

    /// After the last record.
    pub(super) fn end(&mut self) -> io::Result<()> {
        self.save(self.summary.clone())?;
        self.target.end(&self.summary)
    }

    fn save(&mut self, summary: Summary) -> io::Result<()> {
        let Some(checkpoint) = &mut self.checkpoint else { return Ok(()) };
        let length = self.target.commit()?;
        checkpoint.save(length, summary)
    }

    fn is_done(&self, line: u64) -> bool {
        self.checkpoint.as_ref().is_some_and(|checkpoint| checkpoint.has(line))
    }

    fn expect(&mut self, line: u64) {
        if let Some(order) = &mut self.order {
            order.expect(line);
        }
    }

    /// Whether more lines may be read.
    pub(super) fn has_room(&self) -> bool {
        let room = self.dedup.as_ref().is_none_or(|dedup| dedup.waiting() < READ_AHEAD);
        room && !self.order.as_ref().is_some_and(Order::is_full)
    }
}
