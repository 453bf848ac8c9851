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
use std::sync::{Arc, PoisonError, RwLock};

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

/// A folder, open.
#[derive(Debug)]
pub struct Root {
    /// As it was named; absolute.
    name: PathBuf,
    place: RwLock<Arc<Place>>,
    /// Links may lead out of it.
    follow: bool,
    /// The kernel has `openat2`.
    has_openat2: AtomicBool,
}

/// The folder that the name means now.
#[derive(Debug)]
struct Place {
    folder: OwnedFd,
    /// Without links.
    path: PathBuf,
}

impl Place {
    fn open(name: &Path) -> io::Result<Place> {
        let path = std::fs::canonicalize(name)?;
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = rustix::fs::openat(CWD, &path, flags, Mode::empty())?;
        Ok(Place { folder, path })
    }

    /// What tells folders apart.
    fn identity(&self) -> Option<(u64, u64)> {
        rustix::fs::fstat(&self.folder).ok().map(|stat| (stat.st_dev, stat.st_ino))
    }
}

/// No waiting for the other end of a fifo, no terminal that takes over, nothing for programs started.
const READ: OFlags = OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::CLOEXEC);

const LOOK: OFlags = OFlags::PATH.union(OFlags::CLOEXEC);

impl Root {
    /// Opens the folder.
    pub fn open(folder: &Path, follow: bool) -> io::Result<Root> {
        let (name, place) = (std::path::absolute(folder)?, Place::open(folder)?);
        let has_openat2 = AtomicBool::new(true);
        Ok(Root { name, place: RwLock::new(Arc::new(place)), follow, has_openat2 })
    }

    /// Looks whether the name means another folder now: it was deleted and made again, or a link in it leads elsewhere.
    /// While it means none, the last one stays.
    pub fn renew(&self) {
        let Ok(found) = Place::open(&self.name) else { return };
        if found.identity() != self.place().identity() {
            *self.place.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(found);
        }
    }

    fn place(&self) -> Arc<Place> {
        self.place.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Opens a file or a folder beneath it for reading. `path` is relative, its names are plain (see
    /// [`super::target::names`]); empty for the root itself.
    pub fn file(&self, path: &[u8]) -> io::Result<File> {
        self.open_as(path, READ)
    }

    fn open_as(&self, path: &[u8], how: OFlags) -> io::Result<File> {
        let path = Path::new(std::ffi::OsStr::from_bytes(if path.is_empty() { b"." } else { path }));
        if self.follow {
            return Ok(File::from(rustix::fs::openat(&self.place().folder, path, how, Mode::empty())?));
        }
        let place = self.place();
        let found = match self.beneath(&place, path, how) {
            // Perhaps an absolute link that points inside.
            Err(Errno::XDEV) => self.through_absolute_link(&place, path, how)?,
            found => found?,
        };
        Ok(File::from(found))
    }

    /// What a file or a folder beneath it is, without reading it.
    pub fn look(&self, path: &[u8]) -> io::Result<Metadata> {
        self.open_as(path, LOOK)?.metadata()
    }

    fn beneath(&self, place: &Place, path: &Path, how: OFlags) -> rustix::io::Result<OwnedFd> {
        if self.has_openat2.load(Ordering::Relaxed) {
            let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
            loop {
                match rustix::fs::openat2(&place.folder, path, how, Mode::empty(), resolve) {
                    // The tree was changed while the kernel walked through it.
                    Err(Errno::AGAIN | Errno::INTR) => {}
                    // Seccomp filters answer EPERM; a file's own mode is EACCES.
                    Err(Errno::NOSYS | Errno::PERM) => break,
                    found => return found,
                }
            }
            self.has_openat2.store(false, Ordering::Relaxed);
        }
        name_by_name(place, path, how)
    }

    /// Where links lead is asked first, name by name, so that a way that leaves and comes back is none; what is opened
    /// then is opened beneath the root again.
    fn through_absolute_link(&self, place: &Place, path: &Path, how: OFlags) -> io::Result<OwnedFd> {
        let (mut way, mut inside) = (place.path.clone(), PathBuf::new());
        for name in path {
            way = std::fs::canonicalize(way.join(name))?;
            inside = way.strip_prefix(&place.path).map_err(|_| io::ErrorKind::NotFound)?.to_owned();
        }
        let inside = if inside.as_os_str().is_empty() { Path::new(".") } else { &inside };
        Ok(self.beneath(place, inside, how)?)
    }
}

fn name_by_name(place: &Place, path: &Path, how: OFlags) -> rustix::io::Result<OwnedFd> {
    let mut names = path.iter().peekable();
    let mut at: Option<OwnedFd> = None;
    while let Some(name) = names.next() {
        let kind = if names.peek().is_some() { OFlags::PATH | OFlags::DIRECTORY } else { how };
        let folder = at.as_ref().map_or(place.folder.as_fd(), AsFd::as_fd);
        let flags = kind | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        at = Some(rustix::fs::openat(folder, name, flags, Mode::empty())?);
    }
    at.ok_or(Errno::NOENT)
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
    fn a_folder_that_is_made_again_is_found_again() {
        let base = tree("again");
        symlink("site", base.join("current")).unwrap();
        let roots = ["site", "current"].map(|name| Root::open(&base.join(name), false).unwrap());
        let served = || roots.each_ref().map(|root| (opens(root, "sub/page"), opens(root, "new")));
        std::fs::remove_dir_all(base.join("site")).unwrap();
        roots.iter().for_each(Root::renew);
        assert_eq!(served(), [(false, false); 2]);
        std::fs::create_dir(base.join("site")).unwrap();
        std::fs::write(base.join("site/new"), "").unwrap();
        roots.iter().for_each(Root::renew);
        assert_eq!(served(), [(false, true); 2]);
        // A link that leads to the next release.
        std::fs::create_dir_all(base.join("next/sub")).unwrap();
        std::fs::write(base.join("next/sub/page"), "").unwrap();
        std::fs::remove_file(base.join("current")).unwrap();
        symlink("next", base.join("current")).unwrap();
        roots.iter().for_each(Root::renew);
        assert_eq!(served(), [(false, true), (true, false)]);
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
