//! What a rank knows of files, by path, within limits.
//!
//! Two generations: what is asked for moves into the young one; when that is half as large as all may be, the old one is
//! forgotten and the young one is the old one. So what is in use stays, and nothing is sorted.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use super::resource::Resource;
use crate::bounds::{CACHE_BYTES, CACHE_FILES, FILE_DESCRIPTORS, FRESH};

/// A file, and when it was last looked at.
#[derive(Clone, Debug)]
pub struct Known {
    /// The file.
    pub resource: Arc<Resource>,
    checked: Instant,
}

impl Known {
    /// Whether it may be taken to be as it was.
    pub fn is_fresh(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.checked) < FRESH
    }
}

/// The paths and their files.
#[derive(Debug)]
pub struct Cache {
    /// How many files, at most.
    files: usize,
    young: HashMap<Box<str>, Known>,
    old: HashMap<Box<str>, Known>,
    /// Bytes of the young ones.
    bytes: usize,
}

impl Cache {
    /// One whose descriptors take at most half of those that the process may have; connections need the rest.
    pub fn new(descriptors: u64) -> Cache {
        let files = usize::try_from(descriptors).unwrap_or(usize::MAX) / (2 * FILE_DESCRIPTORS);
        Cache { files: files.clamp(2, CACHE_FILES), young: HashMap::new(), old: HashMap::new(), bytes: 0 }
    }

    /// Forgets files that have been deleted.
    pub fn sweep(&mut self) {
        let mut freed = 0;
        self.young.retain(|_, known| {
            let gone = known.resource.is_deleted();
            freed += if gone { known.resource.weight() } else { 0 };
            !gone
        });
        self.bytes = self.bytes.saturating_sub(freed);
        self.old.retain(|_, known| !known.resource.is_deleted());
    }

    /// What is known of a path.
    pub fn get(&mut self, path: &str) -> Option<Known> {
        if let Some(known) = self.young.get(path) {
            return Some(known.clone());
        }
        let (path, known) = self.old.remove_entry(path)?;
        self.insert(path, known.clone());
        Some(known)
    }

    /// Remembers a file that was just looked at.
    pub fn put(&mut self, path: &str, resource: Arc<Resource>, now: Instant) {
        self.old.remove(path);
        self.insert(path.into(), Known { resource, checked: now });
    }

    /// A file has come to weigh more.
    pub fn grown(&mut self, by: usize) {
        self.bytes += by;
        self.age();
    }

    fn insert(&mut self, path: Box<str>, known: Known) {
        self.bytes += known.resource.weight();
        if let Some(before) = self.young.insert(path, known) {
            self.bytes = self.bytes.saturating_sub(before.resource.weight());
        }
        self.age();
    }

    fn age(&mut self) {
        if self.bytes > CACHE_BYTES / 2 || self.young.len() > self.files / 2 {
            self.old = std::mem::take(&mut self.young);
            self.bytes = 0;
        }
    }
}
