//! A stand-in for a rank, without an engine: it attaches, says that it waits, and does what its arguments
//! say, one after the other. The tests use it.
//!
//! `only:R` and `except:R` make what follows hold for some ranks; `all` for all again.

use ranks_shm::Segment;
use ranks_shm::blame::Blame;
use ranks_shm::blocked::{Blocked, Call, NOBODY};
use ranks_shm::job::Job;
use ranks_shm::life::{Claim, Stage};
use std::time::Duration;

fn main() {
    let job = Job::from_environment().expect("a job's variable").expect("to be started by a launcher");
    let segment = Segment::attach(&job).expect("a segment");
    let mut here = true;
    for word in std::env::args().skip(1) {
        let (verb, rest) = word.split_once(':').unwrap_or((&word, ""));
        let number = || rest.split(':').next().and_then(|n| n.parse::<i32>().ok()).expect("a number");
        match verb {
            "only" => here = number() as usize == job.rank,
            "except" => here = number() as usize != job.rank,
            "all" => here = true,
            _ if !here => {}
            "attach" => {
                assert_eq!(segment.claim(job.rank), Claim::Ours);
                segment.set_stage(job.rank, Stage::Attached);
            }
            "finalise" => segment.set_stage(job.rank, Stage::Finished),
            "blame" => segment.set_blame(job.rank, Blame::Rank(number() as usize)),
            "barrier" => publish(&segment, job.rank, Call::Barrier, NOBODY, NOBODY),
            "receive" => {
                let tag = rest.split(':').nth(1).and_then(|n| n.parse().ok()).expect("receive:PEER:TAG");
                publish(&segment, job.rank, Call::Recv, number(), tag);
            }
            "clear" => segment.slot(job.rank).blocked.clear(),
            "sleep" => std::thread::sleep(Duration::from_millis(number() as u64)),
            "say" => println!("{rest}"),
            "complain" => eprintln!("{rest}"),
            "abort" => {
                segment.request_abort(job.rank, number());
            }
            "crash" => std::process::abort(),
            "exit" => std::process::exit(number()),
            "until-attached" => {
                while (0..segment.ranks()).any(|rank| segment.stage(rank) == Stage::Absent) {
                    std::thread::sleep(Duration::from_millis(2));
                }
            }
            "until-finished" => {
                while segment.finishes() < number() as u32 {
                    std::thread::sleep(Duration::from_millis(2));
                }
            }
            "until-exists" => {
                while !std::path::Path::new(rest).exists() {
                    std::thread::sleep(Duration::from_millis(2));
                }
            }
            // Until everyone has said that it waits, or has got as far as it will.
            "until-waiting" => {
                let wanted = number() as usize;
                let waiting =
                    || (0..segment.ranks()).filter(|&r| segment.slot(r).blocked.look().is_some()).count();
                while waiting() < wanted {
                    std::thread::sleep(Duration::from_millis(2));
                }
            }
            other => panic!("{other}: not known"),
        }
    }
}

fn publish(segment: &Segment, rank: usize, call: Call, peer: i32, tag: i32) {
    let what = Blocked { call, peer, tag, context: 0, requests: 0, bytes: 0 };
    segment.slot(rank).blocked.publish(&what);
}
