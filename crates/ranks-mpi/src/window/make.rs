//! Making and freeing windows: MPI 5.0 section 12.2.

use super::{Flavor, Values, Window, key, on};
use crate::abi::{Abi, Handle, Ref};
use crate::argument::{Count, In, Out};
use crate::attribute::{self, Owner};
use crate::block;
use crate::comm;
use crate::entry::Call;
use crate::errhandler::Handler;
use crate::failure::{Failure, Result, class};
use crate::global;
use ranks_engine::collective::Barrier;
use ranks_engine::{Call as Waits, CommId};
use std::ffi::c_void;

/// What a window is made from.
struct Plan {
    flavor: Flavor,
    base: usize,
    size: i64,
    unit: i64,
}

/// Makes a window; collective, so all ranks have it when it returns.
fn make<A: Abi>(call: &Call<A>, plan: Plan, info: A::Info, comm: A::Comm) -> Result<(A::Win, usize)> {
    let parent = call.comm(comm)?;
    let wrong = |class, text: String| Err(Failure::new(class, text));
    let Ok(bytes) = usize::try_from(plan.size) else {
        return wrong(class::SIZE, format!("a window of {} bytes", plan.size));
    };
    let unit = match i32::try_from(plan.unit) {
        Ok(unit) if unit > 0 => unit,
        _ => return wrong(class::DISP, format!("{} bytes are no unit of displacement", plan.unit)),
    };
    let all = global::with(|process| process.engine.comm_size(parent))?;
    if plan.flavor == Flavor::Shared && all > 1 {
        let text =
            "memory that several ranks share is not supported yet (MPI_Win_allocate_shared of one rank is)";
        return wrong(class::UNSUPPORTED_OPERATION, text.into());
    }
    let info = crate::info::hints::<A>(info)?;
    let (memory, base) = match plan.flavor {
        Flavor::Create | Flavor::Dynamic => (None, plan.base),
        Flavor::Allocate | Flavor::Shared => {
            let mut memory = Vec::new();
            let words = bytes.div_ceil(8).max(1);
            if memory.try_reserve_exact(words).is_err() {
                return wrong(class::NO_MEM, format!("no memory for a window of {bytes} bytes"));
            }
            memory.resize(words, 0u64);
            let mut memory = memory.into_boxed_slice();
            let base = memory.as_mut_ptr().expose_provenance();
            (Some(memory), base)
        }
    };
    let own = comm::make::make(Waits::CommDup, parent, |engine| engine.begin_dup(parent))?;
    let own = own.ok_or_else(comm::gone)?;
    let values =
        Values { base, size: plan.size, unit, flavor: A::FLAVORS[plan.flavor as usize], model: A::UNIFIED };
    let window = Window {
        comm: own,
        name: None,
        handler: Handler::default(),
        attributes: Vec::new(),
        info,
        flavor: plan.flavor,
        values: Box::new(values),
        _memory: memory,
        attached: Vec::new(),
    };
    let key = global::with(|process| process.windows.insert(window));
    let key = key.ok_or_else(|| Failure::new(class::NO_MEM, "too many windows"))?;
    Ok((A::Win::encode(Ref::Dynamic(key)), base))
}

/// `MPI_Win_create`.
pub fn create<A: Abi>(
    call: &Call<A>,
    base: Out<c_void>,
    size: i64,
    unit: impl Count,
    info: A::Info,
    comm: A::Comm,
    win: Out<A::Win>,
) -> Result<()> {
    win.set(A::Win::NULL)?;
    let base = base.address().expose_provenance();
    let plan = Plan { flavor: Flavor::Create, base, size, unit: unit.get() };
    win.set(make(call, plan, info, comm)?.0)
}

/// `MPI_Win_allocate`.
pub fn allocate<A: Abi>(
    call: &Call<A>,
    size: i64,
    unit: impl Count,
    info: A::Info,
    comm: A::Comm,
    base: Out<c_void>,
    win: Out<A::Win>,
) -> Result<()> {
    win.set(A::Win::NULL)?;
    let plan = Plan { flavor: Flavor::Allocate, base: 0, size, unit: unit.get() };
    let (made, at) = make(call, plan, info, comm)?;
    base.pointer().set(at)?;
    win.set(made)
}

/// `MPI_Win_allocate_shared`.
pub fn allocate_shared<A: Abi>(
    call: &Call<A>,
    size: i64,
    unit: impl Count,
    info: A::Info,
    comm: A::Comm,
    base: Out<c_void>,
    win: Out<A::Win>,
) -> Result<()> {
    win.set(A::Win::NULL)?;
    let plan = Plan { flavor: Flavor::Shared, base: 0, size, unit: unit.get() };
    let (made, at) = make(call, plan, info, comm)?;
    base.pointer().set(at)?;
    win.set(made)
}

/// `MPI_Win_create_dynamic`.
pub fn create_dynamic<A: Abi>(call: &Call<A>, info: A::Info, comm: A::Comm, win: Out<A::Win>) -> Result<()> {
    win.set(A::Win::NULL)?;
    let plan = Plan { flavor: Flavor::Dynamic, base: 0, size: 0, unit: 1 };
    win.set(make(call, plan, info, comm)?.0)
}

/// `MPI_Win_attach`.
pub fn attach<A: Abi>(call: &Call<A>, win: A::Win, base: Out<c_void>, size: i64) -> Result<()> {
    let (from, wrong) = (base.address().addr(), |text: &str| Err(Failure::new(class::RMA_ATTACH, text)));
    if size < 0 {
        return Err(Failure::new(class::SIZE, format!("{size} bytes to attach")));
    }
    on(call, win, |window| {
        if window.flavor != Flavor::Dynamic {
            return Err(Failure::new(class::RMA_FLAVOR, "memory is attached to dynamic windows alone"));
        }
        let overlaps =
            |&(other, len): &(usize, i64)| from < other + len as usize && other < from + size as usize;
        if window.attached.iter().any(overlaps) {
            return wrong("part of this memory is attached already");
        }
        window.attached.push((from, size));
        Ok(())
    })?
}

/// `MPI_Win_detach`.
pub fn detach<A: Abi>(call: &Call<A>, win: A::Win, base: In<c_void>) -> Result<()> {
    let from = base.address().addr();
    on(call, win, |window| match window.attached.iter().position(|(at, _)| *at == from) {
        Some(place) => {
            window.attached.remove(place);
            Ok(())
        }
        None => Err(Failure::new(class::RMA_ATTACH, "no memory that begins there is attached")),
    })?
}

/// Waits until every rank is here.
pub fn meet(comm: CommId) -> Result<()> {
    block::collective(|engine| engine.run(comm, Barrier))
}

/// `MPI_Win_free`: waits for all ranks, since others may still be at this one's memory.
pub fn free<A: Abi>(call: &Call<A>, win: Out<A::Win>) -> Result<()> {
    let key = key(call, win.get()?)?;
    attribute::delete_all(call, Owner::Win(key))?;
    let comm = on(call, win.get()?, |window| window.comm)?;
    meet(comm)?;
    comm::free::free_one(call, comm)?;
    global::with(|process| process.windows.remove(key));
    win.set(A::Win::NULL)
}
