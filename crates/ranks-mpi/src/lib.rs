//! The C ABI of MPI over the engine.
//!
//! Every MPI function is written once here, for any ABI; `libmpi` (the MPICH ABI) is a thin library on
//! top that only exports.
//!
//! | module | what it holds |
//! |---|---|
//! | [`table`] | every function: name, arguments, forms, what does the work |
//! | [`exports`](mod@exports) | from the table to entry points in C |
//! | [`entry`] | what surrounds every function: is MPI running, panics, who hears of an error |
//! | [`argument`] | C arguments as safe values |
//! | [`abi`], [`mpich`] | what an ABI is; handles, constants and status of MPICH's |
//! | [`global`], [`block`] | the one global, its lock; waiting so that other threads can call |
//! | [`process`], [`lasting`], [`slab`] | the objects behind the handles |
//! | [`failure`], [`errhandler`] | errors: classes, codes, texts, handlers |
//! | [`deleted`], [`extension`] | functions of old versions; MPICH's extensions |
//! | [`init`], [`p2p`], [`sendrecv`], [`bsend`], [`partitioned`], [`request`], [`grequest`], [`status`], [`datatype`], [`collective`], [`op`], [`comm`], [`group`], [`topology`], [`attribute`], [`info`], [`session`], [`window`], [`file`], [`fortran`] | the functions, by chapter |

pub mod abi;
pub mod argument;
pub mod attribute;
pub mod block;
pub mod bsend;
pub mod collective;
pub mod comm;
pub mod datatype;
pub mod deleted;
pub mod dynamic;
pub mod entry;
pub mod errhandler;
pub mod exports;
pub mod extension;
pub mod failure;
pub mod file;
pub mod fortran;
pub mod global;
pub mod grequest;
pub mod group;
pub mod info;
pub mod init;
pub mod lasting;
pub mod mpich;
pub mod op;
pub mod p2p;
pub mod partitioned;
pub mod process;
pub mod request;
pub mod sendrecv;
pub mod session;
pub mod slab;
pub mod status;
pub mod table;
pub mod topology;
pub mod waiters;
pub mod window;
