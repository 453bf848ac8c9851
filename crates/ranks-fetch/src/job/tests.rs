//! Whole jobs with threads and channels for ranks.

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::super::messages::Wake;
use super::super::order::Order;
use super::super::output::{Format, Text};
use super::super::progress::Progress;
use super::super::summary::Summary;
use super::*;
use crate::sample::Site;
use crate::{Client, ClientOptions};

enum Event {
    Assignment(Assignment),
    Report(usize, Report),
    Wake,
}

/// A rank as a thread. Messages are encoded and decoded on their way, as they are between processes.
struct Thread {
    rank: usize,
    events: Receiver<Event>,
    others: Vec<Sender<Event>>,
}

impl Thread {
    fn event(&self) -> Result<Event, RecvTimeoutError> {
        self.events.recv_timeout(Duration::from_secs(40))
    }

    fn send(&self, rank: usize, event: Event) -> Result<(), RecvTimeoutError> {
        self.others[rank].send(event).map_err(|_| RecvTimeoutError::Disconnected)
    }
}

fn through_postcard<T: serde::Serialize + serde::de::DeserializeOwned>(value: &T) -> T {
    postcard::from_bytes(&postcard::to_stdvec(value).unwrap()).unwrap()
}

impl Peers for Thread {
    type Error = RecvTimeoutError;
    fn rank(&self) -> usize {
        self.rank
    }
    fn size(&self) -> usize {
        self.others.len()
    }
    fn wake(&self) -> Wake {
        let me = Mutex::new(self.others[self.rank].clone());
        Arc::new(move || me.lock().unwrap().send(Event::Wake).unwrap_or(()))
    }
    fn assign(&self, rank: usize, deal: &Assignment) -> Result<(), RecvTimeoutError> {
        self.send(rank, Event::Assignment(through_postcard(deal)))
    }
    fn report(&self, report: &Report) -> Result<(), RecvTimeoutError> {
        self.send(0, Event::Report(self.rank, through_postcard(report)))
    }
    fn next_report(&self) -> Result<Option<(usize, Report)>, RecvTimeoutError> {
        match self.event()? {
            Event::Report(rank, report) => Ok(Some((rank, report))),
            Event::Wake => Ok(None),
            Event::Assignment(_) => panic!("rank 0 is dealt nothing by message"),
        }
    }
    fn next_assignment(&self) -> Result<Option<Assignment>, RecvTimeoutError> {
        match self.event()? {
            Event::Assignment(deal) => Ok(Some(deal)),
            Event::Wake => Ok(None),
            Event::Report(..) => panic!("only rank 0 is reported to"),
        }
    }
}

/// Runs a job of `ranks` threads writing JSON lines to `out`; gives back rank 0's outcome, output and summary.
fn job<W: Write + Send>(
    ranks: usize,
    concurrency: usize,
    out: W,
    input: impl FnOnce(Wake) -> Result<Input, Error> + Send,
) -> (Result<(), Error>, W, Summary) {
    let (senders, receivers): (Vec<_>, Vec<_>) = (0..ranks).map(|_| channel()).unzip();
    let mut threads: Vec<Thread> = receivers
        .into_iter()
        .enumerate()
        .map(|(rank, events)| Thread { rank, events, others: senders.clone() })
        .collect();
    drop(senders);
    let client =
        || Client::new(ClientOptions { timeout: Duration::from_secs(40), ..Default::default() }).unwrap();
    std::thread::scope(|scope| {
        let leader = threads.remove(0);
        for peer in threads {
            scope.spawn(move || {
                let mut nowhere = sink(io::sink());
                play(&peer, Work::plain(client(), concurrency), || unreachable!(), &mut nowhere).unwrap();
            });
        }
        let mut sink = sink(out);
        let wake = leader.wake();
        let outcome = play(&leader, Work::plain(client(), concurrency), || input(wake), &mut sink);
        (outcome, sink.target.out, sink.summary)
    })
}

fn sink<W: Write>(out: W) -> Sink<Text<W>> {
    Sink {
        target: Text { out, format: Format::Jsonl, colour: false },
        progress: Progress::none(),
        summary: Summary::default(),
        order: None,
        dedup: None,
        checkpoint: None,
        started: Instant::now(),
        ready: Vec::new(),
    }
}

fn urls(list: Vec<String>) -> impl FnOnce(Wake) -> Result<Input, Error> + Send {
    move |wake| Input::of(list, move || wake())
}

#[test]
fn one_record_for_each_line_whatever_the_ranks() {
    let site = Site::start().unwrap();
    let mut list = site.urls(80);
    list.extend(["no url".to_owned(), format!("http://a/{}", "x".repeat(4000).replace('x', " "))]);
    list.push(site.url(&format!("/page/5?{}", "long".repeat(1500))));
    for (ranks, concurrency) in [(1, 1), (1, 50), (2, 3), (3, 1), (4, 50)] {
        let (outcome, out, summary) = job(ranks, concurrency, Vec::new(), urls(list.clone()));
        outcome.unwrap();
        let mut records: HashMap<u64, serde_json::Value> = HashMap::new();
        for line in std::str::from_utf8(&out).unwrap().lines() {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            let number = value["line"].as_u64().unwrap();
            assert!(records.insert(number, value).is_none(), "line {number} twice");
        }
        assert_eq!((records.len(), summary.records as usize), (list.len(), list.len()));
        for (url, number) in list.iter().zip(1..) {
            let record = &records[&number];
            assert_eq!(record["url"], url.trim());
            let status = record["status"].as_u64();
            match url {
                _ if url.contains("/status/404") => assert_eq!(status, Some(404)),
                _ if url.contains("/status/503") => assert_eq!(status, Some(503)),
                _ if url.contains("/cut/") => assert_eq!(record["error"], "body cut short"),
                _ if url.contains("long") => assert_eq!((status, &record["bytes"]), (Some(200), &5.into())),
                _ if record["error"].is_null() => assert_eq!(status, Some(200)),
                _ => assert_eq!(status, None, "{record}"),
            }
        }
        assert_eq!(summary.statuses[&Some(404)], 4);
    }
}

/// The reader of a pipe that goes away after some records.
struct Head(usize);

impl Write for Head {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(1).ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(buffer.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_reader_that_goes_away_ends_all_ranks_soon() {
    let site = Site::start().unwrap();
    let mut list: Vec<String> = (0..400).map(|i| site.url(&format!("/page/{i}"))).collect();
    list.extend((0..400).map(|_| site.url("/slow/60000/1")));
    let start = Instant::now();
    let (outcome, ..) = job(3, 20, Head(30), urls(list));
    assert!(outcome.unwrap_err().is_broken_pipe());
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
}

#[test]
fn bad_input_ends_all_ranks() {
    let (outcome, out, _) = job(3, 5, Vec::new(), |_| Err(Error::Input("cannot read x: gone".into())));
    assert_eq!(outcome.unwrap_err().to_string(), "cannot read x: gone");
    assert!(out.is_empty());
    let (outcome, ..) = job(3, 5, Vec::new(), urls(vec!["# a comment".into(), "".into()]));
    assert_eq!(outcome.unwrap_err().to_string(), "no URL given: the input holds none");
}

/// The same job over the engine, ranks being threads. More ranks than cores, and lines and redirects long enough for
/// messages of every kind.
#[test]
fn the_engine_carries_the_job() {
    let site = Site::start().unwrap();
    let mut list: Vec<String> = (0..2000).map(|i| site.url(&format!("/page/{}", i % 50))).collect();
    list.extend((0..20).map(|i| site.url(&format!("/page/{i}?{}", "long".repeat(2000)))));
    list.extend((0..100).map(|i| site.url(&format!("/page/{i}?{}", "long".repeat(400)))));
    for (ranks, concurrency) in [(1, 50), (2, 50), (4, 20), (4, 1)] {
        let outputs = ranks::threads(ranks, |world| {
            let peers = super::super::messages::Ranks::of(world);
            let wake = peers.wake();
            let client = Client::new(ClientOptions::default()).unwrap();
            let mut sink = sink(Vec::new());
            play(&peers, Work::plain(client, concurrency), || urls(list.clone())(wake), &mut sink).unwrap();
            Ok(sink.target.out)
        })
        .unwrap();
        let mut lines: Vec<u64> = std::str::from_utf8(&outputs[0])
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
            .map(|record| {
                assert_eq!(record["status"], 200, "{record}");
                record["line"].as_u64().unwrap()
            })
            .collect();
        lines.sort_unstable();
        assert!(lines.into_iter().eq(1..=list.len() as u64));
        assert!(outputs[1..].iter().all(Vec::is_empty));
    }
}

#[test]
fn in_order_records_are_in_order() {
    let site = Site::start().unwrap();
    let mut list = vec!["# a comment".to_owned(), site.url("/slow/300/1")];
    list.extend(site.urls(100));
    let outputs = ranks::threads(2, |world| {
        let peers = super::super::messages::Ranks::of(world);
        let wake = peers.wake();
        let client = Client::new(ClientOptions::default()).unwrap();
        let mut sink = Sink { order: Some(Order::default()), ..sink(Vec::new()) };
        play(&peers, Work::plain(client, 20), || urls(list.clone())(wake), &mut sink).unwrap();
        Ok(sink.target.out)
    })
    .unwrap();
    let text = String::from_utf8(outputs[0].clone()).unwrap();
    let line =
        |record: &str| serde_json::from_str::<serde_json::Value>(record).unwrap()["line"].as_u64().unwrap();
    assert!(text.lines().map(line).eq(2..=102));
}

mod pace;
