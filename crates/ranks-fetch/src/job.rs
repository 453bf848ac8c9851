//! The job: rank 0 reads, deals, fetches too, and writes; the others fetch what they are dealt.

use std::time::Instant;

use super::error::Error;
use super::fetcher::{Fetcher, Work};
use super::input::{Entry, Input, Next};
use super::messages::{Assignment, Hold, Peers, Report};
use super::output::Target;
use super::scheduler::Scheduler;
use super::sink::Sink;
use crate::record::Record;

/// Rank 0's part. Whatever happens, the other ranks are told to end, and are waited for.
pub(super) fn lead<P: Peers, T: Target>(
    peers: &P,
    fetcher: Fetcher,
    scheduler: Scheduler,
    input: Result<Input, Error>,
    sink: &mut Sink<T>,
) -> Result<(), Error> {
    let start = Instant::now();
    let outcome = input.and_then(|input| assign_all(peers, &fetcher, scheduler, &input, sink));
    drop(fetcher);
    end_others(peers)?;
    sink.summary.ranks = peers.size();
    sink.summary.elapsed += start.elapsed();
    outcome
}

fn assign_all<P: Peers, T: Target>(
    peers: &P,
    fetcher: &Fetcher,
    mut scheduler: Scheduler,
    input: &Input,
    sink: &mut Sink<T>,
) -> Result<(), Error> {
    let mut begun = false;
    loop {
        let (records, holds) = fetcher.take();
        tell(peers, fetcher, 0, holds)?;
        records.iter().for_each(|record| scheduler.done(0, &record.url, record.held));
        sink.write(records)?;

        while scheduler.wants_input() && sink.has_room() {
            match input.next() {
                Next::Lines(entries) => {
                    if !std::mem::replace(&mut begun, true) {
                        sink.target.begin()?;
                    }
                    for entry in entries {
                        match entry {
                            Entry::Fetch(line) => {
                                if let Some(line) = sink.enter(line) {
                                    scheduler.add(line);
                                }
                            }
                            Entry::Unusable(line, why) => {
                                sink.refuse(Record::untried(line.number, line.url, why));
                            }
                        }
                    }
                    sink.flush()?;
                }
                Next::NotYet => break,
                Next::End { skipped } => {
                    sink.summary.skipped = skipped;
                    scheduler.end_of_input();
                    if !begun {
                        return Err(Error::Input("no URL given: the input holds none".into()));
                    }
                }
                Next::Failed(error) => return Err(Error::Input(error)),
            }
        }

        while let Some((rank, lines)) = scheduler.next() {
            for (rank, hold) in scheduler.moved() {
                deal(peers, fetcher, rank, Assignment::Hold(hold))?;
            }
            deal(peers, fetcher, rank, Assignment::Lines(lines))?;
        }
        if scheduler.finished() {
            return Ok(());
        }

        if let Some((rank, report)) = peers.next_report().map_err(Error::messages)? {
            tell(peers, fetcher, rank, report.holds)?;
            report.records.iter().for_each(|record| scheduler.done(rank, &record.url, record.held));
            sink.write(report.records)?;
        }
    }
}

/// Gives `deal` to `rank`, which may be this one.
fn deal<P: Peers>(peers: &P, fetcher: &Fetcher, rank: usize, deal: Assignment) -> Result<(), Error> {
    match deal {
        _ if rank > 0 => peers.assign(rank, &deal).map_err(Error::messages),
        Assignment::Lines(lines) => {
            fetcher.add(lines);
            Ok(())
        }
        Assignment::Hold(hold) => {
            fetcher.hold(hold);
            Ok(())
        }
        Assignment::End => Ok(()),
    }
}

/// What servers asked of rank `from` holds at all the others.
fn tell<P: Peers>(peers: &P, fetcher: &Fetcher, from: usize, holds: Vec<Hold>) -> Result<(), Error> {
    for hold in holds {
        for rank in (0..peers.size()).filter(|&rank| rank != from) {
            deal(peers, fetcher, rank, Assignment::Hold(hold.clone()))?;
        }
    }
    Ok(())
}

fn end_others<P: Peers>(peers: &P) -> Result<(), Error> {
    let mut others = peers.size() - 1;
    for rank in 1..=others {
        peers.assign(rank, &Assignment::End).map_err(Error::messages)?;
    }
    // A rank that sent a report just then must find it received, or it could not end.
    while others > 0 {
        if let Some((_, report)) = peers.next_report().map_err(Error::messages)? {
            others -= usize::from(report.last);
        }
    }
    Ok(())
}

/// Every other rank's part.
pub(super) fn follow<P: Peers>(peers: &P, fetcher: Fetcher) -> Result<(), Error> {
    loop {
        let (records, holds) = fetcher.take();
        if !records.is_empty() || !holds.is_empty() {
            peers.report(&Report { records, holds, last: false }).map_err(Error::messages)?;
        }
        match peers.next_assignment().map_err(Error::messages)? {
            Some(Assignment::Lines(lines)) => fetcher.add(lines),
            Some(Assignment::Hold(hold)) => fetcher.hold(hold),
            Some(Assignment::End) => break,
            None => {}
        }
    }
    drop(fetcher);
    peers.report(&Report { records: Vec::new(), holds: Vec::new(), last: true }).map_err(Error::messages)
}

/// Starts fetching and plays this rank's part.
pub(super) fn play<P: Peers, T: Target>(
    peers: &P,
    work: Work,
    input: impl FnOnce() -> Result<Input, Error>,
    sink: &mut Sink<T>,
) -> Result<(), Error> {
    let wake = peers.wake();
    let scheduler = Scheduler::new(peers.size(), work.window(), work.hosts);
    let fetcher = Fetcher::start(work, move || wake()).map_err(Error::Start)?;
    match peers.rank() {
        0 => lead(peers, fetcher, scheduler, input(), sink),
        _ => follow(peers, fetcher),
    }
}

#[cfg(test)]
mod tests;
