//! What the cases share: buffers as slices, a watchdog, and ranks that are processes.

use ranks_engine::collective::Storable;
use ranks_engine::transport::Transport;
use ranks_engine::{CommId, Engine, Form, Mode, RecvBuf, RequestId, Result, SendBuf, Status};
use ranks_shm::Segment;
use ranks_shm::job::{Job, VARIABLE};
use ranks_shm::life::End;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::process::{Child, Command};
use std::sync::Mutex;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

pub const WORLD: CommId = CommId::WORLD;

static CASE: Mutex<&str> = Mutex::new("");

/// For the watchdog's report.
pub fn set_case(name: &'static str) {
    *CASE.lock().unwrap() = name;
}

/// Ends the whole test with a report when it is not dropped within `seconds`.
pub fn watchdog(what: &str, seconds: u64) -> Sender<()> {
    // Sanitizers and large numbers of ranks take their time.
    let patience = std::env::var("RANKS_PATIENCE").map_or(1, |text| text.parse().expect("a number"));
    let seconds = patience * seconds;
    let (alive, dead) = channel();
    let what = what.to_owned();
    std::thread::spawn(move || {
        if dead.recv_timeout(Duration::from_secs(seconds)) == Err(RecvTimeoutError::Timeout) {
            let case = CASE.lock().map_or("?", |case| *case);
            // Not by `eprintln`, which a test captures, and an abort would lose.
            let _ = writeln!(std::io::stderr(), "watchdog: {what} hangs in case '{case}' after {seconds} s");
            std::process::abort();
        }
    });
    alive
}

/// Starts this test binary as `n` ranks, each running the test `entry`, and waits for all. Returns
/// how often they slept; a wake-up that is lost fails the test. On a busy machine a rank can lose its CPU between a
/// message and the wake-up for it, and the other finds the message by its time limit: so the wake-up must be lost in
/// three jobs one after the other.
pub fn processes(n: usize, entry: &str, settings: &[(&str, &str)]) -> u64 {
    let mut lost = Vec::new();
    while lost.len() < 3 {
        let (sleeps, ranks) = processes_once(n, entry, settings);
        if ranks.is_empty() {
            return sleeps;
        }
        lost.push(ranks);
    }
    panic!("ranks {lost:?} of {n} found work only by their time limit, {settings:?}");
}

/// How often ranks slept, and which of them found work only by the time limit of a sleep.
pub fn processes_once(n: usize, entry: &str, settings: &[(&str, &str)]) -> (u64, Vec<usize>) {
    let (segment, fd) = Segment::create(n).unwrap();
    let start = |rank| {
        let job =
            Job { launcher: std::process::id(), descriptor: fd.as_raw_fd(), nonce: segment.nonce(), rank };
        Command::new(std::env::current_exe().unwrap())
            .args([entry, "--exact", "--nocapture", "--test-threads=1"])
            .envs(settings.iter().copied())
            .env(VARIABLE, job.to_string())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap()
    };
    let mut children: Vec<Option<Child>> = (0..n).map(|rank| Some(start(rank))).collect();
    while children.iter().any(Option::is_some) {
        for (rank, slot) in children.iter_mut().enumerate() {
            let Some(child) = slot else { continue };
            if let Some(status) = child.try_wait().unwrap() {
                segment.set_end(rank, if status.success() { End::Ended } else { End::Failed });
                *slot = None;
                assert!(status.success(), "rank {rank} of {n}: {status}, {settings:?}");
            }
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    use std::sync::atomic::Ordering::Relaxed;
    let lost = (0..n).filter(|&rank| segment.slot(rank).backstops.load(Relaxed) > 0).collect();
    ((0..n).map(|rank| segment.slot(rank).sleeps.load(Relaxed)).sum(), lost)
}

pub fn send<T: Transport>(e: &mut Engine<T>, mode: Mode, data: &[u8], to: i32, tag: i32) -> Result<()> {
    // SAFETY: a blocking send is over when it returns.
    e.send(mode, unsafe { SendBuf::of(data) }, to, tag, WORLD)
}

pub fn recv<T: Transport>(e: &mut Engine<T>, data: &mut [u8], from: i32, tag: i32) -> Result<Status> {
    // SAFETY: a blocking receive is over when it returns.
    e.recv(unsafe { RecvBuf::of(data) }, from, tag, WORLD)
}

/// The caller keeps `data` until the request is complete.
pub fn isend<T: Transport>(
    e: &mut Engine<T>,
    mode: Mode,
    data: &[u8],
    to: i32,
    tag: i32,
) -> Result<RequestId> {
    // SAFETY: every case completes its requests before its buffers go.
    e.isend(mode, unsafe { SendBuf::of(data) }, to, tag, WORLD)
}

/// The caller keeps `data` until the request is complete.
pub fn irecv<T: Transport>(e: &mut Engine<T>, data: &mut [u8], from: i32, tag: i32) -> Result<RequestId> {
    // SAFETY: every case completes its requests before its buffers go.
    e.irecv(unsafe { RecvBuf::of(data) }, from, tag, WORLD)
}

/// Bytes that tell who sent them, with which tag.
pub fn pattern(len: usize, rank: i32, tag: i32) -> Vec<u8> {
    let seed = (rank as usize).wrapping_mul(131).wrapping_add((tag as usize).wrapping_mul(17));
    (0..len).map(|i| (i ^ (i >> 8)).wrapping_mul(7).wrapping_add(seed) as u8).collect()
}

pub fn ring<T: Transport>(e: &Engine<T>) -> (i32, i32, i32, i32) {
    let (me, n) = (e.rank() as i32, e.size() as i32);
    (me, n, (me + 1) % n, (me + n - 1) % n)
}

/// How a case calls a collective: blocking, by an algorithm or the one that is chosen, or as a request.
#[derive(Clone, Copy, Debug)]
pub enum Way<A> {
    Chosen,
    By(A),
    As(Form),
}

impl<A: Copy> Way<A> {
    /// Every way, given the algorithms. What is long is not tried as persistent: it takes time, and
    /// nothing new is in it.
    pub fn every(len: usize, algorithms: &[A]) -> Vec<Way<A>> {
        let mut ways = vec![Way::Chosen, Way::As(Form::Nonblocking)];
        ways.extend((len < 50_000).then_some(Way::As(Form::Persistent)));
        ways.extend(algorithms.iter().map(|&algorithm| Way::By(algorithm)));
        ways
    }

    /// Runs a collective of all ranks this way.
    pub fn run<T: Transport>(
        self,
        e: &mut Engine<T>,
        collective: impl Storable<Algorithm = A>,
    ) -> Result<()> {
        match self {
            Way::Chosen => e.run(WORLD, collective),
            Way::By(algorithm) => e.run_by_messages(WORLD, collective, Some(algorithm)),
            Way::As(form) => in_form(e, Some(form), WORLD, collective),
        }
    }
}

/// Runs a collective as a blocking call, or as a request to its end.
pub fn in_form<T: Transport>(
    e: &mut Engine<T>,
    form: Option<Form>,
    comm: CommId,
    collective: impl Storable,
) -> Result<()> {
    let Some(form) = form else { return e.run(comm, collective) };
    let id = e.begin(comm, form, collective)?;
    finish(e, form, id)
}

/// Blocking, nonblocking, persistent.
pub const FORMS: [Option<Form>; 3] = [None, Some(Form::Nonblocking), Some(Form::Persistent)];

/// Runs a collective's request to its end: a persistent one is started, and freed.
pub fn finish<T: Transport>(e: &mut Engine<T>, form: Form, id: RequestId) -> Result<()> {
    if form == Form::Nonblocking {
        return e.wait(id).map(|_| ());
    }
    e.start(id)?;
    e.wait(id)?;
    e.request_free(id)
}
