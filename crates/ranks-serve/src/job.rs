//! What the ranks of a server tell each other: counts, and the end.
//!
//! Whoever is asked for the counts asks all others. Whoever is told to end (TERM) tells all others; rank 0 hears from
//! each when it has drained, and when all have, tells them to go: so until then every rank answers the others.

use std::sync::mpsc::{Receiver, Sender, TryRecvError};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::sync::{oneshot, watch};

use super::counts::{Counts, Snapshot};

/// One rank to another.
#[derive(Debug, Serialize, Deserialize)]
enum PeerMessage {
    /// How many have you counted?
    Count,
    /// So many.
    Counted(Snapshot),
    /// Drain.
    Drain,
    /// To rank 0: it is done.
    Drained,
    /// From rank 0: all are.
    Go,
}

const TAG: i32 = 1;

/// The serving thread to the main thread.
pub enum Note {
    /// Somebody wants the counts of all ranks, as text.
    Counts(oneshot::Sender<Vec<u8>>),
    /// This rank has been told to end.
    End,
    /// It has drained.
    Drained,
    /// It has panicked.
    Broken,
}

/// The serving thread's end of the line.
#[derive(Clone)]
pub struct Notifier {
    notes: Arc<Mutex<Sender<Note>>>,
    interrupt: ranks::Interrupt,
}

impl Notifier {
    /// To a main thread that waits for messages with this interrupt.
    pub fn new(notes: Sender<Note>, interrupt: ranks::Interrupt) -> Notifier {
        Notifier { notes: Arc::new(Mutex::new(notes)), interrupt }
    }

    /// Hands a note over. A main thread that has gone needs none.
    pub fn notify(&self, note: Note) {
        let _ = self.notes.lock().unwrap_or_else(PoisonError::into_inner).send(note);
        self.interrupt.raise();
    }
}

impl Drop for Notifier {
    /// A thread that panics says so, or the main thread would wait for it for ever.
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.notify(Note::Broken);
        }
    }
}

/// The main thread's part, to the end of the job.
pub struct Job<'a> {
    /// The ranks.
    pub world: &'a ranks::World,
    /// From the serving thread.
    pub notes: Receiver<Note>,
    /// This rank's own counters.
    pub counts: Arc<Counts>,
    /// Tells the serving thread to drain.
    pub drain: watch::Sender<bool>,
}

impl Job<'_> {
    /// Passes words on until all ranks have drained.
    pub fn run(self) -> ranks::Result<()> {
        let (world, size) = (self.world, self.world.size());
        let others = || (0..size).filter(|rank| *rank != world.rank());
        let interrupt = world.interrupt();
        let (mut asked, mut sum, mut missing) = (Vec::new(), Snapshot::default(), 0);
        let mut drained = 0;
        loop {
            loop {
                match self.notes.try_recv() {
                    Ok(Note::Counts(to)) => {
                        if asked.is_empty() {
                            (sum, missing) = (self.counts.snapshot(), size - 1);
                            others().try_for_each(|rank| world.send(&PeerMessage::Count, rank, TAG))?;
                        }
                        asked.push(to);
                    }
                    Ok(Note::End) if !*self.drain.borrow() => {
                        self.drain.send_replace(true);
                        others().try_for_each(|rank| world.send(&PeerMessage::Drain, rank, TAG))?;
                    }
                    Ok(Note::End) => {}
                    Ok(Note::Broken) => world.abort(1),
                    Ok(Note::Drained) if world.rank() == 0 => drained += 1,
                    Ok(Note::Drained) => world.send(&PeerMessage::Drained, 0, TAG)?,
                    Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
                }
            }
            if missing == 0 {
                for to in asked.drain(..) {
                    // Whoever asked may have given up.
                    let _ = to.send(sum.text().into_bytes());
                }
            }
            if drained == size {
                return others().try_for_each(|rank| world.send(&PeerMessage::Go, rank, TAG));
            }
            let Some(found) = world.probe_or(ranks::ANY_SOURCE, TAG, &interrupt)? else { continue };
            match world.receive::<PeerMessage>(found.source, TAG)?.0 {
                PeerMessage::Count => {
                    world.send(&PeerMessage::Counted(self.counts.snapshot()), found.source, TAG)?
                }
                PeerMessage::Counted(theirs) => {
                    sum.add(&theirs);
                    missing -= 1;
                }
                PeerMessage::Drain => drop(self.drain.send_replace(true)),
                PeerMessage::Drained => drained += 1,
                PeerMessage::Go => return Ok(()),
            }
        }
    }
}
