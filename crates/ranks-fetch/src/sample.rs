//! A small web site on this machine: something to fetch without a network, and a server whose every fault is known.
//!
//! What it answers is written in the path:
//!
//! | path | answer |
//! |---|---|
//! | `/page/N` | 200, N bytes |
//! | `/slow/MS/N` | the same after MS milliseconds |
//! | `/drip/MS/N` | the same, the second half of the body MS milliseconds after the first |
//! | `/chunked/N` | 200, N bytes in chunks, no length announced |
//! | `/status/CODE` | that status and a short body |
//! | `/redirect/N` | 302, N times in a row, then `/page/64` |
//! | `/loop` | 302 to itself |
//! | `/cut/N/M` | announces N bytes, sends M, closes |
//! | `/garbage` | bytes that are not HTTP, then closes |
//! | `/close` | closes without a word |
//!
//! It speaks just enough HTTP/1.1 for that (GET and HEAD, connections kept), by hand: no server library sends garbage.

mod answer;

use std::io;
use std::net::SocketAddr;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::oneshot;

use answer::Answer;

/// A running sample site; it ends when dropped.
#[derive(Debug)]
pub struct Site {
    address: SocketAddr,
    refused: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Site {
    /// Starts the site at a free port of 127.0.0.1, in a thread of its own.
    pub fn start() -> io::Result<Site> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (listener, closed) = runtime.block_on(async {
            // Bound but never listening: the kernel refuses connections, and no other program gets the port.
            let closed = TcpSocket::new_v4()?;
            closed.bind(([127, 0, 0, 1], 0).into())?;
            let socket = TcpSocket::new_v4()?;
            socket.bind(([127, 0, 0, 1], 0).into())?;
            io::Result::Ok((socket.listen(4096)?, closed))
        })?;
        let (address, refused) = (listener.local_addr()?, closed.local_addr()?);
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new().name("sample-site".into()).spawn(move || {
            let _closed = closed;
            runtime.block_on(async {
                tokio::select! {
                    () = accept(listener) => {}
                    _ = stopped => {}
                }
            });
        })?;
        Ok(Site { address, refused, stop: Some(stop), thread: Some(thread) })
    }

    /// The URL of `path`, which begins with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A URL whose host refuses every connection.
    pub fn refused_url(&self, path: &str) -> String {
        format!("http://{}{path}", self.refused)
    }

    /// `count` URLs as a list of real ones might be: pages of many sizes, every fourth slow, a few missing, moved,
    /// broken or refused. The same for every call but for the ports.
    pub fn urls(&self, count: usize) -> Vec<String> {
        (0..count).map(|i| self.mixed_url(i)).collect()
    }

    fn mixed_url(&self, i: usize) -> String {
        match i % 20 {
            5 => self.url("/status/404"),
            9 => self.url("/redirect/2"),
            13 if i % 40 == 13 => self.url("/status/503"),
            13 => self.url("/cut/4096/1000"),
            18 => self.refused_url("/page/1"),
            k if k % 4 == 3 => self.url(&format!("/slow/{}/{}", 20 + (i * 37) % 180, 1 + (i * 997) % 20_000)),
            _ => self.url(&format!("/page/{}", 1 + (i * 7919) % 60_000)),
        }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It can only have panicked, and said so on standard error.
            let _ = thread.join();
        }
    }
}

async fn accept(listener: TcpListener) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // The visitor's going away ends its conversation and nothing else.
                tokio::spawn(async move { converse(stream).await.unwrap_or(()) });
            }
            // Out of descriptors, most likely: let some close.
            Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
}

/// The longest request accepted.
const REQUEST_LIMIT: usize = 16 * 1024;

async fn converse(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut received = Vec::with_capacity(1024);
    loop {
        let end = loop {
            if let Some(at) = received.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            if received.len() > REQUEST_LIMIT || stream.read_buf(&mut received).await? == 0 {
                return Ok(());
            }
            if !received[0].is_ascii_uppercase() {
                // No HTTP, a TLS handshake for one: to be told, not left waiting for an end that never comes.
                stream.write_all(b"HTTP/1.1 400 Sample\r\nContent-Length: 0\r\n\r\n").await?;
                return stream.shutdown().await;
            }
        };
        let request = String::from_utf8_lossy(&received[..end]).into_owned();
        received.drain(..end);
        let mut words = request.split_ascii_whitespace();
        let (method, path) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        let answer = Answer::to(path);
        if !answer.send(&mut stream, method == "HEAD").await? {
            // The rest is taken in first, or closing would reset the connection and lose what was sent.
            stream.shutdown().await?;
            while stream.read_buf(&mut received).await? > 0 {
                received.clear();
            }
            return Ok(());
        }
    }
}
