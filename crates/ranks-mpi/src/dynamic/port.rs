//! Jobs that meet at a port, names of ports, and joining over a socket: MPI 5.0 sections 11.9 and 11.10.

use crate::abi::{Abi, Handle};
use crate::argument::{In, Out};
use crate::comm::make::{handle_of, make};
use crate::entry::Call;
use crate::failure::{Failure, Result, class};
use crate::global;
use ranks_engine::{Call as Waits, CommId};
use std::ffi::{c_char, c_int};

/// `MPI_MAX_PORT_NAME`.
const MAX_PORT_NAME: usize = 256;

/// `MPI_Open_port`.
pub fn open_port<A: Abi>(_: &Call<A>, _: A::Info, port: Out<c_char>) -> Result<()> {
    let name = global::with(|process| process.engine.open_port())?;
    port.string(&name, MAX_PORT_NAME).map(drop)
}

/// `MPI_Close_port`.
pub fn close_port<A: Abi>(_: &Call<A>, port: In<c_char>) -> Result<()> {
    let name = port.text()?;
    Ok(global::with(|process| process.engine.close_port(&name))?)
}

/// `MPI_Publish_name`.
pub fn publish_name<A: Abi>(_: &Call<A>, service: In<c_char>, _: A::Info, port: In<c_char>) -> Result<()> {
    let (service, port) = (service.text()?, port.text()?);
    Ok(global::with(|process| process.engine.publish_name(&service, &port))?)
}

/// `MPI_Unpublish_name`.
pub fn unpublish_name<A: Abi>(_: &Call<A>, service: In<c_char>, _: A::Info, port: In<c_char>) -> Result<()> {
    let (service, port) = (service.text()?, port.text()?);
    Ok(global::with(|process| process.engine.unpublish_name(&service, &port))?)
}

/// `MPI_Lookup_name`.
pub fn look_up_name<A: Abi>(_: &Call<A>, service: In<c_char>, _: A::Info, port: Out<c_char>) -> Result<()> {
    let service = service.text()?;
    let name = global::with(|process| process.engine.look_up_name(&service))?;
    port.string(&name, MAX_PORT_NAME).map(drop)
}

/// The name of a port, which means something at the root only.
fn name_at_root(comm: CommId, root: c_int, port: In<c_char>) -> Result<String> {
    match global::with(|process| process.engine.comm_rank(comm))? == root {
        // A root with a wrong argument must take part too, so that the others hear of it: no port has this name.
        true => Ok(port.text().unwrap_or_default()),
        false => Ok(String::new()),
    }
}

/// Waits in `call`, an accept or a connect, until the other job has come to the port.
fn meet(call: Waits, comm: CommId, root: c_int, port: &str) -> Result<Option<CommId>> {
    make(call, comm, |engine| match call {
        Waits::CommAccept => engine.begin_accept(comm, root, port),
        _ => engine.begin_connect(comm, root, port),
    })
}

/// What `MPI_Comm_accept` and `MPI_Comm_connect` (`waits`) share.
fn meet_at_port<A: Abi>(
    call: &Call<A>,
    waits: Waits,
    port: In<c_char>,
    root: c_int,
    comm: A::Comm,
    new: Out<A::Comm>,
) -> Result<()> {
    new.set(A::Comm::NULL)?;
    let comm = call.comm(comm)?;
    let name = name_at_root(comm, root, port)?;
    new.set(handle_of::<A>(meet(waits, comm, root, &name)?))
}

/// `MPI_Comm_accept`.
pub fn accept<A: Abi>(
    call: &Call<A>,
    port: In<c_char>,
    _: A::Info,
    root: c_int,
    comm: A::Comm,
    new: Out<A::Comm>,
) -> Result<()> {
    meet_at_port(call, Waits::CommAccept, port, root, comm, new)
}

/// `MPI_Comm_connect`.
pub fn connect<A: Abi>(
    call: &Call<A>,
    port: In<c_char>,
    _: A::Info,
    root: c_int,
    comm: A::Comm,
    new: Out<A::Comm>,
) -> Result<()> {
    meet_at_port(call, Waits::CommConnect, port, root, comm, new)
}

/// `MPI_Comm_join`: both ends open a port and tell each other its name; the one whose name comes first lets in.
pub fn join<A: Abi>(_: &Call<A>, socket: c_int, new: Out<A::Comm>) -> Result<()> {
    new.set(A::Comm::NULL)?;
    let ours = global::with(|process| process.engine.open_port())?;
    let met = ranks_shm::port::exchange_names(socket, &ours)
        .map_err(|error| Failure::new(class::ARG, format!("descriptor {socket} joins nobody: {error}")))
        .and_then(|theirs| {
            let (call, port) =
                if ours < theirs { (Waits::CommAccept, &ours) } else { (Waits::CommConnect, &theirs) };
            meet(call, CommId::SELF, 0, port)
        });
    global::with(|process| process.engine.close_port(&ours))?;
    new.set(handle_of::<A>(met?))
}
