//! Making, attaching and finding one's way in a segment.

use crate::bounds::{self, PAGE};
use crate::heap::Heap;
use crate::job::Job;
use crate::layout::{
    Area, Geometry, Header, Line, MAGIC, PairTail, Slot, Spill, Transfer, VERSION, pair_bytes,
};
use crate::post::board_bytes;
use crate::primitive::Ordering::{Acquire, Relaxed, Release};
use crate::ring::RingMemory;
use crate::sys;
use std::alloc::Layout;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::ptr::NonNull;
use std::sync::OnceLock;

/// A mapped segment. Shared by `Arc`; unmapped when the last holder lets go.
pub struct Segment {
    base: NonNull<u8>,
    geometry: Geometry,
    memory: Memory,
    heap: OnceLock<Option<Heap>>,
}

enum Memory {
    /// A file mapped shared: ranks are processes.
    Mapped,
    /// Ordinary memory: ranks are threads, or there is only one. Where it was allocated, and how.
    Heap(NonNull<u8>, Layout),
}

// SAFETY: the segment is atomics, and cells whose use the protocols of this crate order.
unsafe impl Send for Segment {}
// SAFETY: as above.
unsafe impl Sync for Segment {}

/// Why a segment could not be attached.
#[derive(Debug)]
pub enum AttachError {
    /// The launcher's segment cannot be opened (it has ended, or `/proc` is closed to us).
    Gone(String),
    /// It is not a segment of this version.
    Foreign(String),
    /// Mapping failed.
    Io(io::Error),
}

impl std::fmt::Display for AttachError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Gone(why) => write!(f, "the job's launcher cannot be reached: {why}"),
            Self::Foreign(why) => write!(f, "the job's segment does not fit: {why}"),
            Self::Io(error) => write!(f, "the job's segment cannot be mapped: {error}"),
        }
    }
}

impl std::error::Error for AttachError {}

impl Segment {
    /// Makes a segment for `ranks` processes. The descriptor is to be inherited by them.
    pub fn create(ranks: usize) -> io::Result<(Segment, OwnedFd)> {
        assert!((1..=bounds::MAX_RANKS).contains(&ranks));
        Self::create_with(Geometry::new(ranks))
    }

    /// Makes a segment of a chosen geometry.
    pub(crate) fn create_with(geometry: Geometry) -> io::Result<(Segment, OwnedFd)> {
        let fd = sys::anonymous_file(geometry.size())?;
        // Pages of the control areas must exist before anyone writes them: a full disk or a memory
        // limit is an error here, a SIGBUS later. Rings of a large job stay virtual.
        sys::reserve(&fd, geometry.pairs_at())?;
        let base = sys_map(&fd, geometry.size())?;
        let segment = Self { base, geometry, memory: Memory::Mapped, heap: OnceLock::new() };
        segment.stamp(std::process::id());
        Ok((segment, fd))
    }

    /// Makes a segment in ordinary memory, for ranks that are threads of this process.
    pub fn private(ranks: usize) -> Segment {
        Self::private_with(Geometry::new(ranks))
    }

    /// Makes a segment in ordinary memory with rings of a chosen length: tests of full rings want short ones.
    pub fn private_with(geometry: Geometry) -> Segment {
        assert!((1..=bounds::MAX_RANKS).contains(&geometry.ranks));
        // Aligned by hand: asked for pages, the allocator would write every zero itself, where it can have them
        // from the system untouched.
        let layout = Layout::from_size_align(geometry.size() + PAGE, 16).expect("sizes are bounded");
        // SAFETY: the size is not zero.
        let start = unsafe { std::alloc::alloc_zeroed(layout) };
        let start = NonNull::new(start).unwrap_or_else(|| std::alloc::handle_alloc_error(layout));
        // SAFETY: less than a page further, and there is a page more than needed.
        let base = unsafe { start.add(start.align_offset(PAGE)) };
        let segment = Self { base, geometry, memory: Memory::Heap(start, layout), heap: OnceLock::new() };
        segment.stamp(0);
        segment
    }

    /// Maps the segment of the job that this process was started in.
    pub fn attach(job: &Job) -> Result<Segment, AttachError> {
        let mut last = String::new();
        let inherited = format!("/proc/self/fd/{}", job.descriptor);
        let launchers = format!("/proc/{}/fd/{}", job.launcher, job.descriptor);
        let paths = [inherited, launchers];
        for path in &paths {
            // Opening anew through /proc works for memfds and unlinked files, and never takes over a
            // descriptor that the program may meanwhile use for something else.
            match File::options().read(true).write(true).open(path) {
                Ok(file) => match Self::map_checked(&file, job.nonce) {
                    Ok(segment) => {
                        let _ = segment.heap.set(Heap::new(file, paths.to_vec()));
                        return Ok(segment);
                    }
                    Err(AttachError::Foreign(why)) => last = format!("{path}: {why}"),
                    Err(error) => return Err(error),
                },
                Err(error) => last = format!("{path}: {error}"),
            }
        }
        Err(AttachError::Gone(last))
    }

    fn map_checked(file: &File, nonce: u64) -> Result<Segment, AttachError> {
        let foreign = |why: &str| AttachError::Foreign(why.to_owned());
        let meta = file.metadata().map_err(AttachError::Io)?;
        let size = meta.len() as usize;
        if !meta.is_file() || size < size_of::<Header>() {
            return Err(foreign("not a segment"));
        }
        let base = sys_map(file, size).map_err(AttachError::Io)?;
        // The geometry is not known yet; one rank's is enough to reach the header and to unmap.
        let mut segment =
            Self { base, geometry: Geometry::new(1), memory: Memory::Mapped, heap: OnceLock::new() };
        let header = segment.header();
        let geometry = Geometry {
            ranks: header.ranks.load(Relaxed) as usize,
            ring_lines: header.ring_lines.load(Relaxed) as usize,
            bulk_bytes: header.bulk_bytes.load(Relaxed) as usize,
        };
        let fits = header.magic.load(Acquire) == MAGIC
            && (1..=bounds::MAX_RANKS).contains(&geometry.ranks)
            && geometry.ring_lines.is_power_of_two()
            && geometry.ring_lines <= bounds::RING_LINES_FEW
            && geometry.bulk_bytes.is_multiple_of(4096)
            && geometry.bulk_bytes <= bounds::bulk_bytes(1)
            && geometry.size() <= size
            && header.size.load(Relaxed) == geometry.size() as u64;
        let version = header.version.load(Relaxed);
        let same_job = header.nonce.load(Relaxed) == nonce;
        if !fits || !same_job || version != VERSION {
            let why = match (fits, same_job) {
                (false, _) => "not a segment".to_owned(),
                (_, false) => "another job's segment".to_owned(),
                _ => format!(
                    "layout {version}, this program has {VERSION}: use one version of ranks throughout"
                ),
            };
            // Unmap exactly what was mapped.
            sys_unmap(base, size);
            std::mem::forget(segment);
            return Err(AttachError::Foreign(why));
        }
        segment.geometry = geometry;
        // Behind the segment lies what the job has put into its file: that is read, not mapped.
        let mapped = geometry.size().next_multiple_of(PAGE);
        if size > mapped {
            // SAFETY: within what was mapped, and nothing refers to it.
            sys_unmap(unsafe { base.add(mapped) }, size - mapped);
        }
        Ok(segment)
    }

    fn stamp(&self, launcher: u32) {
        let header = self.header();
        header.version.store(VERSION, Relaxed);
        header.ranks.store(self.geometry.ranks as u32, Relaxed);
        header.size.store(self.geometry.size() as u64, Relaxed);
        header.nonce.store(sys::random_u64(), Relaxed);
        header.ring_lines.store(self.geometry.ring_lines as u32, Relaxed);
        header.bulk_bytes.store(self.geometry.bulk_bytes as u32, Relaxed);
        header.launcher.store(launcher, Relaxed);
        header.heap_next.store(self.geometry.size().next_multiple_of(PAGE) as u64, Relaxed);
        // World is context 0 and 1, self 2 and 3: the first free pair is 4.
        header.next_context.store(4, Relaxed);
        // World uses area 0.
        header.areas[0].store(1, Relaxed);
        header.magic.store(MAGIC, Release);
    }

    /// Number of ranks.
    pub fn ranks(&self) -> usize {
        self.geometry.ranks
    }

    /// The random number that tells this job from others.
    pub fn nonce(&self) -> u64 {
        self.header().nonce.load(Relaxed)
    }

    /// True when the ranks are threads of this process.
    pub fn is_private(&self) -> bool {
        matches!(self.memory, Memory::Heap(..))
    }

    /// The header.
    #[inline(always)]
    pub fn header(&self) -> &Header {
        // SAFETY: every segment starts with a header; zero is valid for each word.
        unsafe { self.base.cast::<Header>().as_ref() }
    }

    /// What a rank says of itself.
    #[inline(always)]
    pub fn slot(&self, rank: usize) -> &Slot {
        assert!(rank < self.geometry.ranks);
        // SAFETY: inside the segment by the assertion, aligned by the geometry.
        unsafe { self.base.add(self.geometry.slots_at()).cast::<Slot>().add(rank).as_ref() }
    }

    /// A shared area.
    #[inline(always)]
    pub fn area(&self, index: usize) -> &Area {
        assert!(index < bounds::AREAS);
        // SAFETY: inside the segment by the assertion, aligned by the geometry.
        unsafe { self.base.add(self.geometry.areas_at()).cast::<Area>().add(index).as_ref() }
    }

    /// Where the board of an area begins, if it has one.
    #[inline(always)]
    pub(crate) fn board_at(&self, area: usize) -> Option<NonNull<u8>> {
        let ranks = self.geometry.ranks;
        let at = self.geometry.boards_at() + area * board_bytes(ranks);
        // SAFETY: inside the segment by the condition.
        self.has_board(area).then(|| unsafe { self.base.add(at) })
    }

    /// True when an area has a board.
    #[inline(always)]
    pub fn has_board(&self, area: usize) -> bool {
        area < bounds::boards(self.geometry.ranks)
    }

    fn pair(&self, source: usize, destination: usize) -> (NonNull<Line>, NonNull<PairTail>, NonNull<u8>) {
        let n = self.geometry.ranks;
        assert!(source < n && destination < n);
        let index = source * n + destination;
        // SAFETY: inside the segment by the assertion, aligned by the geometry.
        unsafe {
            let pair = self.base.add(self.geometry.pairs_at() + index * pair_bytes(self.geometry.ring_lines));
            let tail = pair.add(self.geometry.ring_lines * size_of::<Line>());
            let bulk = self.base.add(self.geometry.bulk_at() + index * self.geometry.bulk_bytes);
            (pair.cast(), tail.cast(), bulk)
        }
    }

    /// The ring from `source` to `destination`. Its ends must not outlive the segment.
    pub fn ring(&self, source: usize, destination: usize) -> RingMemory {
        let (lines, tail, bulk) = self.pair(source, destination);
        // SAFETY: a projection inside the segment; no reference is made.
        let credit = unsafe { NonNull::new_unchecked(&raw mut (*tail.as_ptr()).credit) };
        RingMemory {
            lines,
            line_count: self.geometry.ring_lines,
            credit,
            bulk,
            bulk_bytes: self.geometry.bulk_bytes,
        }
    }

    /// Bytes of a bulk ring.
    pub fn bulk_bytes(&self) -> usize {
        self.geometry.bulk_bytes
    }

    /// A transfer of messages from `source` to `destination`; the receiver owns which is free.
    pub fn transfer(&self, source: usize, destination: usize, index: usize) -> &Transfer {
        let (_, tail, _) = self.pair(source, destination);
        // SAFETY: inside the segment; transfers are atomics only.
        unsafe { &(*tail.as_ptr()).transfers[index] }
    }

    /// What of the messages from `source` to `destination` lies in the job's file.
    pub fn spill(&self, source: usize, destination: usize) -> &Spill {
        let (_, tail, _) = self.pair(source, destination);
        // SAFETY: inside the segment; it is atomics only.
        unsafe { &(*tail.as_ptr()).spill }
    }

    /// The job's file, where there is one that this process can reach. For threads it is made when it is first needed.
    pub fn heap(&self) -> Option<&Heap> {
        let made = || Heap::new(sys::anonymous_file(PAGE).ok()?.into(), Vec::new());
        self.heap.get_or_init(|| if self.is_private() { made() } else { None }).as_ref()
    }

    /// Takes a place for `len` bytes in the job's file, which nobody else has or gets.
    pub fn take_place(&self, len: u64) -> u64 {
        self.header().heap_next.fetch_add(len.next_multiple_of(PAGE as u64), Relaxed)
    }

    /// Takes `count` pairs of context ids that no other communicator of the job has; returns the first.
    pub fn take_contexts(&self, count: u32) -> u32 {
        self.header().next_context.fetch_add(2 * count, Relaxed)
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        match self.memory {
            Memory::Mapped => sys_unmap(self.base, self.geometry.size()),
            // SAFETY: allocated with this layout in `private_with`.
            Memory::Heap(start, layout) => unsafe { std::alloc::dealloc(start.as_ptr(), layout) },
        }
    }
}

fn sys_map(fd: &impl std::os::fd::AsFd, size: usize) -> io::Result<NonNull<u8>> {
    let fd: BorrowedFd<'_> = fd.as_fd();
    let (protection, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED | libc::MAP_NORESERVE);
    // SAFETY: a new mapping at an address of the kernel's choice.
    let base = unsafe { libc::mmap(std::ptr::null_mut(), size, protection, flags, fd.as_raw_fd(), 0) };
    if base == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    NonNull::new(base.cast()).ok_or_else(|| io::Error::other("mapped at address 0"))
}

fn sys_unmap(base: NonNull<u8>, size: usize) {
    // SAFETY: called once for a mapping of this size, when nothing refers to it any more.
    unsafe { libc::munmap(base.as_ptr().cast(), size) };
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_second_mapping_sees_the_first() {
        let (made, fd) = Segment::create(3).unwrap();
        let job =
            Job { launcher: std::process::id(), descriptor: fd.as_raw_fd(), nonce: made.nonce(), rank: 1 };
        let seen = Segment::attach(&job).unwrap();
        assert_eq!(seen.ranks(), 3);
        made.slot(2).leader.store(77, Relaxed);
        assert_eq!(seen.slot(2).leader.load(Relaxed), 77);
        let other = Job { nonce: job.nonce ^ 1, ..job };
        assert!(matches!(Segment::attach(&other), Err(AttachError::Gone(_))));
    }

    #[test]
    fn a_file_that_is_no_segment_is_refused() {
        let fd = sys::anonymous_file(1 << 16).unwrap();
        let job = Job { launcher: std::process::id(), descriptor: fd.as_raw_fd(), nonce: 1, rank: 0 };
        assert!(Segment::attach(&job).is_err_and(|e| e.to_string().contains("not a segment")));
    }
}
