//! A `ranks serve` for tests, and raw requests to it. `timeout` is the watchdog.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

/// A folder that is removed with its content.
pub struct Folder(pub PathBuf);

impl Folder {
    /// A new one, empty.
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("serve-test-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Writes a file in it.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let file = self.0.join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, content).unwrap();
        file
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// `ranks serve` of a folder on a free port.
pub fn command(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new("timeout");
    command.arg("60").arg(env!("CARGO_BIN_EXE_ranks")).arg("serve").arg(folder);
    if !words.contains(&"--listen") {
        command.args(["--listen", "127.0.0.1:0"]);
    }
    command.args(words);
    for variable in ["RANKS_JOB", "RANKS_RANK", "RANKS_SIZE"] {
        command.env_remove(variable);
    }
    command
}

/// One that runs.
pub struct Server {
    pub at: SocketAddr,
    /// What it has said when it was ready.
    pub said: String,
    child: Child,
    errors: BufReader<std::process::ChildStderr>,
}

impl Server {
    pub fn start(folder: &Path, words: &[&str]) -> Server {
        let mut child = command(folder, words).stderr(Stdio::piped()).spawn().unwrap();
        let mut errors = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        errors.read_line(&mut said).unwrap();
        let at = said.split("://").nth(1).and_then(|rest| rest.split(' ').next());
        let at = at.unwrap_or_else(|| panic!("not ready: {said}")).parse().unwrap();
        Server { at, said, child, errors }
    }

    /// A connection whose reads fail after forty seconds; the watchdog of the server is longer.
    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.at).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(40))).unwrap();
        stream
    }

    /// Sends bytes and reads all answers up to the end of the connection.
    pub fn raw(&self, request: impl AsRef<[u8]>) -> String {
        let mut stream = self.connect();
        stream.write_all(request.as_ref()).unwrap();
        let mut answer = Vec::new();
        // A reset after the answer is an end too.
        if let Err(error) = stream.read_to_end(&mut answer) {
            assert_ne!(error.kind(), std::io::ErrorKind::WouldBlock, "the connection is never closed");
        }
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Asks with one request, with these headers.
    pub fn ask(&self, line: &str, headers: &[&str]) -> Answer {
        let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
        Answer(self.raw(format!("{line} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{headers}\r\n")))
    }

    pub fn get(&self, path: &str) -> Answer {
        self.ask(&format!("GET {path}"), &[])
    }

    /// Sends a signal to the command itself, not to its watchdog, which would send it twice.
    pub fn signal(&self, name: &str) {
        let command = self.command();
        let sent = Command::new("kill").args(["-s", name, &command.to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// The command beneath its watchdog. While processes start and end, the system may leave some out of the list.
    fn command(&self) -> u32 {
        for _ in 0..100 {
            if let Some(command) = children(self.child.id()).first() {
                return *command;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("the command has ended before it was told to");
    }

    /// The processes that are the ranks.
    pub fn ranks(&self) -> Vec<u32> {
        let launcher = children(self.child.id());
        launcher.iter().flat_map(|pid| children(*pid)).filter(|pid| is_rank(*pid)).collect()
    }

    /// Waits for the end: exit status, and what it has said on standard error since it was ready.
    pub fn end(mut self) -> (Option<i32>, String) {
        let mut rest = String::new();
        self.errors.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap().code(), rest)
    }

    /// Ends it as it should be ended.
    pub fn stop(self) {
        self.signal("TERM");
        assert_eq!(self.end(), (Some(0), String::new()));
    }
}

fn children(pid: u32) -> Vec<u32> {
    let listed = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    listed.split_whitespace().map(|child| child.parse().unwrap()).collect()
}

/// The launcher has another child beside the ranks.
fn is_rank(pid: u32) -> bool {
    let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    environment.split(|byte| *byte == 0).any(|variable| variable.starts_with(b"RANKS_RANK="))
}

/// Runs it to its end, for what cannot start.
pub fn fails(folder: &Path, words: &[&str]) -> Output {
    command(folder, words).output().unwrap()
}

/// An answer as text.
pub struct Answer(pub String);

impl Answer {
    pub fn status(&self) -> u16 {
        self.0.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0)
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let head = self.0.split("\r\n\r\n").next()?;
        head.lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(found, _)| *found == name)
            .map(|(_, value)| value)
    }

    pub fn body(&self) -> &str {
        self.0.split_once("\r\n\r\n").map_or("", |(_, body)| body)
    }
}
