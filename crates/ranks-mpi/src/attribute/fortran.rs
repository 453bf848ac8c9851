//! Attributes as MPICH's Fortran wrappers set and get them: values are integers, and the numbers of the predefined keys
//! are one more than in C.

use super::value::{CopyProxy, DeleteProxy, Value};
use super::{Owner, datatype, dynamic, get_of, number_of, set_on};
use crate::abi::{Abi, Keyval};
use crate::argument::Out;
use crate::entry::Call;
use crate::failure::Result;
use crate::global;
use crate::window;
use std::ffi::{c_int, c_void};

/// `MPII_Comm_get_attr`.
pub fn get<A: Abi>(
    call: &Call<A>,
    comm: A::Comm,
    keyval: c_int,
    value: Out<c_void>,
    flag: Out<c_int>,
    kind: c_int,
) -> Result<()> {
    get_any::<A>(Owner::Comm(call.comm(comm)?), keyval, value, flag, kind)
}

/// `MPII_Type_get_attr`.
pub fn get_type<A: Abi>(
    _: &Call<A>,
    of: A::Datatype,
    keyval: c_int,
    value: Out<c_void>,
    flag: Out<c_int>,
    kind: c_int,
) -> Result<()> {
    get_any::<A>(datatype::<A>(of)?, keyval, value, flag, kind)
}

/// `MPII_Win_get_attr`.
pub fn get_win<A: Abi>(
    call: &Call<A>,
    of: A::Win,
    keyval: c_int,
    value: Out<c_void>,
    flag: Out<c_int>,
    kind: c_int,
) -> Result<()> {
    get_any::<A>(Owner::Win(window::key(call, of)?), keyval, value, flag, kind)
}

fn get_any<A: Abi>(
    owner: Owner,
    keyval: c_int,
    value: Out<c_void>,
    flag: Out<c_int>,
    kind: c_int,
) -> Result<()> {
    if kind == super::value::POINTER {
        return get_of::<A>(owner, keyval, value, flag, Value::for_c);
    }
    let Keyval::Predefined(attribute) = A::keyval_in(keyval.wrapping_sub(1)) else {
        return get_of::<A>(owner, keyval, value, flag, Value::plain);
    };
    let number = match owner {
        Owner::Comm(_) if !attribute.is_of_window() => number_of(attribute) as i64,
        Owner::Win(key) if attribute.is_of_window() => {
            let number = global::with(|process| process.windows.get(key).map(|win| win.number(attribute)));
            number.ok_or_else(window::gone)?
        }
        // The same failure as in C.
        _ => return get_of::<A>(owner, keyval, value, flag, Value::plain),
    };
    flag.set(1)?;
    value.pointer().set(number as usize)
}

/// `MPII_Comm_set_attr`.
pub fn set<A: Abi>(
    call: &Call<A>,
    comm: A::Comm,
    keyval: c_int,
    value: Out<c_void>,
    kind: c_int,
) -> Result<()> {
    set_on::<A>(Owner::Comm(call.comm(comm)?), keyval, value, kind)
}

/// `MPII_Type_set_attr`.
pub fn set_type<A: Abi>(
    _: &Call<A>,
    on: A::Datatype,
    keyval: c_int,
    value: Out<c_void>,
    kind: c_int,
) -> Result<()> {
    set_on::<A>(datatype::<A>(on)?, keyval, value, kind)
}

/// `MPII_Win_set_attr`.
pub fn set_win<A: Abi>(
    call: &Call<A>,
    on: A::Win,
    keyval: c_int,
    value: Out<c_void>,
    kind: c_int,
) -> Result<()> {
    set_on::<A>(Owner::Win(window::key(call, on)?), keyval, value, kind)
}

/// `MPII_Keyval_set_proxy`: the callbacks of a key are Fortran's.
pub fn set_proxy<A: Abi>(
    _: &Call<A>,
    keyval: c_int,
    copy: Option<CopyProxy>,
    delete: Option<DeleteProxy>,
) -> Result<()> {
    let key = dynamic::<A>(keyval)?;
    global::with(|process| {
        if let Some(known) = process.keyvals.keys.get_mut(&key) {
            known.callbacks.proxies = copy.zip(delete);
        }
    });
    Ok(())
}
