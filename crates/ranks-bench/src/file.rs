//! Files that are there as a whole or not at all.

use crate::Error;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A file to be written at the end, whose folder was found to take one at the beginning.
#[derive(Debug)]
pub struct WholeFile {
    /// As written, for messages.
    name: PathBuf,
    to: PathBuf,
    /// Written under this name first, then renamed; without one, `to` is no regular file (a pipe, a terminal,
    /// `/dev/null`) and is written into.
    first: Option<PathBuf>,
}

impl WholeFile {
    /// Tries whether it can be written; leaves nothing behind.
    pub fn of(name: &Path) -> Result<Self, Error> {
        let fails = |error: io::Error| Error::File(name.to_owned(), error);
        // Through links: what they lead to is replaced, not they.
        let to = name.canonicalize().unwrap_or_else(|_| name.to_owned());
        let first = match fs::metadata(&to) {
            Ok(found) if found.is_dir() => return Err(fails(io::ErrorKind::IsADirectory.into())),
            Ok(found) if !found.is_file() => None,
            _ => {
                let file = to.file_name().ok_or_else(|| fails(io::ErrorKind::InvalidInput.into()))?;
                let mut hidden = std::ffi::OsString::from(".");
                hidden.push(file);
                hidden.push(format!(".{}", std::process::id()));
                Some(to.with_file_name(hidden))
            }
        };
        if let Some(first) = &first {
            File::create_new(first).and_then(|_| fs::remove_file(first)).map_err(fails)?;
        }
        Ok(Self { name: name.to_owned(), to, first })
    }

    /// Writes it.
    pub fn write(&self, content: &str) -> Result<(), Error> {
        let fails = |error| Error::File(self.name.clone(), error);
        let Some(first) = &self.first else {
            return fs::write(&self.to, content).map_err(fails);
        };
        let written = File::create_new(first)
            .and_then(|mut file| file.write_all(content.as_bytes()))
            .and_then(|()| fs::rename(first, &self.to));
        written.map_err(|error| {
            // It may never have been made.
            let _ = fs::remove_file(first);
            fails(error)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_or_not_at_all() {
        let folder = std::env::temp_dir().join(format!("ranks-bench-file-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("figures.csv");
        let file = WholeFile::of(&path).unwrap();
        assert!(!path.exists());
        file.write("old").unwrap();
        file.write("new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");

        let link = folder.join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        WholeFile::of(&link).unwrap().write("through").unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read_to_string(&path).unwrap(), "through");

        WholeFile::of(Path::new("/dev/null")).unwrap().write("gone").unwrap();
        for wrong in [
            folder.clone(),
            folder.join("none/figures.csv"),
            folder.join("figures.csv/x"),
            "/".into(),
            "".into(),
        ] {
            let error = WholeFile::of(&wrong).unwrap_err().to_string();
            assert!(error.contains(&wrong.display().to_string()) && !error.contains('\n'), "{error}");
        }
        let names: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names.len(), 2, "{names:?}");
        fs::remove_dir_all(&folder).unwrap();
    }
}
