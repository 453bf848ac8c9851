//! A server for measuring fetchers: eight hosts on this machine whose every answer takes a given time.
//!
//! ```text
//! latency SECONDS    print "PORT"; serve on 127.0.0.1 to 127.0.0.8 until standard input ends, or for SECONDS
//! ```
//!
//! `/MS/...` is answered after MS milliseconds with 1000 bytes, `/count` at once with the number of answers so far.
//! It does as little as it can, since it shares the machine with what it measures: HTTP/1.1, GET, one read for most
//! requests, one write for each answer.

use std::cell::Cell;
use std::io::{self, Read, Write};
use std::rc::Rc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

const BODY: usize = 1000;

/// The longest request that is read.
const REQUEST: usize = 64 * 1024;

fn main() -> io::Result<()> {
    let seconds = std::env::args().nth(1).and_then(|word| word.parse().ok()).unwrap_or(600);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let served = Rc::new(Cell::new(0));
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async {
        let mut port = 0;
        for host in 1..=8 {
            let socket = TcpSocket::new_v4()?;
            socket.set_reuseaddr(true)?;
            socket.bind(([127, 0, 0, host], port).into())?;
            let listener = socket.listen(4096)?;
            port = listener.local_addr()?.port();
            tokio::task::spawn_local(accept(listener, served.clone()));
        }
        println!("{port}");
        io::stdout().flush()?;
        let (end, ended) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || {
            let _ = io::stdin().read_to_end(&mut Vec::new());
            end.send(())
        });
        let _ = tokio::time::timeout(Duration::from_secs(seconds), ended).await;
        Ok(())
    })
}

async fn accept(listener: TcpListener, served: Rc<Cell<u64>>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let served = served.clone();
                tokio::task::spawn_local(async move { converse(stream, &served).await.unwrap_or(()) });
            }
            // Out of descriptors, most likely: let some close.
            Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
}

async fn converse(mut stream: TcpStream, served: &Cell<u64>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {BODY}\r\n\r\n").into_bytes();
    answer.resize(answer.len() + BODY, b'x');
    let mut received = Vec::with_capacity(2048);
    loop {
        let end = loop {
            if let Some(at) = memchr::memmem::find(&received, b"\r\n\r\n") {
                break at + 4;
            }
            if received.len() > REQUEST || stream.read_buf(&mut received).await? == 0 {
                return Ok(());
            }
        };
        let word = received.get(5..end).unwrap_or(b"").split(|&byte| !byte.is_ascii_alphanumeric()).next();
        let word = word.and_then(|word| std::str::from_utf8(word).ok()).unwrap_or("").to_owned();
        received.drain(..end);
        if word == "count" {
            let count = served.get().to_string();
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{count}", count.len());
            stream.write_all(head.as_bytes()).await?;
            continue;
        }
        let wait: u64 = word.parse().unwrap_or(0);
        if wait > 0 {
            tokio::time::sleep(Duration::from_millis(wait)).await;
        }
        served.set(served.get() + 1);
        stream.write_all(&answer).await?;
    }
}
