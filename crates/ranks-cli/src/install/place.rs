//! A folder that files are put into: each whole or not at all, and written down.

use std::collections::BTreeSet;
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
    ours: BTreeSet<String>,
}

impl Place {
    /// Looks at a prefix, which need not exist.
    pub fn open(prefix: &Path) -> Result<Self, Error> {
        if prefix.exists() && !prefix.is_dir() {
            return Err(Error::NoFolder(prefix.to_owned()));
        }
        let list = prefix.join(LIST);
        let ours = match fs::read_to_string(&list) {
            Ok(text) => text.lines().map(str::to_owned).collect(),
            Err(error) if error.kind() == ErrorKind::NotFound => BTreeSet::new(),
            Err(error) => return Err(Error::File(list, error)),
        };
        // The list is read back to remove files: nothing in it may lead out of the prefix.
        if let Some(strange) = ours.iter().find(|path| path.starts_with('/') || path.contains("..")) {
            return Err(Error::Strange(list, strange.clone()));
        }
        Ok(Self { prefix: prefix.to_owned(), ours })
    }

    /// Puts all files there. When one cannot be written, none has been replaced.
    pub fn put(&self, files: &[File]) -> Result<(), Error> {
        for file in files {
            let target = self.prefix.join(file.path);
            if target.symlink_metadata().is_ok() && !self.ours.contains(file.path) {
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
        let all: BTreeSet<&str> =
            self.ours.iter().map(String::as_str).chain(files.iter().map(|file| file.path)).collect();
        self.write_list(&all)?;
        staged.reveal()?;
        // What an older version installed and this one does not have.
        let now: BTreeSet<&str> = files.iter().map(|file| file.path).collect();
        for old in all.difference(&now) {
            remove(&self.prefix.join(old))?;
        }
        self.write_list(&now)
    }

    /// Removes what is ours, and folders that are empty then. Returns how many files.
    pub fn clear(&self) -> Result<usize, Error> {
        if self.ours.is_empty() {
            return Err(Error::NothingInstalled(self.prefix.clone()));
        }
        let mut count = 0;
        for path in &self.ours {
            count += usize::from(remove(&self.prefix.join(path))?);
        }
        remove(&self.prefix.join(LIST))?;
        for folder in ["lib/ranks", "lib/pkgconfig", "lib", "include", "bin"] {
            // Others' files keep it.
            let _ = fs::remove_dir(self.prefix.join(folder));
        }
        Ok(count)
    }

    fn write_list(&self, paths: &BTreeSet<&str>) -> Result<(), Error> {
        let mut staged = Staged(Vec::new());
        let beside = staged.add(&self.prefix.join(LIST))?;
        let text: String = paths.iter().map(|path| format!("{path}\n")).collect();
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

/// Removes a file; false if there was none.
fn remove(path: &Path) -> Result<bool, Error> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Error::at(path)(error)),
    }
}
