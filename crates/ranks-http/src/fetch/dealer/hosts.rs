//! Lines of hosts that are limited, and the rank that each such host belongs to.
//!
//! All lines of a limited host that are under way are at one rank, which keeps the limits. A host is bound to its rank
//! only while lines are out there: then it is free, and its next lines go to whichever rank has least to do. Under a
//! limit of rate that would let the new rank begin too early, so each host has a home there, by a hash of its name.
//!
//! A host is limited by the options, or because its server asked to be left alone: until one of its answers does not.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};

use super::{MESSAGE_BYTES, cost};
use crate::fetch::input::Line;
use crate::fetch::stock::HostLimits;
use crate::host::host_of;

#[derive(Default)]
struct Host {
    queue: VecDeque<Line>,
    owner: Option<usize>,
    /// Lines dealt to the owner and not reported on.
    out: usize,
    /// Its server asked its owner to be left alone: no other rank knows until when.
    held: bool,
    /// To be dealt nothing until nothing is out, so that it can move.
    leaving: bool,
    /// It stands among the ready.
    listed: bool,
}

pub(super) struct Hosts {
    ranks: usize,
    limits: HostLimits,
    hosts: HashMap<Box<str>, Host>,
    /// Hosts with lines that could be dealt, in turn.
    ready: VecDeque<Box<str>>,
    queued: usize,
    /// One of the hosts is leaving its rank: one at a time.
    leaving: bool,
    hasher: RandomState,
}

impl Hosts {
    pub(super) fn new(ranks: usize, limits: HostLimits) -> Hosts {
        let (hosts, ready, hasher) = (HashMap::new(), VecDeque::new(), RandomState::new());
        Hosts { ranks, limits, hosts, ready, queued: 0, leaving: false, hasher }
    }

    /// Lines that wait here.
    pub(super) fn queued(&self) -> usize {
        self.queued
    }

    /// Whether the host of `url` is limited.
    pub(super) fn limits(&self, url: &str) -> bool {
        self.limits.any() || (!self.hosts.is_empty() && self.hosts.contains_key(&*host_of(url)))
    }

    /// Takes a line of a limited host.
    pub(super) fn add(&mut self, line: Line) {
        let name: Box<str> = host_of(&line.url).into();
        self.queued += 1;
        self.hosts.entry(name.clone()).or_default().queue.push_back(line);
        self.list(name);
    }

    /// Lines of one host that may be out at once: what may begin before the next report is back, and some more.
    fn most_out(&self) -> usize {
        let soon = self.limits.interval.map_or(0, |interval| (0.1 / interval.as_secs_f64()).ceil() as usize);
        2 * self.limits.at_once.unwrap_or(1) + soon.min(1000) + 2
    }

    /// At most `count` lines for `rank`, short enough for one message.
    pub(super) fn take(&mut self, rank: usize, count: usize) -> Vec<Line> {
        let (most_out, mut lines, mut bytes) = (self.most_out(), Vec::new(), 0);
        for _ in 0..self.ready.len() {
            if lines.len() >= count || bytes >= MESSAGE_BYTES {
                break;
            }
            let Some(name) = self.ready.pop_front() else { break };
            let home = self.limits.interval.map(|_| self.hasher.hash_one(&*name) as usize % self.ranks);
            let Some(host) = self.hosts.get_mut(&name) else { continue };
            let owner = host.owner.or(home).unwrap_or(rank);
            if owner == rank && !host.leaving {
                while host.out < most_out && lines.len() < count {
                    let Some(line) = host.queue.front() else { break };
                    bytes += cost(line);
                    if bytes > MESSAGE_BYTES {
                        break;
                    }
                    lines.extend(host.queue.pop_front());
                    host.out += 1;
                    host.owner = Some(rank);
                    self.queued -= 1;
                }
            }
            host.listed = false;
            self.list(name);
        }
        lines
    }

    /// `rank` reported on a line with this URL. Lines of a host that is no longer limited go to `free`; those of one
    /// that now is come from there.
    pub(super) fn done(&mut self, rank: usize, url: &str, held: bool, free: &mut VecDeque<Line>) {
        if self.hosts.is_empty() && !held {
            return;
        }
        let name = host_of(url);
        if held && !self.hosts.contains_key(&*name) {
            self.hold(rank, &name, free);
        }
        let Some(host) = self.hosts.get_mut(&*name) else { return };
        if host.owner != Some(rank) {
            // It was dealt before the host was limited, or is too long to be counted.
            return;
        }
        host.out = host.out.saturating_sub(1);
        if !held && !self.limits.any() {
            let host = self.hosts.remove(&*name).unwrap_or_default();
            self.queued -= host.queue.len();
            return free.extend(host.queue);
        }
        host.held = held;
        if host.out == 0 {
            if std::mem::take(&mut host.leaving) {
                self.leaving = false;
            }
            if !held {
                host.owner = None;
                if host.queue.is_empty() && !host.listed {
                    self.hosts.remove(&*name);
                    return;
                }
            }
        }
        self.list(name.into());
    }

    /// The server of `name` asked `rank` to be left alone: from now on its lines go there and nowhere else.
    fn hold(&mut self, rank: usize, name: &str, free: &mut VecDeque<Line>) {
        self.hosts.insert(name.into(), Host { owner: Some(rank), held: true, ..Host::default() });
        let (theirs, others) =
            free.drain(..).partition(|line| host_of(&line.url) == name && cost(line) <= MESSAGE_BYTES);
        *free = others;
        let theirs: VecDeque<Line> = theirs;
        theirs.into_iter().for_each(|line| self.add(line));
    }

    /// Some rank has nothing to do: of the rank with the most hosts that have lines waiting, one host is to leave, as
    /// soon as what is out of it is done.
    pub(super) fn call_away(&mut self) {
        if self.leaving || self.limits.at_once.is_none() || self.limits.interval.is_some() {
            return;
        }
        let mut owned = vec![0; self.ranks];
        let waiting = || self.hosts.values().filter(|host| !host.held && !host.queue.is_empty());
        waiting().filter_map(|host| host.owner).for_each(|owner| owned[owner] += 1);
        let Some(most) = (0..self.ranks).max_by_key(|&rank| owned[rank]).filter(|&rank| owned[rank] > 1)
        else {
            return;
        };
        let theirs = self
            .hosts
            .values_mut()
            .filter(|host| host.owner == Some(most) && !host.held && !host.queue.is_empty());
        if let Some(host) = theirs.min_by_key(|host| host.out) {
            host.leaving = true;
            self.leaving = true;
        }
    }

    fn list(&mut self, name: Box<str>) {
        let most_out = self.most_out();
        let Some(host) = self.hosts.get_mut(&name) else { return };
        if !host.listed && !host.leaving && !host.queue.is_empty() && host.out < most_out {
            host.listed = true;
            self.ready.push_back(name);
        }
    }
}

#[cfg(test)]
mod tests;
