//! The job: rank 0 reads, deals, fetches too, and writes; the others fetch what they are dealt.

use std::io::{self, Write};
use std::time::Instant;

use super::Error;
use super::dealer::Dealer;
use super::fetcher::{Fetcher, window};
use super::input::{Entry, Input, Next};
use super::messages::{Deal, Peers, Report};
use super::order::Order;
use super::output::Format;
use super::progress::Progress;
use super::summary::Summary;
use crate::record::Record;

/// Where rank 0's records go: the only writer of standard output.
pub(super) struct Sink<W: Write> {
    pub(super) out: W,
    pub(super) format: Format,
    pub(super) progress: Progress,
    pub(super) summary: Summary,
    /// Present if records are to be written in the order of their lines.
    pub(super) order: Option<Order>,
}

impl<W: Write> Sink<W> {
    fn write(&mut self, mut records: Vec<Record>) -> io::Result<()> {
        let Sink { out, format, progress, summary, order } = self;
        if let Some(order) = order {
            records = order.sort(records);
        }
        if records.is_empty() {
            return Ok(());
        }
        progress.around_output(|| {
            for record in &records {
                summary.count(record);
                format.record(out, record)?;
            }
            // Records leave when they are known, not when a buffer is full: someone may be reading along.
            out.flush()
        })?;
        progress.show(summary);
        Ok(())
    }

    /// A line was read that will have a record.
    fn expect(&mut self, line: u64) {
        if let Some(order) = &mut self.order {
            order.expect(line);
        }
    }

    fn has_room(&self) -> bool {
        !self.order.as_ref().is_some_and(Order::is_full)
    }
}

/// Rank 0's part. Whatever happens, the other ranks are told to end, and are waited for.
pub(super) fn lead<P: Peers, W: Write>(
    peers: &P,
    fetcher: Fetcher,
    window: usize,
    input: Result<Input, String>,
    sink: &mut Sink<W>,
) -> Result<(), Error> {
    let start = Instant::now();
    let outcome =
        input.map_err(Error::Input).and_then(|input| deal_all(peers, &fetcher, window, &input, sink));
    drop(fetcher);
    end_others(peers)?;
    sink.summary.ranks = peers.size();
    sink.summary.elapsed = start.elapsed();
    outcome
}

fn deal_all<P: Peers, W: Write>(
    peers: &P,
    fetcher: &Fetcher,
    window: usize,
    input: &Input,
    sink: &mut Sink<W>,
) -> Result<(), Error> {
    let mut dealer = Dealer::new(peers.size(), window);
    let mut begun = false;
    loop {
        let records = fetcher.take();
        dealer.done(0, records.len());
        sink.write(records)?;

        while dealer.wants_input() && sink.has_room() {
            match input.next() {
                Next::Lines(entries) => {
                    if !std::mem::replace(&mut begun, true) {
                        sink.format.begin(&mut sink.out)?;
                    }
                    let mut unusable = Vec::new();
                    for entry in entries {
                        match entry {
                            Entry::Fetch(line) => {
                                sink.expect(line.number);
                                dealer.add(line);
                            }
                            Entry::Unusable(line, why) => {
                                sink.expect(line.number);
                                unusable.push(Record::untried(line.number, line.url, why));
                            }
                        }
                    }
                    sink.write(unusable)?;
                }
                Next::NotYet => break,
                Next::End { skipped } => {
                    sink.summary.skipped = skipped;
                    dealer.end_of_input();
                    if !begun {
                        return Err(Error::Input("no URL given: the input holds none".into()));
                    }
                }
                Next::Failed(error) => return Err(Error::Input(error)),
            }
        }

        while let Some((rank, lines)) = dealer.next() {
            match rank {
                0 => fetcher.add(lines),
                _ => peers.deal(rank, &Deal::Lines(lines)).map_err(Error::messages)?,
            }
        }
        if dealer.finished() {
            return Ok(());
        }

        if let Some((rank, report)) = peers.next_report().map_err(Error::messages)? {
            dealer.done(rank, report.records.len());
            sink.write(report.records)?;
        }
    }
}

fn end_others<P: Peers>(peers: &P) -> Result<(), Error> {
    let mut others = peers.size() - 1;
    for rank in 1..=others {
        peers.deal(rank, &Deal::End).map_err(Error::messages)?;
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
        let records = fetcher.take();
        if !records.is_empty() {
            peers.report(&Report { records, last: false }).map_err(Error::messages)?;
        }
        match peers.next_deal().map_err(Error::messages)? {
            Some(Deal::Lines(lines)) => fetcher.add(lines),
            Some(Deal::End) => break,
            None => {}
        }
    }
    drop(fetcher);
    peers.report(&Report { records: Vec::new(), last: true }).map_err(Error::messages)
}

/// Starts fetching and plays this rank's part.
pub(super) fn play<P: Peers, W: Write>(
    peers: &P,
    client: crate::Client,
    concurrency: usize,
    input: impl FnOnce() -> Result<Input, String>,
    sink: &mut Sink<W>,
) -> Result<(), Error> {
    let wake = peers.wake();
    let fetcher = Fetcher::start(client, concurrency, move || wake()).map_err(Error::Start)?;
    match peers.rank() {
        0 => lead(peers, fetcher, window(concurrency), input(), sink),
        _ => follow(peers, fetcher),
    }
}

#[cfg(test)]
mod tests;
