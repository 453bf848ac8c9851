//! Limits, retries and repeated URLs in whole jobs over the engine, with a server that tells when it was asked.

#[path = "../../../tests/server/mod.rs"]
mod server;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use server::{Request, Server, answer};

use super::super::super::dedup::Dedup;
use super::super::super::host_queue::HostLimits;
use super::super::super::messages::Ranks;
use super::*;
use crate::Retries;

/// Records of a job of `ranks` ranks, by line.
fn records(
    ranks: usize,
    list: &[String],
    known: bool,
    change: impl Fn(&mut Work) + Sync,
) -> Vec<serde_json::Value> {
    let outputs = ranks::threads(ranks, |world| {
        let peers = Ranks::of(world);
        let wake = peers.wake();
        let mut work = Work::plain(Client::new(ClientOptions::default()).unwrap(), 20);
        change(&mut work);
        let mut sink = Sink { dedup: known.then(Dedup::default), ..sink(Vec::new()) };
        play(&peers, work, || urls(list.to_vec())(wake), &mut sink).unwrap();
        Ok(sink.target.out)
    })
    .unwrap();
    let lines = std::str::from_utf8(&outputs[0]).unwrap().lines();
    let mut records: Vec<serde_json::Value> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
    records.sort_by_key(|record| record["line"].as_u64());
    let numbers = records.iter().map(|record| record["line"].as_u64().unwrap());
    assert!(numbers.eq(1..=list.len() as u64), "not one record for each line");
    records
}

fn list(server: &Server, count: usize) -> Vec<String> {
    (0..count).map(|i| server.url(&format!("/{i}"))).collect()
}

/// The first URL is answered when all others have been asked for.
#[test]
fn a_slow_url_strands_nothing_behind_it() {
    let (asked, stranded) = (AtomicUsize::new(0), Arc::new(AtomicBool::new(false)));
    let found = stranded.clone();
    let server = Server::start(move |request| {
        asked.fetch_add(1, Ordering::SeqCst);
        let start = Instant::now();
        while request.path == "/0" && asked.load(Ordering::SeqCst) < 301 && !found.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(1));
            found.store(start.elapsed() > Duration::from_secs(15), Ordering::SeqCst);
        }
        answer(200, "", b"x")
    });
    let (outcome, out, _) = job(2, 2, Vec::new(), urls(list(&server, 301)));
    outcome.unwrap();
    assert_eq!(std::str::from_utf8(&out).unwrap().lines().count(), 301);
    assert!(!stranded.load(Ordering::SeqCst), "other URLs waited for the slow one");
}

#[test]
fn a_host_is_asked_so_many_times_at_once_by_all_ranks_together() {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    for ranks in [1, 3] {
        let (active, peak) = (now.clone(), most.clone());
        let asked = AtomicUsize::new(0);
        let server = Server::start(move |_| {
            peak.fetch_max(active.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            // The first waits for a second one, so that there are two at once at least.
            let (first, start) = (asked.fetch_add(1, Ordering::SeqCst) == 0, Instant::now());
            while first && asked.load(Ordering::SeqCst) < 2 && start.elapsed() < Duration::from_secs(10) {
                std::thread::sleep(Duration::from_millis(1));
            }
            std::thread::sleep(Duration::from_millis(3));
            active.fetch_sub(1, Ordering::SeqCst);
            answer(200, "", b"x")
        });
        let limits = HostLimits { at_once: Some(2), interval: None };
        records(ranks, &list(&server, 60), false, |work| work.hosts = limits);
        assert_eq!(most.load(Ordering::SeqCst), 2, "{ranks} ranks");
    }
}

#[test]
fn a_host_is_asked_so_often_in_a_second() {
    let server = Server::start(|_| answer(200, "", b"x"));
    let limits = HostLimits { at_once: None, interval: Some(Duration::from_millis(50)) };
    let start = Instant::now();
    records(3, &list(&server, 15), false, |work| work.hosts = limits);
    assert!(start.elapsed() >= Duration::from_millis(14 * 50), "{:?}", start.elapsed());
    assert_eq!(server.seen().len(), 15);
}

#[test]
fn retry_after_is_honoured_and_retries_bring_the_answer() {
    let asked = AtomicUsize::new(0);
    let server = Server::start(move |_| match asked.fetch_add(1, Ordering::SeqCst) {
        0 => answer(429, "Retry-After: 1\r\n", b"later"),
        _ => answer(200, "", b"x"),
    });
    let retries = Retries { most: 2, ..Retries::default() };
    let limits = HostLimits { at_once: Some(1), interval: None };
    let records = records(2, &list(&server, 8), false, |work| {
        (work.hosts, work.retries) = (limits, retries.clone());
    });
    assert!(records.iter().all(|record| record["status"] == 200));
    let tries: u64 = records.iter().map(|record| record["tries"].as_u64().unwrap()).sum();
    let seen = server.seen();
    assert_eq!((tries, seen.len()), (9, 9));
    // Not even other URLs of the host were asked for in between.
    assert!(seen[1].at - seen[0].at >= Duration::from_millis(990), "{:?}", seen[1].at - seen[0].at);
}

#[test]
fn what_a_server_asks_of_one_rank_holds_at_all() {
    let asked = AtomicUsize::new(0);
    let server = Server::start(move |_| match asked.fetch_add(1, Ordering::SeqCst) {
        0 => answer(503, "Retry-After: 4\r\n", b"later"),
        // Under way while the other ranks hear of it.
        1 | 2 => {
            std::thread::sleep(Duration::from_secs(2));
            answer(200, "", b"x")
        }
        _ => answer(200, "", b"x"),
    });
    let retries = Retries { most: 1, ..Retries::default() };
    let records = records(3, &list(&server, 12), false, |work| {
        (work.concurrency, work.retries) = (1, retries.clone());
    });
    assert!(records.iter().all(|record| record["status"] == 200));
    let seen = server.seen();
    assert_eq!(seen.len(), 13);
    // What the two others had under way by then, and no more, though each had lines in hand.
    let early = seen[1..].iter().filter(|one| one.at - seen[0].at < Duration::from_millis(3990)).count();
    assert!(early <= 2, "{early} requests although the server wanted to be left alone");
}

#[test]
fn retries_have_an_end_and_take_longer_each_time() {
    let server = Server::start(|request: &Request| match &*request.path {
        "/0" => Vec::new(),
        _ => answer(503, "", b"no"),
    });
    let retries = Retries { most: 1, ..Retries::default() };
    let records = records(2, &list(&server, 2), false, |work| work.retries = retries.clone());
    assert!(records[0]["error"].as_str().unwrap().starts_with("connection closed"));
    assert_eq!((&records[1]["status"], &records[1]["tries"]), (&503.into(), &2.into()));
    let times: Vec<_> = server.seen().into_iter().filter(|request| request.path == "/1").collect();
    assert_eq!(times.len(), 2);
    assert!(times[1].at - times[0].at >= Duration::from_millis(240));
}

#[test]
fn a_url_is_requested_once_and_recorded_for_each_line() {
    let server = Server::start(|_| answer(200, "", b"x"));
    let list: Vec<String> = (0..600).map(|i| server.url(&format!("/{}", i % 7))).collect();
    let records = records(3, &list, true, |_| ());
    assert_eq!(server.seen().len(), 7);
    let first = |record: &&serde_json::Value| record["copy_of"].is_null();
    assert_eq!(records.iter().filter(first).count(), 7);
    for record in &records {
        let copied = record["copy_of"].as_u64().unwrap_or(record["line"].as_u64().unwrap());
        assert_eq!(
            (&record["status"], (copied - 1) % 7),
            (&200.into(), (record["line"].as_u64().unwrap() - 1) % 7)
        );
    }
}

#[test]
fn what_is_no_url_is_not_requested() {
    let list = ["ftp://127.0.0.1/x", "www.example.org", "http://"].map(str::to_owned);
    let records = records(1, &list, false, |_| {});
    let told: Vec<_> =
        records.iter().map(|record| (record["tries"].as_u64(), record["error"].as_str())).collect();
    assert_eq!(told[0], (Some(0), Some("invalid url: ftp is not http or https")));
    assert_eq!(told[1], (Some(0), Some("invalid url: no http:// or https:// in front")));
    assert_eq!(told[2].0, Some(0));
}
