//! Attributes of communicators, datatypes and windows: MPI 5.0 section 7.7.
//!
//! Copy and delete callbacks are the program's own code: they run without the lock, and may call MPI.

pub mod fortran;
mod owner;
mod value;

pub use owner::Owner;
pub use value::{CopyProxy, DeleteProxy, Value};

use crate::abi::{Abi, Handle, Keyval, Predefined};
use crate::argument::Out;
use crate::entry::Call;
use crate::failure::{Failure, Result, class};
use crate::global;
use crate::window;
use owner::What;
use ranks_engine::{ANY_SOURCE, PROC_NULL, TAG_UB};
use ranks_shm::job;
use std::collections::BTreeMap;
use std::ffi::{c_int, c_void};
use std::sync::atomic::{AtomicI32, Ordering};
use value::{Callbacks, POINTER};

/// The handles that callbacks get: every ABI passes a communicator in one register, as wide as it needs.
type Raw = usize;

/// A copy callback of a program.
pub type CopyFunction =
    unsafe extern "C-unwind" fn(Raw, c_int, *mut c_void, *mut c_void, *mut c_void, *mut c_int) -> c_int;
/// A delete callback of a program.
pub type DeleteFunction = unsafe extern "C-unwind" fn(Raw, c_int, *mut c_void, *mut c_void) -> c_int;

/// A key that the program made.
#[derive(Clone, Copy)]
pub struct Key {
    what: What,
    callbacks: Callbacks,
    /// Attributes that use it.
    uses: u32,
    /// The program has freed it; it goes with its last use.
    freed: bool,
}

/// All keys.
#[derive(Default)]
pub struct Keyvals {
    keys: BTreeMap<u32, Key>,
    made: u32,
}

impl Keyvals {
    fn release(&mut self, key: u32) {
        if let Some(known) = self.keys.get_mut(&key) {
            known.uses = known.uses.saturating_sub(1);
            self.forget_unused(key);
        }
    }

    fn forget_unused(&mut self, key: u32) {
        if self.keys.get(&key).is_some_and(|known| known.freed && known.uses == 0) {
            self.keys.remove(&key);
        }
    }
}

/// What the predefined attributes point to: C programs keep these addresses.
static TAG_UB_VALUE: AtomicI32 = AtomicI32::new(TAG_UB);
static HOST_VALUE: AtomicI32 = AtomicI32::new(PROC_NULL);
static IO_VALUE: AtomicI32 = AtomicI32::new(ANY_SOURCE);
static WTIME_VALUE: AtomicI32 = AtomicI32::new(1);
static UNIVERSE_VALUE: AtomicI32 = AtomicI32::new(1);
static LAST_CODE_VALUE: AtomicI32 = AtomicI32::new(0);
static APP_VALUE: AtomicI32 = AtomicI32::new(0);

/// What `MPI_LASTUSEDCODE` says from now on.
pub fn set_last_used_code(code: c_int) {
    LAST_CODE_VALUE.store(code, Ordering::Relaxed);
}

/// Sets the values that depend on the job and the ABI.
pub fn begin<A: Abi>(size: usize) {
    let cpus = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let universe = job::told(job::UNIVERSE).unwrap_or_else(cpus).max(size);
    UNIVERSE_VALUE.store(c_int::try_from(universe).unwrap_or(c_int::MAX), Ordering::Relaxed);
    // A program that runs without a launcher is the first of its job, as in Open MPI. MPICH leaves the attribute unset
    // there; programs that read it without asking whether it is set would crash.
    let program = job::told(job::APPNUM).and_then(|number| c_int::try_from(number).ok());
    APP_VALUE.store(program.unwrap_or(0), Ordering::Relaxed);
    HOST_VALUE.store(A::rank_out(PROC_NULL), Ordering::Relaxed);
    IO_VALUE.store(A::rank_out(ANY_SOURCE), Ordering::Relaxed);
    // Codes may have been added before MPI was initialised.
    let added = crate::lasting::with(|lasting| lasting.added.last());
    LAST_CODE_VALUE.store(added.unwrap_or(A::LAST_CODE), Ordering::Relaxed);
}

fn place_of(attribute: Predefined) -> &'static AtomicI32 {
    match attribute {
        Predefined::TagUb => &TAG_UB_VALUE,
        Predefined::Host => &HOST_VALUE,
        Predefined::Io => &IO_VALUE,
        Predefined::WtimeIsGlobal => &WTIME_VALUE,
        Predefined::UniverseSize => &UNIVERSE_VALUE,
        Predefined::LastUsedCode => &LAST_CODE_VALUE,
        Predefined::AppNum => &APP_VALUE,
        // These are kept with the window.
        _ => &WTIME_VALUE,
    }
}

fn address_of(attribute: Predefined) -> usize {
    place_of(attribute).as_ptr().expose_provenance()
}

fn number_of(attribute: Predefined) -> c_int {
    place_of(attribute).load(Ordering::Relaxed)
}

fn no_key(keyval: c_int) -> Failure {
    Failure::new(class::KEYVAL, format!("{keyval:#x} is no key of attributes"))
}

fn dynamic<A: Abi>(keyval: c_int) -> Result<u32> {
    match A::keyval_in(keyval) {
        Keyval::Dynamic(key) => Ok(key),
        Keyval::Predefined(_) => {
            Err(Failure::new(class::KEYVAL, "predefined attributes cannot be set, deleted or freed"))
        }
        Keyval::Invalid => Err(no_key(keyval)),
    }
}

fn create<A: Abi>(
    what: What,
    copy: Option<CopyFunction>,
    delete: Option<DeleteFunction>,
    keyval: Out<c_int>,
    extra: Out<c_void>,
) -> Result<()> {
    let extra = extra.address().expose_provenance();
    let key = global::with(|process| {
        let key = process.keyvals.made;
        process.keyvals.made += 1;
        let callbacks = Callbacks { copy, delete, extra, proxies: None };
        process.keyvals.keys.insert(key, Key { what, callbacks, uses: 0, freed: false });
        key
    });
    keyval.set(A::keyval_out(key))
}

/// `MPI_Comm_create_keyval`.
pub fn create_keyval<A: Abi>(
    _: &Call<A>,
    copy: Option<CopyFunction>,
    delete: Option<DeleteFunction>,
    keyval: Out<c_int>,
    extra: Out<c_void>,
) -> Result<()> {
    create::<A>(What::Comm, copy, delete, keyval, extra)
}

/// `MPI_Type_create_keyval`.
pub fn create_type_keyval<A: Abi>(
    _: &Call<A>,
    copy: Option<CopyFunction>,
    delete: Option<DeleteFunction>,
    keyval: Out<c_int>,
    extra: Out<c_void>,
) -> Result<()> {
    create::<A>(What::Type, copy, delete, keyval, extra)
}

/// `MPI_Win_create_keyval`.
pub fn create_win_keyval<A: Abi>(
    _: &Call<A>,
    copy: Option<CopyFunction>,
    delete: Option<DeleteFunction>,
    keyval: Out<c_int>,
    extra: Out<c_void>,
) -> Result<()> {
    create::<A>(What::Win, copy, delete, keyval, extra)
}

/// `MPI_Comm_free_keyval`, `MPI_Win_free_keyval`, `MPI_Type_free_keyval`: attributes under it stay until they are deleted.
pub fn free_keyval<A: Abi>(_: &Call<A>, keyval: Out<c_int>) -> Result<()> {
    let value = keyval.get()?;
    let key = dynamic::<A>(value)?;
    global::with(|process| {
        // One that attributes still use may be freed again: their delete callbacks do so.
        process.keyvals.keys.get_mut(&key).ok_or_else(|| no_key(value))?.freed = true;
        process.keyvals.forget_unused(key);
        Ok::<_, Failure>(())
    })?;
    keyval.set(A::KEYVAL_INVALID)
}

/// The datatype that attributes are asked of.
fn datatype<A: Abi>(datatype: A::Datatype) -> Result<Owner> {
    global::with(|process| process.types.get::<A>(datatype).map(|_| ()))?;
    Ok(Owner::Type(datatype.decode()))
}

/// `MPI_Comm_set_attr`: an attribute that was there is deleted first.
pub fn set<A: Abi>(call: &Call<A>, comm: A::Comm, keyval: c_int, value: Out<c_void>) -> Result<()> {
    set_on::<A>(Owner::Comm(call.comm(comm)?), keyval, value, POINTER)
}

/// `MPI_Type_set_attr`.
pub fn set_type<A: Abi>(_: &Call<A>, on: A::Datatype, keyval: c_int, value: Out<c_void>) -> Result<()> {
    set_on::<A>(datatype::<A>(on)?, keyval, value, POINTER)
}

/// `MPI_Win_set_attr`.
pub fn set_win<A: Abi>(call: &Call<A>, on: A::Win, keyval: c_int, value: Out<c_void>) -> Result<()> {
    set_on::<A>(Owner::Win(window::key(call, on)?), keyval, value, POINTER)
}

fn set_on<A: Abi>(owner: Owner, keyval: c_int, value: Out<c_void>, kind: c_int) -> Result<()> {
    let key = dynamic::<A>(keyval)?;
    let what = global::with(|process| process.keyvals.keys.get(&key).map(|known| known.what));
    match what {
        None => return Err(no_key(keyval)),
        Some(what) if what != owner.what() => {
            return Err(Failure::new(class::KEYVAL, "a key of attributes of another kind of object"));
        }
        Some(_) => {}
    }
    delete_one::<A>(owner, key)?;
    global::with(|process| {
        owner.attributes(process)?.push((key, Value::new(kind, value.address().expose_provenance())));
        if let Some(known) = process.keyvals.keys.get_mut(&key) {
            known.uses += 1;
        }
        Ok(())
    })
}

/// `MPI_Comm_get_attr`.
pub fn get<A: Abi>(
    call: &Call<A>,
    comm: A::Comm,
    keyval: c_int,
    value: Out<c_void>,
    flag: Out<c_int>,
) -> Result<()> {
    get_of::<A>(Owner::Comm(call.comm(comm)?), keyval, value, flag, Value::for_c)
}

/// `MPI_Type_get_attr`.
pub fn get_type<A: Abi>(
    _: &Call<A>,
    of: A::Datatype,
    keyval: c_int,
    value: Out<c_void>,
    flag: Out<c_int>,
) -> Result<()> {
    get_of::<A>(datatype::<A>(of)?, keyval, value, flag, Value::for_c)
}

/// `MPI_Win_get_attr`.
pub fn get_win<A: Abi>(
    call: &Call<A>,
    of: A::Win,
    keyval: c_int,
    value: Out<c_void>,
    flag: Out<c_int>,
) -> Result<()> {
    get_of::<A>(Owner::Win(window::key(call, of)?), keyval, value, flag, Value::for_c)
}

fn get_of<A: Abi>(
    owner: Owner,
    keyval: c_int,
    value: Out<c_void>,
    flag: Out<c_int>,
    form: fn(&Value) -> usize,
) -> Result<()> {
    let found = match A::keyval_in(keyval) {
        Keyval::Predefined(attribute) => match owner {
            Owner::Comm(_) if !attribute.is_of_window() => Some(address_of(attribute)),
            Owner::Win(key) if attribute.is_of_window() => {
                global::with(|process| process.windows.get(key).map(|window| window.attribute(attribute)))
            }
            _ => return Err(no_key(keyval)),
        },
        Keyval::Invalid => return Err(no_key(keyval)),
        Keyval::Dynamic(key) => global::with(|process| {
            if !process.keyvals.keys.contains_key(&key) {
                return Err(no_key(keyval));
            }
            Ok(value_of(owner.attributes(process)?, key).map(|value| form(&value)))
        })?,
    };
    flag.set(found.is_some().into())?;
    found.map_or(Ok(()), |found| value.pointer().set(found))
}

fn value_of(attributes: &[(u32, Value)], key: u32) -> Option<Value> {
    attributes.iter().find(|(known, _)| *known == key).map(|(_, value)| value.clone())
}

/// `MPI_Comm_delete_attr`.
pub fn delete<A: Abi>(call: &Call<A>, comm: A::Comm, keyval: c_int) -> Result<()> {
    delete_on::<A>(Owner::Comm(call.comm(comm)?), keyval)
}

/// `MPI_Type_delete_attr`.
pub fn delete_type<A: Abi>(_: &Call<A>, on: A::Datatype, keyval: c_int) -> Result<()> {
    delete_on::<A>(datatype::<A>(on)?, keyval)
}

/// `MPI_Win_delete_attr`.
pub fn delete_win<A: Abi>(call: &Call<A>, on: A::Win, keyval: c_int) -> Result<()> {
    delete_on::<A>(Owner::Win(window::key(call, on)?), keyval)
}

fn delete_on<A: Abi>(owner: Owner, keyval: c_int) -> Result<()> {
    match delete_one::<A>(owner, dynamic::<A>(keyval)?)? {
        true => Ok(()),
        false => Err(Failure::new(class::KEYVAL, "there is no attribute under this key")),
    }
}

/// Deletes an attribute if it is there: the callback first, and only if that agrees the attribute.
fn delete_one<A: Abi>(owner: Owner, key: u32) -> Result<bool> {
    let found = global::with(|process| {
        let value = value_of(owner.attributes(process)?, key);
        Ok::<_, Failure>(value.zip(process.keyvals.keys.get(&key).copied()))
    })?;
    let Some((value, known)) = found else { return Ok(false) };
    refused(known.callbacks.delete(owner.raw::<A>(), A::keyval_out(key), &value), "delete")?;
    global::with(|process| {
        if let Ok(attributes) = owner.attributes(process) {
            attributes.retain(|(known, _)| *known != key);
        }
        process.keyvals.release(key);
    });
    Ok(true)
}

fn refused(code: c_int, what: &str) -> Result<()> {
    match code {
        0 => Ok(()),
        code => Err(Failure::new(code, format!("the {what} callback of an attribute returned {code}"))),
    }
}

/// Deletes all attributes of an object, the last one first.
pub fn delete_all<A: Abi>(_: &Call<A>, owner: Owner) -> Result<()> {
    loop {
        let last = global::with(|process| {
            owner.attributes(process).ok().and_then(|attributes| attributes.last().map(|(key, _)| *key))
        });
        match last {
            Some(key) => delete_one::<A>(owner, key)?,
            None => return Ok(()),
        };
    }
}

/// Copies the attributes of an object to its duplicate, those whose callbacks want it.
pub fn copy_all<A: Abi>(_: &Call<A>, old: Owner, new: Owner) -> Result<()> {
    let all = global::with(|process| {
        let attributes = old.attributes(process).map(|attributes| attributes.clone());
        let keys = &process.keyvals.keys;
        let known = attributes.unwrap_or_default().into_iter();
        known.filter_map(|(key, value)| Some((key, value, *keys.get(&key)?))).collect::<Vec<_>>()
    });
    for (key, value, known) in all {
        let (code, copied) = known.callbacks.copy(old.raw::<A>(), A::keyval_out(key), &value);
        refused(code, "copy")?;
        if let Some(copied) = copied {
            global::with(|process| {
                if let Ok(attributes) = new.attributes(process) {
                    attributes.push((key, copied));
                }
                if let Some(known) = process.keyvals.keys.get_mut(&key) {
                    known.uses += 1;
                }
            });
        }
    }
    Ok(())
}
