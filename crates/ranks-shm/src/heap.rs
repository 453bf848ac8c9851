//! The job's file behind the segment: memory that any rank can write and any other can read, without permission to
//! read each other's memory, and of any length. It is written and read by system calls, so nothing is mapped, and a full
//! memory is an error, no signal.
//!
//! Places are taken one after the other and never again; the file is sparse, and whoever has read a place gives its
//! memory back. What nobody reads goes with the job.

use crate::bounds::PAGE;
use crate::sys;
use std::fs::{File, Metadata};
use std::os::unix::fs::{FileExt, MetadataExt};

/// The job's file, as one process holds it.
#[derive(Debug)]
pub struct Heap {
    file: File,
    /// A program may close descriptors that are not its own, and get the same number for a file of its own: nothing is
    /// read or written before the file is known to be the job's.
    identity: (u64, u64),
    /// Where the file can be opened again then.
    paths: Vec<String>,
}

fn identity(file: &File) -> Option<(u64, u64)> {
    let of = |data: Metadata| (data.dev(), data.ino());
    file.metadata().ok().map(of)
}

impl Heap {
    pub(crate) fn new(file: File, paths: Vec<String>) -> Option<Heap> {
        Some(Heap { identity: identity(&file)?, file, paths })
    }

    /// Does something with the file; `None` when it cannot be reached any more.
    fn with<R>(&self, act: impl FnOnce(&File) -> Option<R>) -> Option<R> {
        if identity(&self.file) == Some(self.identity) {
            return act(&self.file);
        }
        let open = |path: &String| File::options().read(true).write(true).open(path).ok();
        let again = self.paths.iter().filter_map(open).find(|file| identity(file) == Some(self.identity))?;
        act(&again)
    }

    /// Writes bytes to a place that was taken; false when they cannot be there.
    pub fn write(&self, at: u64, bytes: &[u8]) -> bool {
        if at.saturating_add(bytes.len() as u64) > sys::file_limit() {
            return false;
        }
        self.with(|file| file.write_all_at(bytes, at).ok()).is_some()
    }

    /// Reads what lies at a place.
    pub fn read(&self, at: u64, to: &mut [u8]) -> bool {
        self.with(|file| file.read_exact_at(to, at).ok()).is_some()
    }

    /// Gives the memory of a place back.
    pub fn give_back(&self, at: u64, len: u64) {
        // Only a damaged message names a length that long.
        let Some(len) = len.checked_next_multiple_of(PAGE as u64) else { return };
        self.with(|file| {
            sys::punch(file, at, len);
            Some(())
        });
    }
}

#[cfg(all(test, not(loom), not(miri)))]
mod tests {
    use super::*;
    use crate::segment::Segment;

    #[test]
    fn what_one_writes_another_reads() {
        let segment = Segment::private(2);
        let heap = segment.heap().unwrap();
        let (first, second) = (segment.take_place(1), segment.take_place(10_000));
        assert_eq!(second - first, PAGE as u64);
        assert!(heap.write(second, &[7; 10_000]) && heap.write(first, b"x"));
        let mut seen = vec![0; 10_000];
        assert!(heap.read(second, &mut seen) && seen == [7; 10_000]);
        heap.give_back(second, 10_000);
        assert!(heap.read(second, &mut seen) && seen == [0; 10_000], "its memory is gone");
    }

    #[test]
    fn a_descriptor_that_became_another_file_is_not_used() {
        let (ours, other) = (sys::anonymous_file(PAGE).unwrap(), sys::anonymous_file(PAGE).unwrap());
        let mut heap = Heap::new(ours.into(), Vec::new()).unwrap();
        heap.file = other.into();
        assert!(!heap.write(0, b"lost") && !heap.read(0, &mut [0; 4]));
    }
}
