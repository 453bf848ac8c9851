//! Lines of hosts that are limited, and the rank that each such host belongs to.
//!
//! All lines of a limited host that are under way are at one rank, which keeps the limits. A host is bound to its rank
//! only while lines are out there: then it is free, and its next lines go to whichever rank has least to do. Under a
//! limit of rate that would let the new rank begin too early, so each host has a home there, by a hash of its name. When
//! a rank has nothing to do a host may be given a new home: there it is left alone for as long as between two requests.
//!
//! A host is limited by the options, or because its server asked to be left alone: until one of its answers does not.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};

use super::{MESSAGE_BYTES, cost};
use crate::bounds::{HOST_BYTES, HOSTS_MOVED};
use crate::host::host_of;
use crate::host_queue::HostLimits;
use crate::input::Line;
use crate::messages::Hold;

#[derive(Default)]
struct Host {
    queue: VecDeque<Line>,
    owner: Option<usize>,
    /// Lines dealt to the owner and not reported on.
    out: usize,
    /// Its server asked its owner to be left alone: no other rank knows until when.
    held: bool,
    /// To be dealt nothing until nothing is out, so that it can move, and where a limit of rate will let it go.
    leaving: Option<usize>,
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
    /// Homes other than a hash of the name gives.
    homes: HashMap<Box<str>, usize>,
    /// Hosts that have just got a new home, and how long they are to be left alone there.
    pub(super) moved: Vec<(usize, Hold)>,
    hasher: RandomState,
}

impl Hosts {
    pub(super) fn new(ranks: usize, limits: HostLimits) -> Hosts {
        let (hosts, ready, hasher) = (HashMap::new(), VecDeque::new(), RandomState::new());
        let (homes, moved) = (HashMap::new(), Vec::new());
        Hosts { ranks, limits, hosts, ready, queued: 0, leaving: false, homes, moved, hasher }
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
            let home = self.home(&name);
            let Some(host) = self.hosts.get_mut(&name) else { continue };
            let owner = host.owner.or(home).unwrap_or(rank);
            if owner == rank && host.leaving.is_none() {
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
            let leaving = host.leaving.take();
            if !held {
                host.owner = None;
                if host.queue.is_empty() && !host.listed {
                    self.hosts.remove(&*name);
                }
            }
            if let Some(to) = leaving {
                self.leaving = false;
                // Held: it stays, for the next lines are to go where that is known.
                if !held && self.hosts.contains_key(&*name) {
                    self.settle(&name, to);
                }
            }
        }
        self.list(name.into());
    }

    /// The rank of a host that none of the others may ask, whether or not lines are out.
    fn home(&self, name: &str) -> Option<usize> {
        let hash = || self.hasher.hash_one(name) as usize % self.ranks;
        self.limits.interval.map(|_| self.homes.get(name).copied().unwrap_or_else(hash))
    }

    /// Nothing is out of this host: it may begin at rank `to`.
    fn settle(&mut self, name: &str, to: usize) {
        let Some(interval) = self.limits.interval else { return };
        self.homes.insert(name.into(), to);
        // Rounded up.
        let millis = interval.as_millis() as u64 + 1;
        self.moved.push((to, Hold { host: name.into(), millis }));
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

    /// Rank `to` has nothing to do: of the rank with the most hosts that have lines waiting, one host is to leave, as
    /// soon as what is out of it is done. True: that is now.
    pub(super) fn call_away(&mut self, to: usize) -> bool {
        let rated = self.limits.interval.is_some();
        if self.leaving || !self.limits.any() || (rated && self.homes.len() >= HOSTS_MOVED) {
            return false;
        }
        let mut owned = vec![0; self.ranks];
        let waiting: Vec<_> = self
            .hosts
            .iter()
            .filter(|(name, host)| !host.held && !host.queue.is_empty() && name.len() <= HOST_BYTES)
            .filter_map(|(name, host)| Some((host.owner.or_else(|| self.home(name))?, host.out, name)))
            .collect();
        waiting.iter().for_each(|&(rank, ..)| owned[rank] += 1);
        let most = (0..self.ranks).max_by_key(|&rank| owned[rank]).filter(|&rank| owned[rank] > 1);
        let Some(most) = most.filter(|&most| most != to) else { return false };
        let theirs = waiting.into_iter().filter(|&(rank, ..)| rank == most);
        let Some((_, out, name)) = theirs.min_by_key(|&(_, out, _)| out) else { return false };
        let name = name.clone();
        if out == 0 {
            self.settle(&name, to);
            self.list(name);
            return rated;
        }
        if let Some(host) = self.hosts.get_mut(&name) {
            host.leaving = Some(to);
            self.leaving = true;
        }
        false
    }

    fn list(&mut self, name: Box<str>) {
        let most_out = self.most_out();
        let Some(host) = self.hosts.get_mut(&name) else { return };
        if !host.listed && host.leaving.is_none() && !host.queue.is_empty() && host.out < most_out {
            host.listed = true;
            self.ready.push_back(name);
        }
    }
}

#[cfg(test)]
mod tests;
