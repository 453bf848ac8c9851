//! Programs that use another MPI's library: each of their ranks comes up as "0 of 1", and nothing else says why.
//!
//! A program linked to a library of another name is known by its file. Others choose a library as they start (Python),
//! or have a path to one built in; those are looked at in `/proc` until they attach to the job, more and more seldom.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The first look: an interpreter has hardly begun to load its modules. The next ones take half as long again.
const FIRST_LOOK: Duration = Duration::from_millis(8);
/// After this time nobody is looked at any more: a program that loads its MPI so late has printed much already.
const PATIENCE: Duration = Duration::from_secs(20);
/// A library that is larger is not read to find out whose it is; the largest known is 80 MB.
const MAX_LIBRARY: u64 = 256 << 20;
/// A part of a program's file that is larger is not read: names of libraries take a few hundred bytes.
const MAX_TABLE: u64 = 1 << 20;

/// When to look at ranks that have not attached.
pub struct Watch {
    began: Instant,
    next: Option<Instant>,
    pause: Duration,
}

impl Watch {
    /// Begins now. A job of one rank is what any library takes it for: nothing to look for.
    pub fn new(ranks: usize) -> Self {
        let began = Instant::now();
        Self { began, next: (ranks > 1).then(|| began + FIRST_LOOK), pause: FIRST_LOOK }
    }

    /// When to look next, if at all.
    pub fn deadline(&self) -> Option<Instant> {
        self.next
    }

    /// True when it is time for a look.
    pub fn is_due(&mut self, now: Instant) -> bool {
        let due = self.next.is_some_and(|at| now >= at);
        if due {
            self.pause += self.pause / 2;
            self.next = Some(now + self.pause).filter(|at| at.duration_since(self.began) < PATIENCE);
        }
        due
    }

    /// Nothing is left to be found.
    pub fn stop(&mut self) {
        self.next = None;
    }
}

/// The library of another MPI that a program is linked to by a name that ours does not have.
pub fn linked(program: &Path) -> Option<String> {
    let names = elf::needed(program)?;
    let name = names.into_iter().find(|name| is_mpi(name) && !is_beside_ours(name))?;
    Some(format!("{} ({name})", maker(&name, None)))
}

/// Our library has this name, or a link of this name stands beside it: the ranks' library path leads to it.
fn is_beside_ours(name: &str) -> bool {
    let beside = || crate::environment::library().is_some_and(|path| path.with_file_name(name).exists());
    name == "libmpi.so.12" || beside()
}

/// The library of another MPI that a process has loaded.
pub fn loaded(pid: i32, ours: Option<&Path>) -> Option<String> {
    let ours = ours.and_then(|path| path.canonicalize().ok());
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).ok()?;
    let mut paths: Vec<PathBuf> = maps
        .lines()
        .filter_map(|line| line.find('/').map(|at| &line[at..]))
        .filter(|path| path.rsplit('/').next().is_some_and(is_mpi))
        .map(PathBuf::from)
        .collect();
    paths.dedup();
    let foreign = paths.into_iter().find(|path| ours.as_ref() != Some(path) && !is_of_ranks(path))?;
    let name = foreign.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Some(format!("{} ({})", maker(&name, Some(&foreign)), foreign.display()))
}

fn is_mpi(name: &str) -> bool {
    ["libmpi.so", "libmpi_abi.so", "libmpich.so"].iter().any(|known| name.starts_with(known))
}

/// Another copy of our library: it attaches.
fn is_of_ranks(path: &Path) -> bool {
    holds(path, ranks_shm::job::VARIABLE.as_bytes())
}

/// Whose library it is, as far as one can tell.
fn maker(name: &str, path: Option<&Path>) -> &'static str {
    if name.starts_with("libmpi.so.") && !name.starts_with("libmpi.so.12") {
        "Open MPI"
    } else if path.is_some_and(|path| holds(path, b"Intel(R) MPI")) {
        "Intel MPI"
    } else if path.is_some_and(|path| holds(path, b"MPICH Version")) {
        "MPICH"
    } else {
        "another MPI"
    }
}

fn holds(path: &Path, text: &[u8]) -> bool {
    let small = fs::metadata(path).is_ok_and(|meta| meta.len() <= MAX_LIBRARY);
    let Some(bytes) = small.then(|| fs::read(path).ok()).flatten() else { return false };
    let first = text.first().copied().unwrap_or_default();
    let mut rest = &bytes[..];
    while let Some(at) = rest.iter().position(|&byte| byte == first) {
        rest = &rest[at..];
        if rest.starts_with(text) {
            return true;
        }
        rest = &rest[1..];
    }
    false
}

/// As much of the format of programs as it takes to read the names of the libraries they need.
mod elf {
    use super::MAX_TABLE;
    use std::fs::File;
    use std::os::unix::fs::FileExt;
    use std::path::Path;

    /// Names of the libraries that a program asks for; `None` if it is no program of 64 bits of this machine's kind.
    pub fn needed(program: &Path) -> Option<Vec<String>> {
        let file = File::open(program).ok()?;
        let head = part(&file, 0, 64)?;
        let little = if cfg!(target_endian = "little") { 1 } else { 2 };
        if head[..4] != *b"\x7fELF" || head[4] != 2 || head[5] != little {
            return None;
        }
        let (table, entry, count) = (word(&head, 32)?, half(&head, 54)?, half(&head, 56)?);
        let segments: Vec<Vec<u8>> = (0..count)
            .map(|at| part(&file, table.checked_add(at * entry)?, 56))
            .collect::<Option<Vec<_>>>()?;
        let of_kind = |kind: u32| segments.iter().filter(move |segment| segment[..4] == kind.to_ne_bytes());
        let dynamic = of_kind(2).next()?;
        let entries = part(&file, word(dynamic, 8)?, word(dynamic, 32)?)?;
        let entries = || entries.chunks_exact(16).map(|entry| (word(entry, 0), word(entry, 8)));
        let value = |tag: u64| entries().find(|entry| entry.0 == Some(tag)).and_then(|entry| entry.1);
        // The table of strings is named by its address: find where in the file that is.
        let (address, length) = (value(5)?, value(10)?);
        let strings = of_kind(1).find_map(|segment| {
            let (offset, from, size) = (word(segment, 8)?, word(segment, 16)?, word(segment, 32)?);
            let into = address.checked_sub(from).filter(|into| *into < size)?;
            part(&file, offset.checked_add(into)?, length)
        })?;
        let names = entries().filter(|entry| entry.0 == Some(1)).filter_map(|entry| entry.1);
        let name = |at: u64| {
            let text = strings.get(usize::try_from(at).ok()?..)?.split(|byte| *byte == 0).next()?;
            Some(String::from_utf8_lossy(text).into_owned())
        };
        Some(names.filter_map(name).collect())
    }

    fn part(file: &File, offset: u64, length: u64) -> Option<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(length).ok().filter(|_| length <= MAX_TABLE)?];
        file.read_exact_at(&mut bytes, offset).ok()?;
        Some(bytes)
    }

    fn word(bytes: &[u8], at: usize) -> Option<u64> {
        Some(u64::from_ne_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
    }

    fn half(bytes: &[u8], at: usize) -> Option<u64> {
        Some(u16::from_ne_bytes(bytes.get(at..at + 2)?.try_into().ok()?).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_programs_are_linked_to() {
        let own = std::env::current_exe().unwrap();
        let names = elf::needed(&own).unwrap();
        assert!(names.iter().any(|name| name.starts_with("libc.so")), "{names:?}");
        assert_eq!(linked(&own), None);
        assert_eq!(linked(Path::new("/no/such/program")), None);
        assert_eq!(linked(Path::new("/etc/passwd")), None);
    }

    #[test]
    fn looks_become_rarer_and_end() {
        let mut watch = Watch::new(2);
        let mut looks = 0;
        while let Some(at) = watch.deadline() {
            assert!(watch.is_due(at));
            assert!(!watch.is_due(at), "not twice");
            looks += 1;
        }
        assert!((10..40).contains(&looks), "{looks}");
        assert_eq!(Watch::new(1).deadline(), None);
    }

    #[test]
    fn names_of_libraries() {
        assert!(is_mpi("libmpi.so.40") && is_mpi("libmpi.so.12.0.0") && is_mpi("libmpi_abi.so.1"));
        assert!(!is_mpi("libmpifort.so.12") && !is_mpi("MPI.mpich.cpython-311-x86_64-linux-gnu.so"));
        assert_eq!(maker("libmpi.so.40", None), "Open MPI");
        let own = std::env::current_exe().unwrap();
        assert!(is_of_ranks(&own) && !holds(Path::new("/etc/passwd"), b"no such text"));
        assert_eq!(loaded(std::process::id() as i32, None), None);
    }
}
