//! A server for tests whose answers a closure gives, byte by byte: it can do what no real server would.

#![allow(dead_code)] // Not every test looks at everything.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    pub path: String,
    /// Head, without the first line.
    pub headers: String,
    pub body: Vec<u8>,
    /// When it had come.
    pub at: Instant,
}

impl Request {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.headers.lines().filter_map(|line| line.split_once(':'));
        lines.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
    }
}

/// A running server; it ends when dropped.
pub struct Server {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Request>>>,
    stop: Arc<AtomicBool>,
}

impl Server {
    /// A server that answers with what `answer` gives, and closes the connection.
    pub fn start(answer: impl Fn(&Request) -> Vec<u8> + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server =
            Server { address: listener.local_addr().unwrap(), seen: Arc::default(), stop: Arc::default() };
        let (seen, stop, answer) = (server.seen.clone(), server.stop.clone(), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let (Ok(stream), seen, answer) = (stream, seen.clone(), answer.clone()) else { continue };
                std::thread::spawn(move || converse(stream, &seen, &*answer).unwrap_or(()));
            }
        });
        server
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// All requests so far.
    pub fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Wakes it.
        let _ = TcpStream::connect(self.address);
    }
}

/// An answer with a length and more header lines.
pub fn answer(status: u16, headers: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("HTTP/1.1 {status} Test\r\nContent-Length: {}\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(headers.as_bytes());
    bytes.extend_from_slice(b"Connection: close\r\n\r\n");
    bytes.extend_from_slice(body);
    bytes
}

fn converse(
    mut stream: TcpStream,
    seen: &Mutex<Vec<Request>>,
    answer: &(dyn Fn(&Request) -> Vec<u8> + Send + Sync),
) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        match stream.read(&mut buffer)? {
            0 => return Ok(()),
            n => bytes.extend_from_slice(&buffer[..n]),
        }
    };
    let at = Instant::now();
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let (first, headers) = head.split_once("\r\n").unwrap();
    let mut words = first.split(' ').map(str::to_owned);
    let (method, path) = (words.next().unwrap(), words.next().unwrap());
    let mut request = Request { method, path, headers: headers.to_owned(), body: bytes.split_off(end), at };
    let length = request.header("content-length").map_or(0, |length| length.parse().unwrap());
    while request.body.len() < length {
        let n = stream.read(&mut buffer)?;
        request.body.extend_from_slice(&buffer[..n]);
    }
    seen.lock().unwrap().push(request.clone());
    let mut answer = answer(&request);
    if request.method == "HEAD"
        && let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n")
    {
        answer.truncate(end + 4);
    }
    stream.write_all(&answer)
}
