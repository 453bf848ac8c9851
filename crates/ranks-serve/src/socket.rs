//! A socket that the event loop learns of only when something must be waited for.
//!
//! Most new connections have brought their request with them, and many end with its answer: two calls of the system less
//! for each of those.

use std::io::{self, IoSlice};
use std::mem;
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener};
use std::os::fd::{AsFd, BorrowedFd};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use rustix::net::{RecvFlags, SendAncillaryBuffer, SendFlags, SocketFlags, acceptfrom_with, recv, sendmsg};
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;

/// Where connections come in.
pub struct Listener(AsyncFd<TcpListener>);

impl Listener {
    /// Of a socket that listens and does not block.
    #[expect(deprecated, reason = "its successor is unsafe, for types that lie about their descriptor")]
    pub fn new(listener: TcpListener) -> io::Result<Listener> {
        AsyncFd::with_interest(listener, Interest::READABLE).map(Listener)
    }

    /// Waits for a connection: itself, and who it is from.
    pub async fn accept(&self) -> io::Result<(Socket, IpAddr)> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let take = |listener: &TcpListener| Ok(acceptfrom_with(listener, flags)?);
        let (stream, client) = self.0.async_io(Interest::READABLE, take).await?;
        let client = client.and_then(|client| SocketAddr::try_from(client).ok());
        let client = client.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |client| client.ip());
        Ok((Socket(State::Fresh(stream.into(), CALLS)), client))
    }
}

/// A connection that does not block.
pub struct Socket(State);

enum State {
    /// Nothing had to be waited for yet, and so many calls may pass before the event loop is asked, so that nobody keeps
    /// the others waiting by never making this one wait.
    Fresh(std::net::TcpStream, u8),
    Known(TcpStream),
    /// The event loop has refused it.
    Lost,
}

/// A request and its answer, in parts, with some to spare.
const CALLS: u8 = 8;

impl Socket {
    /// One call on the socket, when it takes bytes.
    pub fn poll_send<T>(
        &mut self,
        context: &mut Context<'_>,
        call: impl FnMut(BorrowedFd<'_>) -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        self.poll(context, Interest::WRITABLE, call)
    }

    fn poll<T>(
        &mut self,
        context: &mut Context<'_>,
        interest: Interest,
        mut call: impl FnMut(BorrowedFd<'_>) -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        while let State::Fresh(stream, calls @ 1..) = &mut self.0 {
            *calls -= 1;
            match call(stream.as_fd()) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                done => return Poll::Ready(done),
            }
        }
        let stream = self.known()?;
        loop {
            ready!(if interest.is_readable() {
                stream.poll_read_ready(context)
            } else {
                stream.poll_write_ready(context)
            })?;
            match stream.try_io(interest, || call(stream.as_fd())) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                done => return Poll::Ready(done),
            }
        }
    }

    /// As the event loop knows it.
    fn known(&mut self) -> io::Result<&mut TcpStream> {
        if let State::Fresh(..) = self.0
            && let State::Fresh(stream, _) = mem::replace(&mut self.0, State::Lost)
        {
            self.0 = State::Known(TcpStream::from_std(stream)?);
        }
        match &mut self.0 {
            State::Known(stream) => Ok(stream),
            _ => Err(io::ErrorKind::NotConnected.into()),
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let room = into.initialize_unfilled();
        let read = self
            .poll(context, Interest::READABLE, |socket| Ok(recv(socket, &mut *room, RecvFlags::empty())?.0));
        into.advance(ready!(read)?);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_send(context, |socket| Ok(rustix::net::send(socket, bytes, SendFlags::NOSIGNAL)?))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let [bytes] = slices {
            return self.poll_write(context, bytes);
        }
        self.poll_send(context, |socket| {
            Ok(sendmsg(socket, slices, &mut SendAncillaryBuffer::default(), SendFlags::NOSIGNAL)?)
        })
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.0 {
            State::Fresh(stream, _) => Poll::Ready(stream.shutdown(Shutdown::Write)),
            State::Known(stream) => Pin::new(stream).poll_shutdown(context),
            State::Lost => Poll::Ready(Ok(())),
        }
    }
}
