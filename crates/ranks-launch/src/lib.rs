//! Starts ranks, forwards their output, reports their ends.
//!
//! | module | what it holds |
//! |---|---|
//! | [`launch`] | a job to be started, for programs that start ranks: [`Launch`] |
//! | [`command`] | `ranks run`, `mpiexec` and `mpirun`: words in, exit code out |
//! | [`parse`] | the command line |
//! | `program`, `cargo`, `hosts`, `environment` | what the words refer to: files, targets, machines, variables |
//! | `run` | a job: `start` makes pipes, segment, keeper and processes; one loop watches over them |
//! | `running` | a job that runs beside the program that has started it: [`Running`] |
//! | [`spawned`], `parent` | a job that a rank has started, and the job of that rank |
//! | `foreign` | programs that use another MPI's library |
//! | `outcome`, `ends` | how a job ended; what the end of a rank means |
//! | `report` | what is said about it: who waits where |
//! | [`examine`] | what this machine allows ranks to do |
//! | `output`, `input` | forwarding, in whole lines |
//! | `keeper` | the process that ends the ranks of a killed launcher |
//! | `fork`, `sys` | system calls; the only unsafe code |
//!
//! It knows the segment (`ranks-shm`) and not the engine: a rank is a process with a slot.
#![deny(unsafe_code)]

mod cargo;
pub mod command;
mod culprit;
mod deadlock;
mod ends;
mod environment;
pub mod examine;
mod foreign;
mod fork;
mod hosts;
mod input;
mod keeper;
pub mod launch;
mod limits;
mod outcome;
mod output;
mod parent;
pub mod parse;
mod program;
mod python;
mod report;
mod run;
mod running;
pub mod spawned;
mod sys;
mod threads;

pub use environment::{TERMINAL, inside_job, library};
pub use launch::Launch;
pub use outcome::{Cause, Failure, Outcome, StartError};
pub use output::{Line, StdStream};
pub use parse::Stdin;
pub use running::{Lines, Running};
pub use sys::{Death, survive_long_files};
