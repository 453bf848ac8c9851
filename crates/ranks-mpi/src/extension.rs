//! MPICH's extensions, as far as there is an answer: no device's memory, no communicators of threads.

use crate::abi::{Abi, Handle, Ref};
use crate::argument::{In, Out};
use crate::block;
use crate::entry::Call;
use crate::failure::Result;
use crate::global::{self, Stage};
use crate::info;
use std::ffi::{c_char, c_int};

/// `MPIX_GPU_query_support`: buffers lie in the memory of the machine.
pub fn device<A: Abi>(_: &Call<A>, _: c_int, is_supported: Out<c_int>) -> Result<()> {
    is_supported.set(0)
}

/// `MPIX_Query_cuda_support` and its kin.
pub fn no_device() -> c_int {
    0
}

/// `MPIX_Async_get_state`: a null pointer, since nothing asynchronous can be started.
pub fn no_state() -> usize {
    0
}

/// `MPIX_Comm_test_threadcomm`.
pub fn is_of_threads<A: Abi>(call: &Call<A>, comm: A::Comm, flag: Out<c_int>) -> Result<()> {
    call.comm(comm)?;
    flag.set(0)
}

/// `MPIX_Request_is_complete`: 1 if waiting for the request would not wait. The request stays.
pub fn is_complete<H: Handle>(request: H) -> c_int {
    let Ref::Dynamic(key) = request.decode() else { return 1 };
    if global::stage() != Stage::Running {
        return 1;
    }
    block::work();
    let complete = global::with(|process| {
        let Some(record) = process.requests.get(key).copied() else { return true };
        process.engine.status_of(record.id).map_or(true, |found| found.is_some())
    });
    complete.into()
}

/// `MPIX_Info_set_hex`: bytes as digits, two of them for each.
pub fn set_hex<A: Abi>(
    _: &Call<A>,
    info: A::Info,
    key: In<c_char>,
    value: In<u8>,
    size: c_int,
) -> Result<()> {
    use std::fmt::Write;
    let mut digits = String::new();
    for byte in value.slice(size)? {
        let _ = write!(digits, "{byte:02x}");
    }
    info::set_text::<A>(info, key, digits)
}
