//! Info objects: ordered pairs of strings. MPI 5.0 chapter 10.

use crate::abi::{Abi, Handle, Ref};
use crate::argument::{In, Out};
use crate::entry::Call;
use crate::failure::{Failure, Result, class};
use crate::global::{self, Stage};
use crate::lasting;
use ranks_shm::job;
use ranks_shm::life::is_forked_child;
use std::ffi::{c_char, c_int};

/// Keys and values, in the order of their first setting.
pub type Pairs = Vec<(String, String)>;

/// `MPI_MAX_INFO_VAL`, the same in every ABI.
const MAX_VALUE: usize = 1024;

/// Sets a value.
pub fn put(pairs: &mut Pairs, key: String, value: String) {
    match pairs.iter_mut().find(|(known, _)| *known == key) {
        Some(pair) => pair.1 = value,
        None => pairs.push((key, value)),
    }
}

/// Makes an object; its key.
pub fn make(pairs: Pairs) -> Result<u32> {
    lasting::with(|lasting| lasting.infos.insert(pairs))
        .ok_or_else(|| Failure::new(class::NO_MEM, "too many info objects"))
}

fn none() -> Failure {
    Failure::new(class::INFO, "no such info object: it was freed, or never made")
}

/// The pairs of a handle. `MPI_INFO_ENV` says what is known of how the program was started.
pub fn find<A: Abi>(info: A::Info) -> Result<Pairs> {
    match info.decode() {
        Ref::Builtin(_) => Ok(environment(std::env::args())),
        Ref::Dynamic(key) => lasting::with(|lasting| lasting.infos.get(key).cloned()).ok_or_else(none),
        Ref::Null => Err(Failure::new(class::INFO, "the info object is MPI_INFO_NULL")),
        Ref::Invalid => Err(none()),
    }
}

/// The hints that a call was given: `MPI_INFO_NULL` is none.
pub fn hints<A: Abi>(info: A::Info) -> Result<Pairs> {
    if info == A::Info::NULL { Ok(Pairs::new()) } else { find::<A>(info) }
}

/// What is known of how a program with these arguments was started. Keys of which nothing is known are left out, as that
/// of a thread level: nobody asks for one before the program runs.
fn environment(arguments: impl IntoIterator<Item = String>) -> Pairs {
    let mut pairs = Pairs::new();
    let mut arguments = arguments.into_iter();
    if let Some(command) = arguments.next() {
        pairs.push(("command".into(), command));
        let arguments = arguments.collect::<Vec<_>>().join(" ");
        if !arguments.is_empty() {
            pairs.push(("argv".into(), arguments));
        }
    }
    // Of all programs of the job together; alone where no launcher has said otherwise.
    let ranks = match global::stage() {
        Stage::Running if !is_forked_child() => global::with(|process| process.engine.size()),
        _ => job::told(job::SIZE).unwrap_or(1),
    };
    pairs.push(("maxprocs".into(), ranks.to_string()));
    pairs.push(("host".into(), crate::init::host()));
    if let Ok(folder) = std::env::current_dir() {
        pairs.push(("wdir".into(), folder.to_string_lossy().into_owned()));
    }
    pairs.push(("arch".into(), std::env::consts::ARCH.into()));
    pairs
}

fn change<A: Abi, R>(info: A::Info, work: impl FnOnce(&mut Pairs) -> Result<R>) -> Result<R> {
    match info.decode() {
        Ref::Dynamic(key) => lasting::with(|lasting| work(lasting.infos.get_mut(key).ok_or_else(none)?)),
        Ref::Builtin(_) => Err(Failure::new(class::INFO, "MPI_INFO_ENV cannot be changed")),
        _ => Err(none()),
    }
}

fn key_of<A: Abi>(key: In<c_char>) -> Result<String> {
    let key = key.text()?.trim().to_string();
    if key.is_empty() || key.len() >= A::MAX_INFO_KEY {
        return Err(Failure::new(class::INFO_KEY, format!("a key of {} bytes", key.len())));
    }
    Ok(key)
}

/// `MPI_Info_create`.
pub fn create<A: Abi>(_: &Call<A>, info: Out<A::Info>) -> Result<()> {
    info.set(A::Info::NULL)?;
    info.set(A::Info::encode(Ref::Dynamic(make(Pairs::new())?)))
}

/// `MPI_Info_create_env`: as `MPI_INFO_ENV` with the given arguments; without any, with those of the process.
pub fn create_env<A: Abi>(
    _: &Call<A>,
    count: c_int,
    arguments: Out<*mut c_char>,
    info: Out<A::Info>,
) -> Result<()> {
    info.set(A::Info::NULL)?;
    let given = if arguments.is_null() { Vec::new() } else { arguments.strings(count)? };
    let pairs = if given.is_empty() { environment(std::env::args()) } else { environment(given) };
    info.set(A::Info::encode(Ref::Dynamic(make(pairs)?)))
}

/// `MPI_Info_dup`.
pub fn dup<A: Abi>(_: &Call<A>, info: A::Info, new: Out<A::Info>) -> Result<()> {
    new.set(A::Info::NULL)?;
    let pairs = find::<A>(info)?;
    new.set(A::Info::encode(Ref::Dynamic(make(pairs)?)))
}

/// `MPI_Info_free`.
pub fn free<A: Abi>(_: &Call<A>, info: Out<A::Info>) -> Result<()> {
    match info.get()?.decode() {
        Ref::Dynamic(key) => lasting::with(|lasting| lasting.infos.remove(key)).ok_or_else(none)?,
        Ref::Builtin(_) => return Err(Failure::new(class::INFO, "MPI_INFO_ENV cannot be freed")),
        _ => return Err(none()),
    };
    info.set(A::Info::NULL)
}

/// `MPI_Info_set`.
pub fn set<A: Abi>(_: &Call<A>, info: A::Info, key: In<c_char>, value: In<c_char>) -> Result<()> {
    set_text::<A>(info, key, value.text()?)
}

/// Sets a value that is text already.
pub fn set_text<A: Abi>(info: A::Info, key: In<c_char>, value: String) -> Result<()> {
    let key = key_of::<A>(key)?;
    if value.len() >= MAX_VALUE {
        return Err(Failure::new(class::INFO_VALUE, format!("a value of {} bytes", value.len())));
    }
    change::<A, _>(info, |pairs| {
        put(pairs, key, value);
        Ok(())
    })
}

/// `MPI_Info_delete`.
pub fn delete<A: Abi>(_: &Call<A>, info: A::Info, key: In<c_char>) -> Result<()> {
    let key = key_of::<A>(key)?;
    change::<A, _>(info, |pairs| match pairs.iter().position(|(known, _)| *known == key) {
        Some(place) => {
            pairs.remove(place);
            Ok(())
        }
        None => Err(Failure::new(class::INFO_NOKEY, format!("there is no key {key:?}"))),
    })
}

fn value_of<A: Abi>(info: A::Info, key: In<c_char>) -> Result<Option<String>> {
    let key = key_of::<A>(key)?;
    Ok(find::<A>(info)?.into_iter().find(|(known, _)| *known == key).map(|(_, value)| value))
}

/// `MPI_Info_get`: at most `length` bytes, and a final zero.
pub fn get<A: Abi>(
    _: &Call<A>,
    info: A::Info,
    key: In<c_char>,
    length: c_int,
    value: Out<c_char>,
    flag: Out<c_int>,
) -> Result<()> {
    let found = value_of::<A>(info, key)?;
    flag.set(found.is_some().into())?;
    if let Some(found) = found {
        value.string(&found, crate::argument::length(length)? + 1)?;
    }
    Ok(())
}

/// `MPI_Info_get_valuelen`.
pub fn value_length<A: Abi>(
    _: &Call<A>,
    info: A::Info,
    key: In<c_char>,
    length: Out<c_int>,
    flag: Out<c_int>,
) -> Result<()> {
    let found = value_of::<A>(info, key)?;
    flag.set(found.is_some().into())?;
    found.map_or(Ok(()), |found| length.set(found.len() as c_int))
}

/// `MPI_Info_get_string`: the length goes in as the room, and out as the room that was needed.
pub fn get_string<A: Abi>(
    _: &Call<A>,
    info: A::Info,
    key: In<c_char>,
    length: Out<c_int>,
    value: Out<c_char>,
    flag: Out<c_int>,
) -> Result<()> {
    let found = value_of::<A>(info, key)?;
    flag.set(found.is_some().into())?;
    if let Some(found) = found {
        let room = crate::argument::length(length.get()?)?;
        if room > 0 {
            value.string(&found, room)?;
        }
        length.set(found.len() as c_int + 1)?;
    }
    Ok(())
}

/// `MPI_Info_get_nkeys`.
pub fn count<A: Abi>(_: &Call<A>, info: A::Info, count: Out<c_int>) -> Result<()> {
    count.set(find::<A>(info)?.len() as c_int)
}

/// `MPI_Info_get_nthkey`.
pub fn nth_key<A: Abi>(_: &Call<A>, info: A::Info, place: c_int, key: Out<c_char>) -> Result<()> {
    let pairs = find::<A>(info)?;
    let found = usize::try_from(place).ok().and_then(|place| pairs.get(place)).ok_or_else(|| {
        Failure::new(class::ARG, format!("key {place} does not exist: there are {}", pairs.len()))
    })?;
    key.string(&found.0, A::MAX_INFO_KEY + 1).map(|_| ())
}
