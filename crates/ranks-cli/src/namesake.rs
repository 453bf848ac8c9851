//! `mpirun.openmpi` is also the name of Open MPI's own launcher on Debian. Where both are in PATH, the user is told.

use std::ffi::OsStr;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Says in one line that this is not Open MPI's launcher, if that one stands behind this one in PATH.
pub fn tell(called: &Path) {
    let Some(name) = called.file_name().filter(|name| name.to_string_lossy().ends_with(".openmpi")) else {
        return;
    };
    let path = std::env::var_os("PATH").unwrap_or_default();
    if let Some(other) = behind(name, &path) {
        let name = name.to_string_lossy();
        let other = format!("this is the launcher of ranks; Open MPI's own is {}", other.display());
        crate::own_ranks::complain(&name, &other);
    }
}

/// The program of this name that is not ours, if PATH leads to ours first.
fn behind(name: &OsStr, path: &OsStr) -> Option<PathBuf> {
    let mut found = std::env::split_paths(path).map(|folder| folder.join(name)).filter(|file| file.is_file());
    let first = found.next()?;
    if is_of_others(&first) { None } else { found.find(|file| is_of_others(file)) }
}

/// Ours are links to a program called `ranks`, or scripts of a wheel. Open MPI's launcher is a program of another name.
fn is_of_others(file: &Path) -> bool {
    let target = file.canonicalize().unwrap_or_default();
    let mut begins = [0; 4];
    let readable = std::fs::File::open(&target).and_then(|mut file| file.read_exact(&mut begins)).is_ok();
    readable && begins == *b"\x7fELF" && target.file_name() != Some(OsStr::new("ranks"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_behind_ours_is_told() {
        let folder = std::env::temp_dir().join(format!("ranks-namesake-{}", std::process::id()));
        let (ours, theirs) = (folder.join("ours"), folder.join("theirs"));
        let name = OsStr::new("mpirun.openmpi");
        for (place, content) in [(&ours, "#!/bin/sh\n"), (&theirs, "\x7fELF, and more")] {
            std::fs::create_dir_all(place).unwrap();
            std::fs::write(place.join(name), content).unwrap();
        }
        let path = |folders: &[&PathBuf]| std::env::join_paths(folders).unwrap();
        assert_eq!(behind(name, &path(&[&ours, &theirs])), Some(theirs.join(name)));
        for silent in [path(&[&theirs, &ours]), path(&[&ours]), path(&[&theirs]), path(&[])] {
            assert_eq!(behind(name, &silent), None, "{silent:?}");
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
