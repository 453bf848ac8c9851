//! A body kept in a file.

use std::fs::{File, rename};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::{Failure, FailureKind};

/// A file that gets its name when it is whole: what bears the name is never half a body, whoever was killed.
pub(super) struct Saved<'a> {
    path: &'a Path,
    part: PathBuf,
    file: File,
}

impl<'a> Saved<'a> {
    pub(super) fn begin(path: &'a Path) -> Result<Saved<'a>, Failure> {
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        let file = File::create(&part).map_err(|error| failure(path, &error))?;
        Ok(Saved { path, part, file })
    }

    pub(super) fn piece(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.file.write_all(bytes).map_err(|error| failure(self.path, &error))
    }

    pub(super) fn end(self) -> Result<(), Failure> {
        rename(&self.part, self.path).map_err(|error| failure(self.path, &error))
    }
}

impl Drop for Saved<'_> {
    fn drop(&mut self) {
        // Gone already if it was whole.
        let _ = std::fs::remove_file(&self.part);
    }
}

fn failure(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(FailureKind::NotSaved, format!("{}: {error}", path.display()))
}
