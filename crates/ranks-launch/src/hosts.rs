//! Host options: names and addresses of this machine are accepted, others refused clearly; slots are counted.

use crate::outcome::StartError;
use crate::sys;
use ranks_shm::bounds::MAX_RANKS;
use std::collections::HashSet;
use std::net::{IpAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};

/// Checks hosts and host files. Tells how many ranks the hosts have slots for, which is how many run where nothing says
/// another number: each host of `--host` has one unless it says how many; the one host of a file that gives no number
/// has one for each of the `cpus`.
pub fn check(hosts: &[String], files: &[PathBuf], cpus: usize) -> Result<Option<usize>, StartError> {
    if hosts.is_empty() && files.is_empty() {
        return Ok(None);
    }
    let own = Own::new();
    let mut named = 0usize;
    for entry in hosts {
        let Some(host) = host_of(entry) else { return Err(StartError::usage("a host has no name")) };
        let slots =
            slots_of(entry.trim()).map_err(|why| StartError::usage(format!("host {entry}: {why}")))?;
        own.check(&host)?;
        named = named.saturating_add(slots.unwrap_or(1));
    }
    let mut listed = Vec::new();
    for file in files {
        let before = listed.len();
        for (index, line) in lines(file, "host file")?.iter().enumerate() {
            let Some(host) = line.split_whitespace().next().and_then(host_of) else { continue };
            let at = |why: &dyn std::fmt::Display| {
                StartError::usage(format!("host file {}: line {}: {why}", file.display(), index + 1))
            };
            listed.push(slots_of(line).map_err(|why| at(&why))?);
            own.check(&host).map_err(|error| at(&error))?;
        }
        if listed.len() == before {
            return Err(StartError::usage(format!("host file {}: no host in it", file.display())));
        }
    }
    let ranks = match &listed[..] {
        _ if named > 0 => named,
        [None] => cpus,
        _ => listed.iter().map(|slots| slots.unwrap_or(1)).fold(0, usize::saturating_add),
    };
    if ranks > MAX_RANKS {
        return Err(StartError::usage(format!(
            "the hosts have {ranks} slots: at most {MAX_RANKS} ranks run on one machine; -n N says how many"
        )));
    }
    Ok(Some(ranks))
}

/// Keys of a host's line that say how many slots it has.
const SLOTS: [&str; 4] = ["slots", "count", "cpu", "cpus"];

/// Keys that other launchers know, and that change nothing on one machine.
const UNHEEDED: [&str; 15] = [
    "max_slots",
    "max-slots",
    "max",
    "user",
    "username",
    "port",
    "binding",
    "user_binding",
    "ifname",
    "map",
    "alias",
    "boards",
    "sockets",
    "cores",
    "topo",
];

/// What is wrong with the slots of a line.
#[derive(Debug, PartialEq, Eq)]
enum NoSlots {
    /// This word is not known.
    Unknown(String),
    /// This is no number of slots.
    Number(String),
}

impl std::fmt::Display for NoSlots {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            NoSlots::Unknown(word) => write!(f, "`{word}` is not known; write for instance slots=4"),
            NoSlots::Number(number) => write!(f, "`{number}` is no number of slots"),
        }
    }
}

/// The number of slots in `node1:4` and in `node1 slots=4`, if there is one; or what is wrong with the line.
fn slots_of(line: &str) -> Result<Option<usize>, NoSlots> {
    let mut slots = None;
    for (at, word) in line.split_whitespace().enumerate() {
        let (number, counts) = match word.split_once('=') {
            Some((key, number)) if at > 0 && SLOTS.contains(&key) => (number, true),
            Some((key, number)) if at > 0 && key.starts_with("max") && UNHEEDED.contains(&key) => {
                (number, false)
            }
            Some((key, _)) if at > 0 && UNHEEDED.contains(&key) => continue,
            _ if at > 0 => return Err(NoSlots::Unknown(word.to_owned())),
            _ => match word.rsplit_once(']') {
                Some((_, rest)) => match rest.strip_prefix(':') {
                    Some(number) => (number, true),
                    None => continue,
                },
                // An address of version 6 is all colons.
                None if host_of(word).is_some_and(|host| host.contains(':')) => continue,
                None => match word.rsplit_once(':') {
                    Some((_, number)) => (number, true),
                    None => continue,
                },
            },
        };
        match number.parse::<usize>() {
            Ok(number) if number > 0 => slots = if counts { Some(number) } else { slots },
            _ => return Err(NoSlots::Number(number.to_owned())),
        }
    }
    Ok(slots)
}

/// How many ranks files name whose lines are as `rank 0=HOST slot=1`, if there are such files. Which CPU a rank is to run
/// on is not heeded.
pub fn ranks_of_files(files: &[PathBuf]) -> Result<Option<usize>, StartError> {
    let mut ranks = None;
    let mut named = HashSet::new();
    for file in files {
        let own = Own::new();
        for (index, line) in
            lines(file, "rank file")?.iter().enumerate().filter(|(_, line)| !line.trim().is_empty())
        {
            let Some((rank, host)) = placed(line) else {
                return Err(StartError::usage(format!(
                    "rank file {}: line {}: not as in `rank 0=localhost slot=0`",
                    file.display(),
                    index + 1
                )));
            };
            own.check(&host).map_err(|error| {
                StartError::usage(format!("rank file {}: line {}: {error}", file.display(), index + 1))
            })?;
            if !named.insert(rank) {
                let (file, line) = (file.display(), index + 1);
                return Err(StartError::usage(format!(
                    "rank file {file}: line {line}: rank {rank} stands there twice"
                )));
            }
            ranks = ranks.max(Some(rank + 1));
        }
        if ranks.is_none() {
            return Err(StartError::usage(format!("rank file {}: no rank in it", file.display())));
        }
    }
    Ok(ranks)
}

/// The rank and the host of a line.
fn placed(line: &str) -> Option<(usize, String)> {
    let rest = line.trim().strip_prefix("rank")?;
    let (rank, place) = rest.split_once('=')?;
    let rank: usize = rank.trim().parse().ok().filter(|rank| *rank < MAX_RANKS)?;
    let host = host_of(place.split_whitespace().next()?)?;
    // `+n0` is the first machine of those there are.
    Some((rank, if host == "+n0" { "localhost".to_owned() } else { host }))
}

/// The lines of a file without comments.
fn lines(file: &Path, kind: &str) -> Result<Vec<String>, StartError> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        StartError::usage(format!("{kind} {}: {}", file.display(), crate::outcome::reason(&error)))
    })?;
    Ok(text.lines().map(|line| line.split('#').next().unwrap_or_default().to_owned()).collect())
}

/// The host in `user@host:4`, `[::1]:4`, `::1`.
fn host_of(entry: &str) -> Option<String> {
    let entry = entry.trim();
    let host = entry.rsplit_once('@').map_or(entry, |(_, host)| host);
    let host = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((inside, _)) => inside,
        None if host.parse::<IpAddr>().is_ok() => host,
        // An address of version 6 with its interface: fe80::1%eth0.
        None if host.contains('%') && host.contains("::") => host,
        None => host.split(':').next().unwrap_or_default(),
    };
    (!host.is_empty()).then(|| host.to_owned())
}

/// What this machine is called.
struct Own {
    name: String,
    addresses: Vec<IpAddr>,
}

impl Own {
    fn new() -> Self {
        Self { name: sys::host_name().to_ascii_lowercase(), addresses: sys::own_addresses() }
    }

    fn check(&self, host: &str) -> Result<(), StartError> {
        if self.is_own(host) {
            return Ok(());
        }
        Err(StartError::usage(format!(
            "host {host}: another machine; ranks run on this machine only so far ({}, localhost)",
            self.name
        )))
    }

    fn is_own(&self, host: &str) -> bool {
        // The letters of a name may be small or capital.
        let host = &*host.to_ascii_lowercase();
        let short = self.name.split('.').next().unwrap_or_default();
        if [&self.name, short, "localhost"].contains(&host) || host.starts_with("localhost.") {
            return true;
        }
        if let Ok(address) = host.split('%').next().unwrap_or_default().parse() {
            return self.has(address);
        }
        // Other names, the full one among them, are asked for: all they stand for must be here.
        let Ok(found) = (host, 0).to_socket_addrs() else { return false };
        let found: Vec<_> = found.collect();
        !found.is_empty() && found.iter().all(|address| self.has(address.ip()))
    }

    fn has(&self, address: IpAddr) -> bool {
        address.is_loopback() || self.addresses.contains(&address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_numbers() {
        for (line, slots) in [
            ("a", None),
            ("a:4", Some(4)),
            ("me@a:4", Some(4)),
            ("::1", None),
            ("[::1]:4", Some(4)),
            ("fe80::1%eth0", None),
            ("a slots=2 max_slots=3", Some(2)),
            ("a max_slots=3", None),
            ("a:1 binding=x", Some(1)),
            ("a user=me cpu=3", Some(3)),
        ] {
            assert_eq!(slots_of(line), Ok(slots), "{line}");
        }
        for bad in ["a:two", "a:-5", "a:0", "a:", "[::1]:x", "a slots=two", "a slots=-1", "a:2 max-slots="] {
            assert!(slots_of(bad).unwrap_err().to_string().ends_with("is no number of slots"), "{bad}");
        }
        for bad in ["vm nonsense=3", "vm 3", "vm slot=3"] {
            assert!(slots_of(bad).unwrap_err().to_string().contains("is not known"), "{bad}");
        }
    }

    #[test]
    fn the_slots_of_all_hosts_are_counted() {
        let hosts =
            |names: &[&str]| check(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>(), &[], 7);
        assert_eq!(hosts(&[]), Ok(None));
        assert_eq!(hosts(&["localhost"]), Ok(Some(1)));
        assert_eq!(hosts(&["localhost:3", "127.0.0.1"]), Ok(Some(4)));
        assert!(hosts(&["localhost:1025"]).unwrap_err().to_string().contains("1025 slots"));
        let error = hosts(&["Other.Invalid:2"]).unwrap_err().to_string();
        assert!(error.starts_with("host Other.Invalid: another machine"), "{error}");
        let file = std::env::temp_dir().join(format!("ranks-hostfile-{}", std::process::id()));
        for (text, expected) in [
            ("localhost slots=3\n", Ok(3)),
            ("# all\nlocalhost slots=3\n127.0.0.1:2\n::1\n", Ok(6)),
            ("localhost\n", Ok(7)),
            ("localhost\nlocalhost\n", Ok(2)),
            ("# nothing\n\n", Err("no host in it")),
            (
                "\nlocalhost nonsense=3\n",
                Err("line 2: `nonsense=3` is not known; write for instance slots=4"),
            ),
            ("localhost\nOther.Invalid\n", Err("line 2: host Other.Invalid: another machine")),
        ] {
            std::fs::write(&file, text).unwrap();
            match (check(&[], std::slice::from_ref(&file), 7), expected) {
                (Ok(found), Ok(ranks)) => assert_eq!(found, Some(ranks), "{text:?}"),
                (Err(error), Err(words)) => {
                    assert!(
                        error.to_string().contains(words) && error.to_string().contains("ranks-hostfile"),
                        "{error}"
                    );
                }
                (found, _) => panic!("{text:?}: {found:?}"),
            }
        }
        std::fs::remove_file(file).unwrap();
    }

    #[test]
    fn a_rank_stands_in_its_file_once() {
        let file = std::env::temp_dir().join(format!("ranks-rankfile-{}", std::process::id()));
        std::fs::write(&file, "rank 0=localhost slot=0\nrank 0=localhost slot=1\n").unwrap();
        let error = ranks_of_files(std::slice::from_ref(&file)).unwrap_err().to_string();
        assert!(error.ends_with("line 2: rank 0 stands there twice"), "{error}");
        std::fs::remove_file(file).unwrap();
    }

    #[test]
    fn forms_of_entries() {
        for (entry, host) in [
            ("a", "a"),
            ("A:4", "A"),
            ("me@b:2", "b"),
            ("::1", "::1"),
            ("[::1]:4", "::1"),
            ("127.0.0.1:2", "127.0.0.1"),
            ("fe80::1%eth0", "fe80::1%eth0"),
            (" c ", "c"),
        ] {
            assert_eq!(host_of(entry).as_deref(), Some(host));
        }
        assert_eq!(host_of(""), None);
        assert_eq!(placed("rank 3 = me@b slot=1:0-2"), Some((3, "b".into())));
        assert_eq!(placed("rank 0=+n0 slot=0"), Some((0, "localhost".into())));
        for bad in ["rank", "0=b", "rank x=b", "rank 4000=b", "rank 1=", "rank 1"] {
            assert_eq!(placed(bad), None, "{bad}");
        }
    }

    #[test]
    fn names_and_addresses_of_this_machine() {
        let own = Own { name: "node1.example.org".into(), addresses: vec!["192.0.2.7".parse().unwrap()] };
        for host in
            ["node1", "Node1", "node1.example.org", "localhost", "127.0.0.1", "127.0.1.1", "::1", "192.0.2.7"]
        {
            assert!(own.check(host).is_ok(), "{host}");
        }
        for host in ["192.0.2.8", "2001:db8::1", "node2.invalid"] {
            assert!(
                own.check(host).is_err_and(|error| error.to_string().contains("another machine")),
                "{host}"
            );
        }
        assert!(Own::new().addresses.iter().all(|address| Own::new().is_own(&address.to_string())));
    }

    /// Whatever stands in a line: an answer.
    #[test]
    fn random_lines() {
        let pieces = [
            "rank ",
            "=",
            "[",
            "]",
            ":",
            "::1",
            "@",
            "%",
            "slot=0",
            " ",
            "9",
            "é",
            "#",
            "99999999999999999999",
        ];
        let mut state = 0x9e37_79b9_7f4a_7c15u64;
        for _ in 0..20_000 {
            let mut line = String::new();
            for _ in 0..6 {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                line += pieces[state as usize % pieces.len()];
            }
            let _ = (placed(&line), host_of(&line));
        }
    }
}
