//! Which file a path means, so that no file is written that is also read, or written twice.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A regular file, or the place where one would be made. Links and `./` lead to the same identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// Its device and inode.
    File(u64, u64),
    /// The device and inode of its folder, and its name there.
    Place(u64, u64, OsString),
}

impl Identity {
    /// `None` of what is neither: devices, pipes and terminals may be written twice.
    pub fn of(path: &Path) -> Option<Identity> {
        let mut path = path.to_owned();
        // As many links as the kernel follows.
        for _ in 0..40 {
            match fs::metadata(&path) {
                Ok(found) if found.is_file() => return Some(Identity::File(found.dev(), found.ino())),
                Ok(_) => return None,
                Err(_) => {}
            }
            // A link to a file that is still to be made.
            let Ok(target) = fs::read_link(&path) else {
                let folder = fs::metadata(folder(&path)).ok()?;
                return Some(Identity::Place(folder.dev(), folder.ino(), path.file_name()?.to_owned()));
            };
            path = folder(&path).join(target);
        }
        None
    }
}

/// The folder that a path's last part is in.
pub fn folder(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Whether two paths name the same folder.
pub fn same_folder(one: &Path, other: &Path) -> bool {
    let place = |path: &Path| fs::metadata(path).ok().map(|found| (found.dev(), found.ino()));
    place(one).is_some_and(|found| place(other) == Some(found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_and_spellings_are_the_same_file() {
        let place = std::env::temp_dir().join(format!("ranks-identity-{}", std::process::id()));
        fs::create_dir_all(place.join("deep")).unwrap();
        let at = |name: &str| Identity::of(&place.join(name));
        fs::write(place.join("a"), "").unwrap();
        fs::write(place.join("b"), "").unwrap();
        fs::hard_link(place.join("a"), place.join("hard")).unwrap();
        std::os::unix::fs::symlink("a", place.join("soft")).unwrap();
        std::os::unix::fs::symlink("new", place.join("to-new")).unwrap();
        std::os::unix::fs::symlink("round", place.join("round")).unwrap();
        for same in ["./a", "deep/../a", "hard", "soft"] {
            assert_eq!(at(same), at("a"), "{same}");
        }
        assert!(at("a").is_some() && at("a") != at("b"));
        assert!(at("new").is_some() && at("to-new") == at("new") && at("deep/../new") == at("new"));
        assert!(at("new") != at("newer") && at("new") != at("deep/new"));
        assert_eq!((at("round"), at("no-folder/x"), at("deep")), (None, None, None));
        assert!(same_folder(&place, &place.join("deep/..")) && !same_folder(&place, &place.join("deep")));
        fs::remove_dir_all(place).unwrap();
    }
}
