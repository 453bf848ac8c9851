//! A socket for each rank, all on the same port.

use std::io;
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

/// Connections that may wait to be taken; the system has its own limit below that.
const BACKLOG: i32 = 4096;

/// Binds and listens. `shared`: other ranks listen on the same port.
pub fn listen(at: SocketAddr, shared: bool) -> io::Result<TcpListener> {
    let socket =
        Socket::new(Domain::for_address(at), Type::STREAM.nonblocking().cloexec(), Some(Protocol::TCP))?;
    // The port of a server that has just ended is free, whatever its last connections still do.
    socket.set_reuse_address(true)?;
    if shared {
        socket.set_reuse_port(true)?;
    }
    // Answers are written as a whole; nothing is gained by waiting for more. Connections inherit it.
    socket.set_tcp_nodelay(true)?;
    socket.bind(&at.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Rank 0's: finds a free port if none is given. A port that another program listens on is refused, which it would not
/// be if both were willing to share.
pub fn first(at: SocketAddr, shared: bool) -> io::Result<TcpListener> {
    let alone = listen(at, false)?;
    if !shared {
        return Ok(alone);
    }
    let at = alone.local_addr()?;
    drop(alone);
    listen(at, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_share_a_port_and_others_do_not() {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let one = first(any, true).unwrap();
        let at = one.local_addr().unwrap();
        let two = listen(at, true).unwrap();
        assert_eq!(two.local_addr().unwrap(), at);
        assert!(first(at, true).is_err() && first(at, false).is_err());
    }
}
