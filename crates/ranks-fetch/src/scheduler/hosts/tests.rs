//! Limited hosts in whole plays of the scheduler.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::super::Scheduler;
use super::*;

const ONE: HostLimits = HostLimits { at_once: Some(1), interval: None };
const SLOW: HostLimits = HostLimits { at_once: None, interval: Some(Duration::from_secs(1)) };

fn line(number: u64, host: usize) -> Line {
    Line { number, url: format!("http://host{host}/{number}") }
}

/// Deals all lines; every rank reports in turn, on some line of its own. Whatever is out of a host is at one rank.
fn play(ranks: usize, window: usize, limits: HostLimits, lines: Vec<Line>, held: impl Fn(u64) -> bool) {
    let mut scheduler = Scheduler::new(ranks, window, limits);
    let total = lines.len();
    let (mut lines, mut seen) = (lines.into_iter(), vec![0; total]);
    let mut out: Vec<VecDeque<Line>> = vec![VecDeque::new(); ranks];
    let mut homes: HashMap<String, usize> = HashMap::new();
    let mut told: HashSet<(usize, String)> = HashSet::new();
    let mut turn = 0;
    while !scheduler.finished() {
        while scheduler.wants_input() {
            match lines.next() {
                Some(line) => scheduler.add(line),
                None => {
                    scheduler.end_of_input();
                    break;
                }
            }
        }
        while let Some((rank, dealt)) = scheduler.next() {
            told.extend(scheduler.moved().into_iter().map(|(rank, hold)| (rank, hold.host.into_string())));
            for line in dealt {
                let host = host_of(&line.url).into_owned();
                seen[line.number as usize] += 1;
                if limits.any() {
                    let elsewhere = (0..ranks).filter(|&other| other != rank);
                    let at = |other: &usize| out[*other].iter().any(|line: &Line| host_of(&line.url) == host);
                    assert_eq!(elsewhere.clone().find(at), None, "{host} is at two ranks");
                }
                if limits.interval.is_some() {
                    let before = homes.insert(host.clone(), rank).unwrap_or(rank);
                    assert!(
                        before == rank || told.remove(&(rank, host)),
                        "a host of limited rate moved unseen"
                    );
                }
                out[rank].push_back(line);
            }
            assert!(out[rank].len() <= window);
        }
        if scheduler.finished() {
            break;
        }
        let busy = (0..ranks).map(|step| (turn + step) % ranks).find(|&rank| !out[rank].is_empty());
        let rank = busy.expect("nothing is out, nothing can be dealt, and it is not finished");
        turn += 1;
        let line = if turn % 3 == 0 { out[rank].pop_back() } else { out[rank].pop_front() }.unwrap();
        scheduler.done(rank, &line.url, held(line.number));
    }
    assert!(seen.iter().all(|&times| times == 1));
}

#[test]
fn every_line_once_and_each_host_at_one_rank() {
    for ranks in [1, 2, 3, 4, 7] {
        for (window, hosts) in [(1, 1), (2, 5), (10, 3), (100, 40)] {
            for limits in [ONE, SLOW, HostLimits { at_once: Some(3), ..SLOW }] {
                let lines = (0..500).map(|i| line(i, (i as usize * i as usize) % hosts)).collect();
                play(ranks, window, limits, lines, |_| false);
            }
        }
    }
}

#[test]
fn hosts_that_are_held_now_and_then_lose_no_line() {
    for ranks in [1, 2, 4] {
        for every in [1, 2, 3, 50] {
            for limits in [HostLimits::default(), ONE, SLOW] {
                let lines = (0..500).map(|i| line(i, (i as usize * i as usize) % 7)).collect();
                play(ranks, 20, limits, lines, move |number| number % every == 0);
            }
        }
    }
}

#[test]
fn whole_hosts_move_to_a_rank_without_work() {
    let mut scheduler = Scheduler::new(2, 100, ONE);
    // Hosts 0 and 2 come to one rank, 1 and 3 to the other; of the latter there are few lines.
    for number in 0..400 {
        scheduler.add(line(number, if number < 8 { number as usize % 4 } else { 2 * (number as usize % 2) }));
    }
    scheduler.end_of_input();
    let mut out = [VecDeque::new(), VecDeque::new()];
    let mut moves = 0;
    let mut last: HashMap<String, usize> = HashMap::new();
    let mut turn = 0;
    while !scheduler.finished() {
        while let Some((rank, lines)) = scheduler.next() {
            for line in lines {
                let host = host_of(&line.url).into_owned();
                moves += usize::from(last.insert(host, rank).is_some_and(|before| before != rank));
                out[rank].push_back(line);
            }
        }
        turn += 1;
        let rank = if out[turn % 2].is_empty() { (turn + 1) % 2 } else { turn % 2 };
        let line: Line = out[rank].pop_front().expect("something is out");
        scheduler.done(rank, &line.url, false);
    }
    assert!((1..10).contains(&moves), "{moves} moves");
    assert_ne!(last["host0"], last["host2"], "both stayed where they were");
}

#[test]
fn hosts_of_limited_rate_move_too_and_are_left_alone_at_first() {
    for ranks in [2, 3] {
        let mut scheduler = Scheduler::new(ranks, 100, SLOW);
        // As many at each rank: the hash could give all of them to the fast one, and none would have to move.
        scheduler.hosts.homes = (0..8).map(|host| (format!("host{host}").into(), host % ranks)).collect();
        (0..400).for_each(|number| scheduler.add(line(number, number as usize % 8)));
        scheduler.end_of_input();
        let (mut moves, mut out) = (0, vec![VecDeque::new(); ranks]);
        while !scheduler.finished() {
            while let Some((rank, lines)) = scheduler.next() {
                for (to, hold) in scheduler.moved() {
                    assert!(out.iter().flatten().all(|line: &Line| host_of(&line.url) != *hold.host));
                    assert!(to == rank && hold.millis >= 1000);
                    moves += 1;
                }
                out[rank].extend(lines);
            }
            // The last rank is ten times as fast as the others.
            for rank in (0..ranks).chain([ranks - 1; 9]) {
                let line: Option<Line> = out[rank].pop_front();
                line.into_iter().for_each(|line| scheduler.done(rank, &line.url, false));
            }
        }
        assert!((1..40).contains(&moves), "{moves} moves with {ranks} ranks");
    }
}

#[test]
fn one_host_does_not_stop_the_others() {
    let mut scheduler = Scheduler::new(2, 50, ONE);
    (0..1000).for_each(|number| scheduler.add(line(number, 0)));
    scheduler.add(line(1000, 1));
    let mut dealt = Vec::new();
    while let Some((_, lines)) = scheduler.next() {
        dealt.extend(lines);
    }
    assert!(dealt.iter().any(|line| line.number == 1000));
    assert!(dealt.len() < 10);
}

#[test]
fn a_host_that_is_to_be_left_alone_stays_where_that_is_known() {
    let mut scheduler = Scheduler::new(3, 10, ONE);
    let deal = |scheduler: &mut Scheduler, number| {
        scheduler.add(line(number, 0));
        let (rank, lines) = scheduler.next().expect("a line to deal");
        assert_eq!(lines.len(), 1);
        rank
    };
    let first = deal(&mut scheduler, 0);
    // Others have less to do from now on; the host's lines stay at the first all the same.
    (0..6).for_each(|number| {
        scheduler.add(Line { number: 100 + number, url: format!("http://other{number}/") })
    });
    while scheduler.next().is_some() {}
    for number in 1..4 {
        scheduler.done(first, "http://host0/", true);
        assert_eq!(deal(&mut scheduler, number), first);
    }
    scheduler.done(first, "http://host0/", false);
    assert!(!scheduler.hosts.hosts.contains_key("host0"));
}
