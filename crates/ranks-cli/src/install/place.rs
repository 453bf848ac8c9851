//! A folder that files are put into: each whole or not at all, and written down.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use crate::error::Error;

/// Where it is written down what is ours.
const LIST: &str = "lib/ranks/installed";

/// A file to be put there.
pub struct File {
    /// Its place below the prefix.
    pub path: &'static str,
    /// What it holds.
    pub content: Content,
}

/// What a file holds.
pub enum Content {
    /// A copy of another file.
    Copy {
        /// That other.
        from: PathBuf,
        /// Whether it is run.
        executable: bool,
    },
    /// This text.
    Text {
        /// What it says.
        text: String,
        /// Whether it is run.
        executable: bool,
    },
    /// It is a symbolic link, to this.
    Link(&'static str),
}

/// A prefix, and what of it is ours already.
pub struct Place {
    prefix: PathBuf,
    /// Our files, each with the fingerprint of what it held when it was installed.
    ours: BTreeMap<String, Option<u64>>,
}

impl Place {
    /// Looks at a prefix, which need not exist.
    pub fn open(prefix: &Path) -> Result<Self, Error> {
        if prefix.exists() && !prefix.is_dir() {
            return Err(Error::NoFolder(prefix.to_owned()));
        }
        let list = prefix.join(LIST);
        let ours: BTreeMap<_, _> = match fs::read_to_string(&list) {
            Ok(text) => text.lines().map(entry).collect(),
            Err(error) if error.kind() == ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(Error::File(list, error)),
        };
        // The list is read back to remove files: nothing in it may lead out of the prefix.
        if let Some(strange) = ours.keys().find(|path| path.starts_with('/') || path.contains("..")) {
            return Err(Error::Strange(list, strange.clone()));
        }
        Ok(Self { prefix: prefix.to_owned(), ours })
    }

    /// Puts all files there. When one cannot be written, none has been replaced.
    pub fn put(&self, files: &[File]) -> Result<(), Error> {
        self.check_folders(files)?;
        for file in files {
            let target = self.prefix.join(file.path);
            if target.symlink_metadata().is_ok() && !self.is_ours(file.path) {
                return Err(Error::Taken(target));
            }
        }
        let mut staged = Staged(Vec::new());
        for file in files {
            let target = self.prefix.join(file.path);
            let beside = staged.add(&target)?;
            write(&file.content, &beside).map_err(Error::at(&beside))?;
        }
        // Written down before the files appear: whatever happens meanwhile, they are known as ours.
        let now: BTreeMap<&str, Option<u64>> =
            files.iter().zip(&staged.0).map(|(file, (beside, _))| (file.path, fingerprint(beside))).collect();
        let mut all: BTreeMap<&str, Option<u64>> =
            self.ours.iter().map(|(path, held)| (&**path, *held)).collect();
        // Until all are there, a file may hold the old or the new text: any is ours.
        all.extend(now.keys().map(|path| (*path, None)));
        self.write_list(&all)?;
        staged.reveal()?;
        // What an older version installed and this one does not have.
        for old in self.ours.keys().filter(|old| !now.contains_key(&***old) && self.is_ours(old)) {
            remove(&self.prefix.join(old))?;
        }
        self.write_list(&now)
    }

    /// True if this file is there as it was installed. What somebody has changed or replaced since is theirs.
    fn is_ours(&self, path: &str) -> bool {
        match self.ours.get(path) {
            None => false,
            Some(None) => true,
            Some(held) => fingerprint(&self.prefix.join(path)) == *held,
        }
    }

    /// A compiler wrapper and the command find the prefix by their own place, so each folder must be where it seems to be.
    fn check_folders(&self, files: &[File]) -> Result<(), Error> {
        for folder in files.iter().filter_map(|file| Path::new(file.path).parent()) {
            let folder = self.prefix.join(folder);
            let (Ok(real), Ok(prefix)) = (folder.canonicalize(), self.prefix.canonicalize()) else {
                continue;
            };
            if !real.starts_with(prefix) {
                return Err(Error::Elsewhere(folder, real));
            }
        }
        Ok(())
    }

    /// Removes what is ours, and folders that are empty then. Returns how many files, and those that were left because
    /// somebody has changed or replaced them.
    pub fn clear(&self) -> Result<(usize, Vec<PathBuf>), Error> {
        if self.ours.is_empty() {
            return Err(Error::NothingInstalled(self.prefix.clone()));
        }
        let (mut count, mut left) = (0, Vec::new());
        for path in self.ours.keys() {
            let file = self.prefix.join(path);
            remove_left_behind(&file);
            if self.is_ours(path) {
                count += usize::from(remove(&file)?);
            } else if file.symlink_metadata().is_ok() {
                left.push(file);
            }
        }
        remove(&self.prefix.join(LIST))?;
        remove_left_behind(&self.prefix.join(LIST));
        for folder in ["lib/ranks", "lib/pkgconfig", "lib", "include", "bin", ""] {
            // Others' files keep it.
            let _ = fs::remove_dir(self.prefix.join(folder));
        }
        Ok((count, left))
    }

    fn write_list(&self, paths: &BTreeMap<&str, Option<u64>>) -> Result<(), Error> {
        let mut staged = Staged(Vec::new());
        let beside = staged.add(&self.prefix.join(LIST))?;
        let line = |(path, held): (&&str, &Option<u64>)| match held {
            Some(held) => format!("{path}\t{held:016x}\n"),
            None => format!("{path}\n"),
        };
        let text: String = paths.iter().map(line).collect();
        fs::write(&beside, text).map_err(Error::at(&beside))?;
        staged.reveal()
    }
}

/// Files beside their places, under other names; removed again unless revealed.
struct Staged(Vec<(PathBuf, PathBuf)>);

impl Staged {
    /// The name beside `target`; its folder is made.
    fn add(&mut self, target: &Path) -> Result<PathBuf, Error> {
        let folder = target.parent().unwrap_or(Path::new("/"));
        fs::create_dir_all(folder).map_err(Error::at(folder))?;
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let beside = folder.join(format!(".{name}.{}", std::process::id()));
        remove_left_behind(target);
        let _ = fs::remove_file(&beside);
        self.0.push((beside.clone(), target.to_owned()));
        Ok(beside)
    }

    fn reveal(self) -> Result<(), Error> {
        for (beside, target) in &self.0 {
            fs::rename(beside, target).map_err(Error::at(target))?;
        }
        Ok(())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        for (beside, _) in &self.0 {
            let _ = fs::remove_file(beside);
        }
    }
}

fn write(content: &Content, path: &Path) -> io::Result<()> {
    let executable = match content {
        Content::Link(target) => return symlink(target, path),
        Content::Copy { from, executable } => {
            fs::copy(from, path)?;
            *executable
        }
        Content::Text { text, executable } => {
            fs::write(path, text)?;
            *executable
        }
    };
    fs::set_permissions(path, Permissions::from_mode(if executable { 0o755 } else { 0o644 }))
}

/// A line of the list: a path and, since it is written, the fingerprint of what was installed there.
fn entry(line: &str) -> (String, Option<u64>) {
    let (path, held) = line.split_once('\t').unwrap_or((line, ""));
    (path.to_owned(), u64::from_str_radix(held, 16).ok())
}

/// A number that tells what a file or link holds from what others hold (FNV-1a); `None` if it cannot be read.
fn fingerprint(path: &Path) -> Option<u64> {
    let hash = |kind: u64, bytes: &[u8]| {
        bytes.iter().fold(0xcbf2_9ce4_8422_2325 ^ kind, |hash, &byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
    };
    if path.symlink_metadata().ok()?.is_symlink() {
        return Some(hash(1, fs::read_link(path).ok()?.as_os_str().as_encoded_bytes()));
    }
    Some(hash(0, &fs::read(path).ok()?))
}

/// Removes what an installation that was killed has left beside a file: `.NAME.PID` of processes that are gone.
fn remove_left_behind(target: &Path) {
    let (Some(folder), Some(name)) = (target.parent(), target.file_name()) else { return };
    let start = format!(".{}.", name.to_string_lossy());
    for found in fs::read_dir(folder).into_iter().flatten().flatten() {
        let found_name = found.file_name();
        let pid = found_name.to_str().and_then(|name| name.strip_prefix(&start)?.parse::<u32>().ok());
        if pid.is_some_and(|pid| !Path::new(&format!("/proc/{pid}")).exists()) {
            // One that cannot be removed harms nobody.
            let _ = fs::remove_file(found.path());
        }
    }
}

/// Removes a file; false if there was none.
fn remove(path: &Path) -> Result<bool, Error> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Error::at(path)(error)),
    }
}
