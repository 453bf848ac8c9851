//! Windows: MPI 5.0 chapter 12. What there is of them: their life, and access to the rank's own part. Access to the
//! memory of other ranks is not there yet, and says so.
//!
//! | file | what it holds |
//! |---|---|
//! | this | what a window is; names, hints, group |
//! | `make` | making and freeing |
//! | `access` | put, get, accumulate |
//! | `sync` | epochs |

pub mod access;
pub mod make;
pub mod sync;

use crate::abi::{Abi, Handle, Predefined, Ref};
use crate::argument::{Count, In, MAX_OBJECT_NAME, Out};
use crate::entry::Call;
use crate::errhandler::{Handler, Object};
use crate::failure::{Failure, Result, class};
use crate::global;
use crate::group;
use crate::info::Pairs;
use ranks_engine::CommId;
use std::ffi::{c_char, c_int, c_void};

/// How a window was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavor {
    /// The program's memory.
    Create,
    /// The library's.
    Allocate,
    /// Memory that is attached later.
    Dynamic,
    /// The library's, that all ranks can touch.
    Shared,
}

/// What the predefined attributes point to: C programs keep these addresses.
struct Values {
    base: usize,
    size: i64,
    unit: c_int,
    flavor: c_int,
    model: c_int,
}

/// A window.
pub struct Window {
    /// A communicator of its own.
    pub comm: CommId,
    /// The name that the program gave it.
    pub name: Option<String>,
    /// What happens on errors.
    pub handler: Handler,
    /// Attributes, oldest first: key and value.
    pub attributes: Vec<(u32, crate::attribute::Value)>,
    info: Pairs,
    flavor: Flavor,
    values: Box<Values>,
    /// The memory that the library made for it.
    _memory: Option<Box<[u64]>>,
    /// Of a dynamic window: what is attached, address and length.
    attached: Vec<(usize, i64)>,
}

impl Window {
    /// What a predefined attribute's value points to; of the base it is the value.
    pub fn attribute(&self, which: Predefined) -> usize {
        let values = &*self.values;
        match which {
            Predefined::WinBase => values.base,
            Predefined::WinSize => (&raw const values.size).expose_provenance(),
            Predefined::WinUnit => (&raw const values.unit).expose_provenance(),
            Predefined::WinFlavor => (&raw const values.flavor).expose_provenance(),
            _ => (&raw const values.model).expose_provenance(),
        }
    }

    /// A predefined attribute's value as a number, as Fortran has it.
    pub fn number(&self, which: Predefined) -> i64 {
        let values = &*self.values;
        match which {
            Predefined::WinBase => values.base as i64,
            Predefined::WinSize => values.size,
            Predefined::WinUnit => values.unit.into(),
            Predefined::WinFlavor => values.flavor.into(),
            _ => values.model.into(),
        }
    }
}

/// The window is not there any more.
pub fn gone() -> Failure {
    Failure::new(class::WIN, "no such window: it was freed, or never made")
}

/// The key of a window, which errors belong to from here on.
pub fn key<A: Abi>(call: &Call<A>, win: A::Win) -> Result<u32> {
    match win.decode() {
        Ref::Dynamic(key) if global::with(|process| process.windows.get(key).is_some()) => {
            call.blame(Object::Win(key));
            Ok(key)
        }
        Ref::Null => Err(Failure::new(class::WIN, "the window is MPI_WIN_NULL")),
        _ => Err(gone()),
    }
}

/// The window as the object whose error handler hears of a failure.
pub fn object<A: Abi>(call: &Call<A>, win: A::Win) -> Result<Object> {
    Ok(Object::Win(key(call, win)?))
}

/// Does `work` on a window, with the lock.
fn on<A: Abi, R>(call: &Call<A>, win: A::Win, work: impl FnOnce(&mut Window) -> R) -> Result<R> {
    let key = key(call, win)?;
    global::with(|process| process.windows.get_mut(key).map(work)).ok_or_else(gone)
}

/// `MPI_Win_set_name`.
pub fn set_name<A: Abi>(call: &Call<A>, win: A::Win, name: In<c_char>) -> Result<()> {
    let name = name.text()?;
    on(call, win, |window| window.name = Some(name))
}

/// `MPI_Win_get_name`.
pub fn get_name<A: Abi>(call: &Call<A>, win: A::Win, name: Out<c_char>, length: Out<c_int>) -> Result<()> {
    let text = match win == A::Win::NULL {
        true => "MPI_WIN_NULL".into(),
        false => on(call, win, |window| window.name.clone())?.unwrap_or_default(),
    };
    name.text(&text, MAX_OBJECT_NAME, length)
}

/// `MPI_Win_set_info`: hints are kept, and change nothing.
pub fn set_info<A: Abi>(call: &Call<A>, win: A::Win, info: A::Info) -> Result<()> {
    key(call, win)?;
    let hints = crate::info::hints::<A>(info)?;
    on(call, win, |window| {
        hints.into_iter().for_each(|(key, value)| crate::info::put(&mut window.info, key, value));
    })
}

/// `MPI_Win_get_info`.
pub fn get_info<A: Abi>(call: &Call<A>, win: A::Win, info: Out<A::Info>) -> Result<()> {
    info.set(A::Info::NULL)?;
    let key = crate::info::make(on(call, win, |window| window.info.clone())?)?;
    info.set(A::Info::encode(Ref::Dynamic(key)))
}

/// `MPI_Win_get_group`.
pub fn get_group<A: Abi>(call: &Call<A>, win: A::Win, group: Out<A::Group>) -> Result<()> {
    group.set(A::Group::NULL)?;
    let comm = on(call, win, |window| window.comm)?;
    group.set(group::make::<A>(global::with(|process| process.engine.comm_group(comm))?)?)
}

/// `MPI_Win_shared_query`: of the rank's own part.
pub fn shared_query<A: Abi>(
    call: &Call<A>,
    win: A::Win,
    rank: c_int,
    size: Out<i64>,
    unit: Out<impl Count>,
    base: Out<c_void>,
) -> Result<()> {
    let (comm, flavor) = on(call, win, |window| (window.comm, window.flavor))?;
    if flavor == Flavor::Dynamic {
        return Err(Failure::new(class::RMA_FLAVOR, "a dynamic window has no memory to ask for"));
    }
    let mut rank = A::rank_in(rank);
    let (me, all) = global::with(|process| {
        let engine = &mut process.engine;
        Ok::<_, Failure>((engine.comm_rank(comm)?, engine.comm_size(comm)?))
    })?;
    if rank == ranks_engine::PROC_NULL {
        // The lowest rank with memory; of windows on one rank that is it.
        rank = if all == 1 { me } else { 0 };
    }
    access::within(rank, me, all)?;
    let (at, bytes, each) = match rank == me {
        true => on(call, win, |window| (window.values.base, window.values.size, window.values.unit))?,
        // Memory that this rank cannot touch has size 0.
        false => (0, 0, 1),
    };
    base.pointer().set(at)?;
    size.set(bytes)?;
    unit.put(each.into())
}
