//! Sessions: MPI 5.0 section 11.3. A session is a way to two groups that every job has, the world and this rank
//! alone. The first one makes the process a rank where `MPI_Init` has not; the rank ends with `MPI_Finalize`, with the last
//! session after that, or, where only sessions used it, with the process.

use crate::abi::{Abi, Handle, Ref};
use crate::argument::{In, Out};
use crate::entry::Call;
use crate::errhandler::{self, Handler, Object};
use crate::failure::{Failure, Result, class};
use crate::global::{self, Stage};
use crate::group;
use crate::info::Pairs;
use crate::init;
use ranks_engine::CommId;
use std::ffi::{c_char, c_int};

/// The sets of processes there are.
const SETS: [(&str, CommId); 2] = [("mpi://WORLD", CommId::WORLD), ("mpi://SELF", CommId::SELF)];

/// A session.
#[derive(Default)]
pub struct Session {
    /// What happens on errors.
    pub handler: Handler,
    info: Pairs,
}

/// The session is not there any more.
pub fn gone() -> Failure {
    Failure::new(class::SESSION, "no such session: it was finalised, or never made")
}

/// The key of a session, which errors belong to from here on.
pub fn key<A: Abi>(call: &Call<A>, session: A::Session) -> Result<u32> {
    match session.decode() {
        Ref::Dynamic(key) if global::with(|process| process.sessions.get(key).is_some()) => {
            call.blame(Object::Session(key));
            Ok(key)
        }
        Ref::Null => Err(Failure::new(class::SESSION, "the session is MPI_SESSION_NULL")),
        _ => Err(gone()),
    }
}

/// The session as the object whose error handler hears of a failure.
pub fn object<A: Abi>(call: &Call<A>, session: A::Session) -> Result<Object> {
    Ok(Object::Session(key(call, session)?))
}

/// `MPI_Session_init`.
pub fn init<A: Abi>(
    _: &Call<A>,
    info: A::Info,
    handler: A::Errhandler,
    session: Out<A::Session>,
) -> Result<()> {
    session.set(A::Session::NULL)?;
    match global::stage() {
        Stage::Running => {}
        Stage::Before => {
            init::start::<A>(init::MULTIPLE)?;
            global::finalize_at_exit();
        }
        Stage::After => {
            let text = "a session that begins after MPI_Finalize is not supported yet: begin it before";
            return Err(Failure::new(class::UNSUPPORTED_OPERATION, text));
        }
    }
    let info = crate::info::hints::<A>(info)?;
    let made = Session { handler: errhandler::find::<A>(handler)?, info };
    let key = global::with(|process| process.sessions.insert(made));
    let key = key.ok_or_else(|| Failure::new(class::NO_MEM, "too many sessions"))?;
    session.set(A::Session::encode(Ref::Dynamic(key)))
}

/// `MPI_Session_finalize`.
pub fn finalize<A: Abi>(call: &Call<A>, session: Out<A::Session>) -> Result<()> {
    let key = key(call, session.get()?)?;
    crate::bsend::let_go(key)?;
    let last = global::with(|process| {
        process.sessions.remove(key);
        process.sessions.is_empty()
    });
    session.set(A::Session::NULL)?;
    match last && global::world() == Stage::After {
        true => init::end(),
        false => Ok(()),
    }
}

/// `MPI_Session_get_info`.
pub fn info<A: Abi>(call: &Call<A>, session: A::Session, info: Out<A::Info>) -> Result<()> {
    info.set(A::Info::NULL)?;
    let key = key(call, session)?;
    let mut pairs = global::with(|process| process.sessions.get(key).map(|session| session.info.clone()))
        .ok_or_else(gone)?;
    crate::info::put(&mut pairs, "thread_level".into(), "MPI_THREAD_MULTIPLE".into());
    info.set(A::Info::encode(Ref::Dynamic(crate::info::make(pairs)?)))
}

/// `MPI_Session_get_num_psets`.
pub fn sets<A: Abi>(call: &Call<A>, session: A::Session, _: A::Info, count: Out<c_int>) -> Result<()> {
    key(call, session)?;
    count.set(SETS.len() as c_int)
}

/// `MPI_Session_get_nth_pset`: a length of 0 asks for the length.
pub fn nth_set<A: Abi>(
    call: &Call<A>,
    session: A::Session,
    _: A::Info,
    place: c_int,
    length: Out<c_int>,
    name: Out<c_char>,
) -> Result<()> {
    key(call, session)?;
    let found = usize::try_from(place).ok().and_then(|place| SETS.get(place));
    let (text, _) = found.ok_or_else(|| {
        Failure::new(class::ARG, format!("there is no set of processes {place}: there are {}", SETS.len()))
    })?;
    let room = crate::argument::length(length.get()?)?;
    if room > 0 {
        name.string(text, room)?;
    }
    length.set(text.len() as c_int + 1)
}

fn set_of(name: In<c_char>) -> Result<CommId> {
    let name = name.text()?;
    // The names are URIs, whose case does not count in part.
    let found = SETS.iter().find(|(known, _)| known.eq_ignore_ascii_case(&name));
    found.map(|(_, comm)| *comm).ok_or_else(|| {
        let known = SETS.map(|(known, _)| known).join(" and ");
        Failure::new(class::ARG, format!("there is no set of processes {name:?}: there are {known}"))
    })
}

/// `MPI_Session_get_pset_info`.
pub fn set_info<A: Abi>(
    call: &Call<A>,
    session: A::Session,
    name: In<c_char>,
    info: Out<A::Info>,
) -> Result<()> {
    info.set(A::Info::NULL)?;
    key(call, session)?;
    let comm = set_of(name)?;
    let size = global::with(|process| process.engine.comm_size(comm))?;
    let key = crate::info::make(vec![("mpi_size".into(), size.to_string())])?;
    info.set(A::Info::encode(Ref::Dynamic(key)))
}

/// `MPI_Group_from_session_pset`.
pub fn group<A: Abi>(
    call: &Call<A>,
    session: A::Session,
    name: In<c_char>,
    group: Out<A::Group>,
) -> Result<()> {
    group.set(A::Group::NULL)?;
    let key = key(call, session)?;
    let comm = set_of(name)?;
    let members = global::with(|process| process.engine.comm_group(comm))?;
    group.set(group::make::<A>(members.stemming_from(Some(key)))?)
}
