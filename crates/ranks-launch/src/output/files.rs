//! Files that output goes to, as the options of other launchers name them.

use super::{Outputs, StdStream};
use crate::outcome::StartError;
use crate::parse::Output;
use crate::sys;
use std::fs::{self, File};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// What was asked for, and what names are made of.
#[derive(Default)]
pub struct Asked {
    output: Output,
    size: usize,
    host: String,
    /// Files that the job reads, which no output may overwrite.
    inputs: Vec<(PathBuf, Place)>,
}

/// A file's device and inode.
type Place = (u64, u64);

impl Asked {
    pub fn timestamps(&self) -> bool {
        self.output.timestamp
    }

    pub fn merges(&self) -> bool {
        self.output.merge
    }

    /// The file of a stream, and whether our own output gets the same.
    pub fn file(&self, rank: usize, which: StdStream) -> Option<(PathBuf, bool)> {
        let output = &self.output;
        let pattern = match which {
            StdStream::Error if !output.merge => &output.error,
            _ => &output.out,
        };
        if let Some(pattern) = pattern {
            return Some((pattern.of(rank, &self.host), false));
        }
        let copies = output.copies.as_ref()?;
        // As many digits as the highest rank has, so that listings are in order.
        let digits = (self.size.max(1) - 1).to_string().len();
        let path = if copies.folder {
            let job = if copies.job { copies.place.join("1") } else { copies.place.clone() };
            let name = if which == StdStream::Out || output.merge { "stdout" } else { "stderr" };
            job.join(format!("rank.{rank:0digits$}")).join(name)
        } else {
            let mut name = copies.place.clone().into_os_string();
            name.push(format!(".{rank:0digits$}"));
            name.into()
        };
        Some((path, copies.copy))
    }
}

impl Outputs {
    /// Output also goes to these files, or only there.
    pub fn also_to(mut self, output: &Output, size: usize) -> Self {
        self.asked = Asked { output: output.clone(), size, host: sys::host_name(), inputs: Vec::new() };
        self
    }

    /// The job reads these files: output to them is refused.
    pub fn never_to(mut self, files: impl IntoIterator<Item = PathBuf>) -> Self {
        let placed = files.into_iter().filter_map(|file| place(&file).map(|place| (file, place)));
        self.asked.inputs = placed.collect();
        self
    }

    /// The sink of a file. Streams that name the same file share it, in whole lines.
    pub(super) fn open(&mut self, path: &Path) -> Result<usize, StartError> {
        let name = path.display().to_string();
        // The last rank's other stream is the usual one.
        if let Some((_, sink)) = self.files.iter().rev().find(|(known, _)| *known == name) {
            return Ok(*sink);
        }
        let failed = |error| StartError::limited(&format!("output to {name}"), &error);
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        if let Some((input, _)) = self.asked.inputs.iter().find(|(_, it)| place(path) == Some(*it)) {
            let what = match input.to_str() {
                Some("/dev/stdin") => "standard input".to_owned(),
                _ => format!("{}, which the job reads", input.display()),
            };
            return Err(StartError::usage(format!("output to {name}: it is {what}; name another file")));
        }
        let file = create(path).map_err(failed)?;
        self.sinks.push(super::Sink::to(file.as_fd()).map_err(failed)?);
        self.idle.push(None);
        self.files.push((name, self.sinks.len() - 1));
        Ok(self.sinks.len() - 1)
    }
}

/// Of a regular file that is there.
fn place(file: &Path) -> Option<Place> {
    let found = fs::metadata(file).ok().filter(fs::Metadata::is_file)?;
    Some((found.dev(), found.ino()))
}

/// Creates a file, or empties it. A FIFO is opened only where somebody reads it: to wait for a reader would keep the
/// launcher from hearing signals.
fn create(path: &Path) -> io::Result<File> {
    let opened =
        File::options().write(true).create(true).truncate(true).custom_flags(libc::O_NONBLOCK).open(path);
    opened.map_err(|error| match error.raw_os_error() {
        Some(libc::ENXIO) => io::Error::other("nobody reads this FIFO; start its reader first"),
        _ => error,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::Copies;

    #[test]
    fn a_fifo_that_nobody_reads_is_refused() {
        let path = std::env::temp_dir().join(format!("ranks-fifo-{}", std::process::id()));
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        assert!(create(&path).unwrap_err().to_string().contains("nobody reads this FIFO"));
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn names() {
        let copies = Copies::read(true, "d".as_ref()).unwrap();
        let mut asked = Asked {
            output: Output { copies: Some(copies), ..Output::default() },
            size: 11,
            host: "h".into(),
            inputs: Vec::new(),
        };
        assert_eq!(asked.file(2, StdStream::Out), Some(("d/1/rank.02/stdout".into(), true)));
        assert_eq!(asked.file(10, StdStream::Error), Some(("d/1/rank.10/stderr".into(), true)));
        asked.output.copies = Some(Copies::read(false, "f:nocopy".as_ref()).unwrap());
        assert_eq!(asked.file(2, StdStream::Error), Some(("f.02".into(), false)));
        asked.size = 4;
        asked.output.merge = true;
        asked.output.copies = Some(Copies::read(true, "d:nojobid".as_ref()).unwrap());
        assert_eq!(asked.file(2, StdStream::Error), Some(("d/rank.2/stdout".into(), true)));
        assert_eq!(Asked::default().file(0, StdStream::Out), None);
    }
}
