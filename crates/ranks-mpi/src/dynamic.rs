//! Processes that start processes: MPI 5.0 chapter 11.

pub mod port;

use crate::abi::{Abi, Handle};
use crate::argument::{In, Out};
use crate::comm::make::{handle_of, make};
use crate::entry::Call;
use crate::failure::{Failure, Result, class};
use crate::global;
use crate::info::{self, Pairs};
use ranks_engine::{Call as Waits, Class, CommId, Error, Program};
use std::ffi::{OsString, c_char, c_int};

/// Whether a host of hints is this machine.
fn is_here(host: &str) -> bool {
    let here = crate::init::host();
    let short = here.split('.').next().unwrap_or_default();
    ["localhost", "127.0.0.1", "::1", &here, short].contains(&host)
}

/// How many processes hints allow, at most `most`: the key `soft` is a list of numbers and of ranges, first:last:step.
fn soft(text: &str, most: usize) -> Result<usize> {
    let wrong =
        || Failure::new(class::INFO_VALUE, format!("soft={text}: not a list of numbers and ranges a:b:c"));
    let mut best = None;
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let numbers: Vec<i64> = part
            .split(':')
            .map(|number| number.trim().parse().map_err(|_| wrong()))
            .collect::<Result<_>>()?;
        let (first, last, step) = match numbers[..] {
            [one] => (one, one, 1),
            [first, last] => (first, last, 1),
            [first, last, step] if step != 0 => (first, last, step),
            _ => return Err(wrong()),
        };
        let (low, high) = (first.min(last), first.max(last));
        let highest = high.min(most as i64);
        // The largest of the range that is not above: counted from where the steps begin.
        let back = (highest - first).rem_euclid(step.abs());
        let chosen = highest - back;
        if chosen >= low.max(1) {
            best = best.max(Some(chosen as usize));
        }
    }
    best.ok_or_else(|| {
        Failure::new(class::SPAWN, format!("soft={text} allows no number of processes from 1 to {most}"))
    })
}

fn program(file: OsString, arguments: Vec<OsString>, most: c_int, hints: &Pairs) -> Result<Program> {
    let Ok(mut ranks) = usize::try_from(most) else {
        return Err(Failure::new(class::ARG, format!("{most} processes were asked for: ask for at least 1")));
    };
    let hint = |key: &str| hints.iter().find(|(known, _)| known == key).map(|(_, value)| value.trim());
    if let Some(host) = hint("host").filter(|host| !is_here(host)) {
        let here = crate::init::host();
        let text = format!("host={host} is not this machine, {here}: processes are started on this one only");
        return Err(Failure::new(class::SPAWN, text));
    }
    if let Some(text) = hint("soft").filter(|_| ranks > 0) {
        ranks = soft(text, ranks)?;
    }
    let (folder, path) =
        (hint("wdir").map(Into::into), hint("path").map(|path| path.replace(' ', ":").into()));
    Ok(Program { file, arguments, ranks, folder, path })
}

fn begin<A: Abi>(
    call: &Call<A>,
    root: c_int,
    comm: A::Comm,
    new: Out<A::Comm>,
    codes: Out<c_int>,
    programs: impl FnOnce() -> Result<Vec<Program>>,
) -> Result<()> {
    new.set(A::Comm::NULL)?;
    let comm = call.comm(comm)?;
    let (rank, in_job) = global::with(|process| (process.engine.comm_rank(comm), process.engine.rank()));
    // A root with wrong arguments must take part too, so that the others hear of it.
    let programs = if rank? == root { programs() } else { Ok(Vec::new()) };
    let asked = programs.as_ref().map_or(0, |programs| programs.iter().map(|program| program.ranks).sum());
    let told = programs.map_err(|failure| {
        let known = Class::ALL.iter().find(|known| known.code() == failure.class);
        Error::new(known.copied().unwrap_or(Class::Spawn), Waits::CommSpawn, in_job, failure.text)
    });
    let made = make(Waits::CommSpawn, comm, |engine| engine.begin_spawn(comm, root, told));
    let (count, code) = match &made {
        Ok(Some(id)) => (remote_size(*id)?, 0),
        _ => (asked, class::SPAWN),
    };
    if !codes.is_null() {
        for at in 0..count {
            codes.element(at)?.set(code)?;
        }
    }
    new.set(handle_of::<A>(made?))
}

fn remote_size(comm: CommId) -> Result<usize> {
    Ok(global::with(|process| process.engine.comm_remote_group(comm))?.size() as usize)
}

/// `MPI_Comm_spawn`.
#[allow(clippy::too_many_arguments)]
pub fn spawn<A: Abi>(
    call: &Call<A>,
    command: In<c_char>,
    arguments: Out<*mut c_char>,
    most: c_int,
    info: A::Info,
    root: c_int,
    comm: A::Comm,
    new: Out<A::Comm>,
    codes: Out<c_int>,
) -> Result<()> {
    begin(call, root, comm, new, codes, || {
        Ok(vec![program(command.os_text()?, arguments.arguments()?, most, &info::hints::<A>(info)?)?])
    })
}

/// `MPI_Comm_spawn_multiple`.
#[allow(clippy::too_many_arguments)]
pub fn spawn_multiple<A: Abi>(
    call: &Call<A>,
    count: c_int,
    commands: Out<*mut c_char>,
    arguments: Out<*mut *mut c_char>,
    most: In<c_int>,
    infos: In<A::Info>,
    root: c_int,
    comm: A::Comm,
    new: Out<A::Comm>,
    codes: Out<c_int>,
) -> Result<()> {
    begin(call, root, comm, new, codes, || {
        let (most, infos) = (most.slice(count)?, infos.slice(count)?);
        let of = |at: usize| {
            let (command, arguments) = (commands.os_text_at(at)?, arguments.array(at)?.arguments()?);
            program(command, arguments, most[at], &info::hints::<A>(infos[at])?)
        };
        (0..most.len()).map(of).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_that_soft_allows() {
        for (text, most, chosen) in [
            ("1:8", 4, 4),
            ("2:8:2", 5, 4),
            ("1,3,5", 4, 3),
            ("0:3", 3, 3),
            ("8:1:-3", 7, 5),
            ("4", 4, 4),
            ("1:4", 9, 4),
        ] {
            assert_eq!(soft(text, most).unwrap(), chosen, "{text} {most}");
        }
        assert_eq!(soft("5:8", 4).unwrap_err().class, class::SPAWN);
        for text in ["a", "1:2:0", "1:2:3:4"] {
            assert_eq!(soft(text, 4).unwrap_err().class, class::INFO_VALUE, "{text}");
        }
    }
}
