//! A connection as bytes: reading, writing and sending files, each with a time by which something must have happened.

use std::fs::File;
use std::future::poll_fn;
use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::BorrowedFd;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use rustix::io::{Errno, ReadWriteFlags};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::reply::Piece;
use super::socket::Socket;
use crate::bounds::{FILE_PIECE, LINGER, LINGER_BYTES};

/// What a connection is made of.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {
    /// The socket, where bytes go out as they are: files then need not come into memory.
    fn plain(&mut self) -> Option<&mut Socket>;
}

impl Stream for Socket {
    fn plain(&mut self) -> Option<&mut Socket> {
        Some(self)
    }
}

impl Stream for tokio_rustls::server::TlsStream<Socket> {
    fn plain(&mut self) -> Option<&mut Socket> {
        None
    }
}

/// A connection with its alarm.
pub struct Wire<S> {
    /// The connection.
    pub stream: S,
    alarm: Alarm,
}

/// One timer, that is set anew only when it rings or would ring too late: most deadlines pass unneeded, and each of them
/// then costs a comparison.
struct Alarm(Pin<Box<Sleep>>);

impl Alarm {
    fn poll(&mut self, context: &mut Context<'_>, deadline: Instant) -> Poll<()> {
        if deadline < self.0.deadline() {
            self.0.as_mut().reset(deadline);
        }
        while self.0.as_mut().poll(context).is_ready() {
            if Instant::now() >= deadline {
                return Poll::Ready(());
            }
            self.0.as_mut().reset(deadline);
        }
        Poll::Pending
    }
}

impl<S: Stream> Wire<S> {
    /// Over a connection.
    pub fn new(stream: S) -> Wire<S> {
        Wire { stream, alarm: Alarm(Box::pin(sleep_until(Instant::now() + Duration::from_secs(3600)))) }
    }

    /// Does `step` until it is ready, or the time is over ([`io::ErrorKind::TimedOut`]).
    async fn by<T>(
        &mut self,
        deadline: Instant,
        mut step: impl FnMut(&mut S, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> io::Result<T> {
        let Wire { stream, alarm } = self;
        poll_fn(|context| match step(stream, context) {
            Poll::Ready(done) => Poll::Ready(done),
            Poll::Pending => alarm.poll(context, deadline).map(|()| Err(io::ErrorKind::TimedOut.into())),
        })
        .await
    }

    /// Reads what there is; 0 at the end.
    pub async fn read(&mut self, into: &mut [u8], deadline: Instant) -> io::Result<usize> {
        self.by(deadline, |stream, context| {
            let mut buffer = ReadBuf::new(into);
            ready!(Pin::new(stream).poll_read(context, &mut buffer))?;
            Poll::Ready(Ok(buffer.filled().len()))
        })
        .await
    }

    /// Writes `head` and `body`; each progress gives the client `patience` again.
    pub async fn write(&mut self, mut head: &[u8], mut body: &[u8], patience: Duration) -> io::Result<()> {
        while !head.is_empty() || !body.is_empty() {
            let slices = [IoSlice::new(head), IoSlice::new(body)];
            let some = if head.is_empty() {
                &slices[1..]
            } else if body.is_empty() {
                &slices[..1]
            } else {
                &slices[..]
            };
            let deadline = Instant::now() + patience;
            let written = self
                .by(deadline, |stream, context| Pin::new(stream).poll_write_vectored(context, some))
                .await?;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            let of_head = written.min(head.len());
            head = &head[of_head..];
            body = &body[written - of_head..];
        }
        Ok(())
    }

    /// Sends a piece, after `head`.
    pub async fn send(&mut self, head: &[u8], piece: &Piece, patience: Duration) -> io::Result<()> {
        match piece {
            Piece::Memory(bytes) => self.write(head, bytes, patience).await,
            Piece::File(file, at, length) if self.stream.plain().is_some() => {
                self.write_more(head, patience).await?;
                self.send_file(file, *at, *length, patience).await
            }
            Piece::File(file, at, length) => {
                self.write(head, &[], patience).await?;
                let (mut at, end) = (*at, at + length);
                while at < end {
                    let bytes = read_piece(file, at, end).await?;
                    at += bytes.len() as u64;
                    self.write(&bytes, &[], patience).await?;
                }
                Ok(())
            }
        }
    }

    /// Writes bytes that others follow at once, so that they share packets.
    async fn write_more(&mut self, mut head: &[u8], patience: Duration) -> io::Result<()> {
        while !head.is_empty() {
            let deadline = Instant::now() + patience;
            let written = self
                .by(deadline, |stream, context| {
                    to_socket(stream, context, |socket| {
                        Ok(rustix::net::send(
                            socket,
                            head,
                            rustix::net::SendFlags::MORE | rustix::net::SendFlags::NOSIGNAL,
                        )?)
                    })
                })
                .await?;
            head = &head[written..];
        }
        Ok(())
    }

    async fn send_file(
        &mut self,
        file: &File,
        mut at: u64,
        mut length: u64,
        patience: Duration,
    ) -> io::Result<()> {
        while length > 0 {
            let deadline = Instant::now() + patience;
            let count = length.min(FILE_PIECE as u64) as usize;
            let sent = self
                .by(deadline, |stream, context| {
                    to_socket(stream, context, |socket| {
                        let mut from = at;
                        Ok(rustix::fs::sendfile(socket, file, Some(&mut from), count)?)
                    })
                })
                .await? as u64;
            if sent == 0 {
                // The file has become shorter; so must the answer, which its reader sees by its length.
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            (at, length) = (at + sent, length - sent);
        }
        Ok(())
    }

    /// Hands what a layer below may hold back to the socket.
    pub async fn flush(&mut self, patience: Duration) -> io::Result<()> {
        self.by(Instant::now() + patience, |stream, context| Pin::new(stream).poll_flush(context)).await
    }

    /// Ends the connection. In the clear that is done by dropping it.
    pub async fn close(mut self) {
        if self.stream.plain().is_none() {
            let deadline = Instant::now() + LINGER;
            let _ = self.by(deadline, |stream, context| Pin::new(stream).poll_shutdown(context)).await;
        }
    }

    /// Ends the connection so that the last answer arrives: says that nothing follows and reads, within limits, what is
    /// still coming. Closing with bytes unread would make the system throw the answer away.
    pub async fn linger(mut self) {
        let deadline = Instant::now() + LINGER;
        let shut = self.by(deadline, |stream, context| Pin::new(stream).poll_shutdown(context)).await;
        let (mut rest, mut buffer) = (LINGER_BYTES, vec![0; 16 * 1024]);
        while shut.is_ok() && rest > 0 {
            match self.read(&mut buffer, deadline).await {
                Ok(read @ 1..) => rest = rest.saturating_sub(read),
                _ => return,
            }
        }
    }
}

/// One call on the socket, when it takes bytes.
fn to_socket<S: Stream>(
    stream: &mut S,
    context: &mut Context<'_>,
    call: impl FnMut(BorrowedFd<'_>) -> io::Result<usize>,
) -> Poll<io::Result<usize>> {
    match stream.plain() {
        Some(socket) => socket.poll_send(context, call),
        None => Poll::Ready(Err(io::ErrorKind::Unsupported.into())),
    }
}

/// The most that is read of a file into memory at a time.
const READ: u64 = 64 * 1024;

/// Reads on in a file: at once what the system has in memory; what must come from a disk, on another thread.
pub async fn read_piece(file: &Arc<File>, at: u64, end: u64) -> io::Result<Bytes> {
    let mut bytes = vec![0; (end - at).min(READ) as usize];
    let now = rustix::io::preadv2(file, &mut [IoSliceMut::new(&mut bytes)], at, ReadWriteFlags::NOWAIT);
    let read = match now {
        Ok(read) => read,
        // Not in memory, or a file system that cannot tell.
        Err(Errno::AGAIN | Errno::OPNOTSUPP | Errno::NOSYS | Errno::INTR) => {
            let file = file.clone();
            let reading = tokio::task::spawn_blocking(move || {
                let read = rustix::io::pread(&*file, &mut bytes, at)?;
                Ok::<_, io::Error>((bytes, read))
            });
            let read;
            (bytes, read) = reading.await.map_err(io::Error::other)??;
            read
        }
        Err(error) => return Err(error.into()),
    };
    if read == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    bytes.truncate(read);
    Ok(bytes.into())
}
