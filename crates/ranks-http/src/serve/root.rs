//! The folder that is served: files are opened beneath it, and nothing else ever.
//!
//! The kernel itself sees to that (`openat2` with `RESOLVE_BENEATH`): it decides at the moment a link is followed, so
//! nobody who changes links meanwhile wins a race. Where the kernel has no `openat2`, names are opened one by one
//! and no link is followed.

use std::fs::{File, Metadata};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

/// A folder, open.
#[derive(Debug)]
pub struct Root {
    folder: OwnedFd,
    /// Without links.
    path: PathBuf,
    /// Links may lead out of it.
    follow: bool,
    /// The kernel has `openat2`.
    has_openat2: AtomicBool,
}

/// No waiting for the other end of a fifo, no terminal that takes over, nothing for programs started.
const READ: OFlags = OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::CLOEXEC);

const LOOK: OFlags = OFlags::PATH.union(OFlags::CLOEXEC);

impl Root {
    /// Opens the folder.
    pub fn open(folder: &Path, follow: bool) -> io::Result<Root> {
        let path = std::fs::canonicalize(folder)?;
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = rustix::fs::openat(CWD, &path, flags, Mode::empty())?;
        Ok(Root { folder, path, follow, has_openat2: AtomicBool::new(true) })
    }

    /// Opens a file or a folder beneath it for reading. `path` is relative, its names are plain (see
    /// [`super::target::names`]); empty for the root itself.
    pub fn file(&self, path: &[u8]) -> io::Result<File> {
        self.open_as(path, READ)
    }

    fn open_as(&self, path: &[u8], how: OFlags) -> io::Result<File> {
        let path = Path::new(std::ffi::OsStr::from_bytes(if path.is_empty() { b"." } else { path }));
        if self.follow {
            return Ok(File::from(rustix::fs::openat(&self.folder, path, how, Mode::empty())?));
        }
        let found = match self.beneath(path, how) {
            // Perhaps an absolute link that points inside.
            Err(Errno::XDEV) => self.through_absolute_link(path, how)?,
            found => found?,
        };
        Ok(File::from(found))
    }

    /// What a file or a folder beneath it is, without reading it.
    pub fn look(&self, path: &[u8]) -> io::Result<Metadata> {
        self.open_as(path, LOOK)?.metadata()
    }

    fn beneath(&self, path: &Path, how: OFlags) -> rustix::io::Result<OwnedFd> {
        if self.has_openat2.load(Ordering::Relaxed) {
            let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
            loop {
                match rustix::fs::openat2(&self.folder, path, how, Mode::empty(), resolve) {
                    // The tree was changed while the kernel walked through it.
                    Err(Errno::AGAIN | Errno::INTR) => {}
                    // Seccomp filters answer EPERM; a file's own mode is EACCES.
                    Err(Errno::NOSYS | Errno::PERM) => break,
                    found => return found,
                }
            }
            self.has_openat2.store(false, Ordering::Relaxed);
        }
        self.name_by_name(path, how)
    }

    fn name_by_name(&self, path: &Path, how: OFlags) -> rustix::io::Result<OwnedFd> {
        let mut names = path.iter().peekable();
        let mut at: Option<OwnedFd> = None;
        while let Some(name) = names.next() {
            let kind = if names.peek().is_some() { OFlags::PATH | OFlags::DIRECTORY } else { how };
            let folder = at.as_ref().map_or(self.folder.as_fd(), AsFd::as_fd);
            let flags = kind | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            at = Some(rustix::fs::openat(folder, name, flags, Mode::empty())?);
        }
        at.ok_or(Errno::NOENT)
    }

    /// Where links lead is asked first, name by name, so that a way that leaves and comes back is none; what is opened
    /// then is opened beneath the root again.
    fn through_absolute_link(&self, path: &Path, how: OFlags) -> io::Result<OwnedFd> {
        let (mut way, mut inside) = (self.path.clone(), PathBuf::new());
        for name in path {
            way = std::fs::canonicalize(way.join(name))?;
            inside = way.strip_prefix(&self.path).map_err(|_| io::ErrorKind::NotFound)?.to_owned();
        }
        let inside = if inside.as_os_str().is_empty() { Path::new(".") } else { &inside };
        Ok(self.beneath(inside, how)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn tree(name: &str) -> PathBuf {
        let base = std::env::temp_dir().join(format!("ranks-root-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&base);
        std::fs::create_dir_all(base.join("site/sub")).unwrap();
        std::fs::write(base.join("secret"), "secret").unwrap();
        std::fs::write(base.join("site/sub/page"), "page").unwrap();
        symlink("sub/page", base.join("site/inside")).unwrap();
        symlink("../sub/page", base.join("site/sub/up")).unwrap();
        symlink(base.join("site/sub/page"), base.join("site/absolute")).unwrap();
        symlink("../secret", base.join("site/outside")).unwrap();
        symlink("..", base.join("site/parent")).unwrap();
        symlink(base.join("secret"), base.join("site/absolute_outside")).unwrap();
        symlink("/proc/self/root", base.join("site/magic")).unwrap();
        symlink("loop", base.join("site/loop")).unwrap();
        base
    }

    fn opens(root: &Root, path: &str) -> bool {
        root.file(path.as_bytes()).is_ok()
    }

    #[test]
    fn links_within_work_and_links_out_do_not() {
        let base = tree("links");
        let root = Root::open(&base.join("site"), false).unwrap();
        for path in ["", "sub", "sub/page", "inside", "sub/up", "absolute"] {
            assert!(opens(&root, path), "{path}");
        }
        let outside = [
            "outside",
            "parent",
            "parent/secret",
            "parent/site/inside",
            "absolute_outside",
            "magic",
            "magic/etc/passwd",
            "loop",
        ];
        for path in outside {
            assert!(!opens(&root, path), "{path}");
        }
        let root = Root::open(&base.join("site"), true).unwrap();
        assert!(opens(&root, "outside") && opens(&root, "parent/secret") && opens(&root, "inside"));
        std::fs::remove_dir_all(base).unwrap();
    }

    #[test]
    fn without_openat2_no_link_is_followed() {
        let base = tree("old");
        let root = Root::open(&base.join("site"), false).unwrap();
        root.has_openat2.store(false, Ordering::Relaxed);
        assert!(opens(&root, "") && opens(&root, "sub") && opens(&root, "sub/page"));
        for path in ["inside", "outside", "parent/secret", "magic/etc"] {
            assert!(!opens(&root, path), "{path}");
        }
        std::fs::remove_dir_all(base).unwrap();
    }
}
