//! Ports: where ranks of other jobs are let in.
//!
//! A port is a number in the segment of the job whose rank has opened it. Who wants to be let in makes a small bridge of its
//! own, the *knock*, whose slots say which ranks come, and puts down where it is in the segment of the port. Who lets in takes
//! that out, and writes into the knock where the bridge between the two is.

use crate::job::Job;
use crate::primitive::Ordering::{AcqRel, Acquire, Relaxed, Release};
use crate::segment::Segment;
use crate::sys;
use std::fmt;
use std::io;
use std::str::FromStr;

/// The name of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Port {
    /// The job whose rank has opened it.
    pub job: Job,
    /// Its number there.
    pub number: u32,
}

/// With what names begin.
const PREFIX: &str = "ranks-port:";

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}:{}", self.job, self.number)
    }
}

impl FromStr for Port {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (job, number) = text.strip_prefix(PREFIX).ok_or(())?.rsplit_once(':').ok_or(())?;
        Ok(Self { job: job.parse().map_err(drop)?, number: number.parse().map_err(drop)? })
    }
}

/// The longest name that travels over a socket.
const LONGEST: usize = 256;

/// Gives the other end of a program's socket a name, and gets that of the other end.
pub fn exchange_names(socket: i32, name: &str) -> io::Result<String> {
    let (mut ours, mut theirs) = ([0; LONGEST], [0; LONGEST]);
    let len = name.len().min(LONGEST);
    ours[..len].copy_from_slice(&name.as_bytes()[..len]);
    sys::exchange(socket, &ours, &mut theirs)?;
    Ok(String::from_utf8_lossy(&theirs).trim_end_matches('\0').to_owned())
}

const FREE: u32 = 0;
const WRITTEN: u32 = 1;
const WAITS: u32 = 2;

impl Segment {
    /// Opens a port; its number. `None` when too many are open.
    pub fn open_port(&self) -> Option<u32> {
        let header = self.header();
        let number = header.last_port.fetch_add(1, Relaxed).wrapping_add(1).max(1);
        let place =
            header.ports.iter().find(|entry| entry.compare_exchange(0, number, AcqRel, Acquire).is_ok());
        place.map(|_| number)
    }

    /// Closes a port; false when it was not open.
    pub fn close_port(&self, number: u32) -> bool {
        let close =
            |entry: &crate::primitive::AtomicU32| entry.compare_exchange(number, 0, AcqRel, Acquire).is_ok();
        number != 0 && self.header().ports.iter().any(close)
    }

    /// True while a port is open.
    pub fn is_open(&self, number: u32) -> bool {
        number != 0 && self.header().ports.iter().any(|entry| entry.load(Acquire) == number)
    }

    /// Puts down that somebody waits at a port; false when there is no room yet.
    pub fn knock(&self, number: u32, place: &Job) -> bool {
        let free = |state: &crate::primitive::AtomicU32| {
            state.compare_exchange(FREE, WRITTEN, AcqRel, Acquire).is_ok()
        };
        let Some(knock) = self.header().knocks.iter().find(|knock| free(&knock.state)) else { return false };
        knock.port.store(number, Relaxed);
        knock.place.write(place);
        knock.state.store(WAITS, Release);
        self.wake_all();
        true
    }

    /// Takes out who waits at a port.
    pub fn take_knock(&self, number: u32) -> Option<Job> {
        for knock in &self.header().knocks {
            if knock.state.load(Acquire) != WAITS || knock.port.load(Relaxed) != number {
                continue;
            }
            let place = knock.place.read();
            if knock.state.compare_exchange(WAITS, FREE, AcqRel, Acquire).is_ok() {
                return place;
            }
        }
        None
    }

    /// Takes back that this one waits. False when it was taken out before.
    pub fn withdraw_knock(&self, place: &Job) -> bool {
        self.header().knocks.iter().any(|knock| {
            knock.state.load(Acquire) == WAITS
                && knock.place.read().is_some_and(|job| job == *place)
                && knock.state.compare_exchange(WAITS, FREE, AcqRel, Acquire).is_ok()
        })
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_known_by_its_name() {
        let job = Job { launcher: 7, descriptor: 3, nonce: 0xbeef, rank: 0 };
        let port = Port { job, number: 5 };
        assert_eq!(port.to_string().parse(), Ok(port));
        for bad in ["", "ranks-port:", "ranks-port:5", "1:7:3:beef:0:5", "ranks-port:1:7:3:beef:0:x"] {
            assert_eq!(bad.parse::<Port>(), Err(()), "{bad}");
        }
    }

    #[test]
    fn who_knocks_is_taken_out_once() {
        let segment = Segment::private(1);
        let (first, second) = (segment.open_port().unwrap(), segment.open_port().unwrap());
        let place = |nonce| Job { launcher: 7, descriptor: 3, nonce, rank: 0 };
        assert!(segment.knock(second, &place(1)) && segment.knock(first, &place(2)));
        assert_eq!((segment.take_knock(first), segment.take_knock(first)), (Some(place(2)), None));
        assert!(segment.withdraw_knock(&place(1)) && !segment.withdraw_knock(&place(1)));
        assert_eq!(segment.take_knock(second), None);
        assert!(segment.close_port(first) && !segment.close_port(first));
        assert!(!segment.is_open(first) && segment.is_open(second) && !segment.is_open(0));
    }
}
