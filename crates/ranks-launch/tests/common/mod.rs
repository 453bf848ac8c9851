//! Running the launcher as a program, under a watchdog: a hang is a failure with a report.
#![allow(dead_code, reason = "each test file uses its part")]

use std::fs;
use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Nothing here takes longer, on however slow a machine.
pub const WATCHDOG: Duration = Duration::from_secs(60);

/// What the launcher ends at once takes less, on however busy a machine. Ranks of tests sleep for longer than this, so a
/// launcher that waits for them is found out.
pub const SOON: Duration = Duration::from_secs(20);

/// The variable that marks every process of one launch.
const MARK: &str = "RANKS_TEST_MARK";

fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test.parent().unwrap().parent().unwrap().join("examples").join(name);
    let made = fs::metadata(&path).and_then(|meta| meta.modified());
    // `cargo test --test NAME` does not build examples: better a word than a test of yesterday's launcher.
    let sources = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src")).unwrap();
    let newest = sources.flatten().filter_map(|file| file.metadata().ok()?.modified().ok()).max();
    assert!(
        made.is_ok_and(|made| Some(made) >= newest),
        "{} is missing or old: build it with cargo build -p ranks-launch --examples",
        path.display()
    );
    path
}

/// The stand-in for a rank.
pub fn stand_in() -> String {
    example("stand_in").to_str().unwrap().to_owned()
}

/// The launcher's file.
pub fn launcher() -> String {
    example("launch").to_str().unwrap().to_owned()
}

/// A launcher at work.
pub struct Launched {
    pub child: Child,
    pub mark: String,
    began: Instant,
    out: Option<Reader>,
    error: Option<Reader>,
}

/// Reads a pipe to its end; what has come so far can be looked at.
struct Reader {
    bytes: Arc<Mutex<Vec<u8>>>,
    thread: JoinHandle<()>,
}

/// A launcher that has ended.
#[derive(Debug)]
pub struct Finished {
    /// Exit code, or 128 + signal.
    pub code: i32,
    pub out: String,
    pub error: String,
    pub took: Duration,
}

/// The launcher with these words, to be changed before it is started.
pub fn command(words: &[&str]) -> Command {
    let mut command = Command::new(launcher());
    command.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for variable in ["RANKS_JOB", "RANKS_RANK", "RANKS_SIZE", "MPIEXEC_TIMEOUT"] {
        command.env_remove(variable);
    }
    command
}

/// Starts a command and reads what it writes.
pub fn start(mut command: Command) -> Launched {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let mark = format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let mut child = command.env(MARK, &mark).spawn().expect("the launcher starts");
    let out = child.stdout.take().map(Reader::of);
    let error = child.stderr.take().map(Reader::of);
    Launched { child, mark, began: Instant::now(), out, error }
}

impl Reader {
    fn of(mut from: impl Read + Send + 'static) -> Reader {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let kept = bytes.clone();
        let thread = std::thread::spawn(move || {
            let mut chunk = [0; 65_536];
            while let Ok(n @ 1..) = from.read(&mut chunk) {
                kept.lock().unwrap().extend_from_slice(&chunk[..n]);
            }
        });
        Reader { bytes, thread }
    }

    /// What has come so far.
    fn so_far(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().unwrap()).into_owned()
    }
}

/// Runs the launcher with these words to its end.
pub fn run(words: &[&str]) -> Finished {
    start(command(words)).finish()
}

impl Launched {
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until so many ranks have written the line `up` on standard output.
    pub fn wait_until_up(&self, ranks: usize) {
        wait_for("ranks that are up", || {
            self.out.as_ref().unwrap().so_far().lines().filter(|line| *line == "up").count() == ranks
        });
    }

    /// What has come on standard error so far.
    pub fn error_so_far(&self) -> String {
        self.error.as_ref().unwrap().so_far()
    }

    /// Sends a signal to the launcher.
    pub fn signal(&self, name: &str) {
        signal(self.pid(), name);
    }

    /// Waits for the end.
    pub fn finish(mut self) -> Finished {
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if self.began.elapsed() > WATCHDOG {
                let left = processes(&self.mark);
                for process in &left {
                    signal(process.pid, "KILL");
                }
                let _ = self.child.wait();
                let (out, error) = (text(self.out.take()), text(self.error.take()));
                panic!("hangs; processes: {left:#?}\nstdout:\n{out}\nstderr:\n{error}");
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        let took = self.began.elapsed();
        use std::os::unix::process::ExitStatusExt;
        let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
        Finished { code, out: text(self.out.take()), error: text(self.error.take()), took }
    }
}

fn text(reader: Option<Reader>) -> String {
    reader.map_or_else(String::new, |Reader { bytes, thread }| {
        thread.join().unwrap();
        String::from_utf8_lossy(&bytes.lock().unwrap()).into_owned()
    })
}

/// Sends a signal to a process.
pub fn signal(pid: u32, name: &str) {
    let status =
        Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).stderr(Stdio::null()).status();
    assert!(status.is_ok());
}

/// A process of a launch.
#[derive(Debug)]
pub struct Process {
    pub pid: u32,
    pub parent: u32,
    pub name: String,
}

/// The processes that carry a mark. Zombies do not count: they have ended, and whoever adopted them has yet
/// to take them away.
pub fn processes(mark: &str) -> Vec<Process> {
    let needle = format!("{MARK}={mark}");
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        let Ok(environment) = fs::read(entry.path().join("environ")) else { continue };
        if !environment.split(|&b| b == 0).any(|variable| variable == needle.as_bytes()) {
            continue;
        }
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        let Some((head, rest)) = stat.rsplit_once(") ") else { continue };
        let mut rest = rest.split(' ');
        if rest.next() == Some("Z") {
            continue;
        }
        let parent = rest.next().and_then(|word| word.parse().ok()).unwrap_or(0);
        let name = head.split_once(" (").map_or("", |(_, name)| name).to_owned();
        found.push(Process { pid, parent, name });
    }
    found
}

/// Waits until no process carries the mark.
pub fn wait_until_gone(mark: &str, limit: Duration) -> Duration {
    let began = Instant::now();
    let mut gone = None;
    loop {
        let left = processes(mark);
        // Twice: a process in the middle of exec shows no environment.
        if left.is_empty() && gone.is_some() {
            return gone.unwrap_or_default();
        }
        gone = left.is_empty().then(|| began.elapsed());
        if gone.is_none() && began.elapsed() >= limit {
            for process in &left {
                signal(process.pid, "KILL");
            }
            panic!("left over after {limit:?}: {left:#?}");
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Waits until a condition holds.
pub fn wait_for(what: &str, mut condition: impl FnMut() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < WATCHDOG, "never happened: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Files of ours in the places where shared memory could leave some: all in `/dev/shm`, and in `/tmp`, where other tests
/// keep theirs too, those with one of these process numbers in the name.
pub fn files(processes: &[u32]) -> Vec<PathBuf> {
    let ours = |folder: &str, name: &str| {
        let named = |process: &u32| name.contains(&process.to_string());
        name.starts_with("ranks") && (folder == "/dev/shm" || processes.iter().any(named))
    };
    let mut found = Vec::new();
    for folder in ["/dev/shm", "/tmp"] {
        let Ok(entries) = fs::read_dir(folder) else { continue };
        let paths = entries.flatten().filter(|entry| ours(folder, &entry.file_name().to_string_lossy()));
        found.extend(paths.map(|entry| entry.path()));
    }
    found.sort();
    found
}

/// A small random number generator; its seed is printed with a failure.
pub struct Random(pub u64);

impl Random {
    pub fn seeded() -> Self {
        let time = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        let seed = std::env::var("RANKS_TEST_SEED").ok().and_then(|text| text.parse().ok());
        let seed = seed.unwrap_or(time.as_nanos() as u64 | 1);
        println!("RANKS_TEST_SEED={seed}");
        Self(seed)
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// How many rounds a test with kills makes: more when a variable says so.
pub fn rounds() -> u64 {
    std::env::var("RANKS_KILL_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(20)
}
