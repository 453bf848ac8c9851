//! HTTP/1.1 and 1.0 on one connection: a request, its body, its answer, and so on.
//!
//! hyper is not used for this protocol, for what it does not let its users do: it takes Content-Length beside
//! Transfer-Encoding without a word, closes without 408 when a head is too slow, and cannot send files from the system's
//! cache. The parser is the one it uses.

use std::io;
use std::mem::MaybeUninit;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use tokio::time::Instant;

use super::answer::{answer, error, reads};
use super::head::{Framing, Head, Parsed, framing, host_is_right, keeps_alive, parse};
use super::input::{BodyEnd, Input};
use super::life::Life;
use super::log::Request;
use super::reply::{Piece, Reply, reason};
use super::site::Site;
use super::wire::{Stream, Wire};
use crate::bounds::HEADERS;

/// The start of HTTP/2 where a client knows beforehand that it is spoken (RFC 9113, 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// How talking on a connection has ended.
pub enum End {
    /// It can be closed.
    Close,
    /// It can be closed when the client has taken what was sent: more of it may be on its way here.
    Linger,
    /// It speaks HTTP/2, beginning with these bytes.
    Http2(Vec<u8>),
}

/// Answers requests until one side has had enough.
pub async fn talk<S: Stream>(
    wire: &mut Wire<S>,
    site: &Arc<Site>,
    client: IpAddr,
    life: &Life,
) -> io::Result<End> {
    let mut talk = Talk { wire, site, client, out: Vec::with_capacity(1024) };
    let limits = &site.options.limits;
    let mut input = Input::new(&[]);
    for served in 1u32.. {
        let idle = if served == 1 { limits.header_timeout } else { limits.keep_alive };
        let mut deadline = Instant::now() + idle;
        let mut begun = None;
        let next = loop {
            let filled = input.filled();
            if served == 1
                && !filled.is_empty()
                && filled[..filled.len().min(PREFACE.len())] == PREFACE[..filled.len().min(PREFACE.len())]
            {
                if filled.len() >= PREFACE.len() {
                    return Ok(End::Http2(filled.to_vec()));
                }
            } else if !filled.is_empty() {
                let mut slots = [const { MaybeUninit::uninit() }; HEADERS];
                match parse(filled, &mut slots[..limits.max_headers], site.head_limits()) {
                    Parsed::Partial => {}
                    Parsed::Later(at) => {
                        input.replace(at, b'1');
                        continue;
                    }
                    Parsed::Refused(status) => {
                        talk.refuse(None, status).await?;
                        return Ok(End::Linger);
                    }
                    Parsed::Head(head, length) => {
                        let last = served >= limits.keep_alive_requests || life.drains();
                        let left = limits.keep_alive_requests - served.min(limits.keep_alive_requests);
                        match talk.exchange(&head, &filled[length..], last, left).await? {
                            After::Close if filled.len() == length => return Ok(End::Close),
                            After::Close | After::Linger => return Ok(End::Linger),
                            After::Next(Body::Here(body)) => {
                                input.take(length + body);
                                break None;
                            }
                            After::Next(Body::Beyond(rest)) => break Some(rest),
                        }
                    }
                }
            }
            life.idle.store(filled.is_empty(), Relaxed);
            if !filled.is_empty() && begun.is_none() {
                begun = Some(Instant::now());
                deadline = Instant::now() + limits.header_timeout;
            }
            // A new connection is given the chance to ask; whoever waits for that knows when it is over.
            if filled.is_empty() && served > 1 && life.drains() {
                return Ok(End::Close);
            }
            let room = input.room();
            match talk.wire.read(room, deadline).await {
                Ok(0) => return Ok(End::Close),
                Ok(read) => input.add(read),
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                    if begun.is_some() {
                        talk.refuse(None, 408).await?;
                    }
                    return Ok(End::Close);
                }
                Err(error) => return Err(error),
            }
            life.idle.store(false, Relaxed);
        };
        if let Some(rest) = next {
            input = rest;
        }
    }
    Ok(End::Close)
}

/// Where a body has ended.
enum Body {
    /// So many bytes after the head.
    Here(usize),
    /// Later; this is what came after it.
    Beyond(Input),
}

enum After {
    Close,
    Linger,
    Next(Body),
}

struct Talk<'a, S> {
    wire: &'a mut Wire<S>,
    site: &'a Arc<Site>,
    client: IpAddr,
    out: Vec<u8>,
}

impl<S: Stream> Talk<'_, S> {
    /// A request whose head is there, and its answer.
    async fn exchange(&mut self, head: &Head<'_>, rest: &[u8], last: bool, left: u32) -> io::Result<After> {
        let started = Instant::now();
        let body = match self.body(head, rest).await? {
            Ok(body) => body,
            Err(status) => {
                self.refuse(Some(head), status).await?;
                return Ok(After::Linger);
            }
        };
        let reply = answer(self.site, head, self.client).await;
        let keep = !last && keeps_alive(head);
        self.write(Some(head), &reply, keep.then_some(left), started).await?;
        Ok(if keep { After::Next(body) } else { After::Close })
    }

    /// Reads the body to its end, or says which status the request gets without.
    async fn body(&mut self, head: &Head<'_>, rest: &[u8]) -> io::Result<Result<Body, u16>> {
        let framing = match framing(head) {
            Ok(framing) => framing,
            Err(status) => return Ok(Err(status)),
        };
        if !host_is_right(head) {
            return Ok(Err(400));
        }
        let expects = head.get("expect").filter(|_| head.minor >= 1);
        if expects.is_some_and(|expects| !expects.trim_ascii().eq_ignore_ascii_case(b"100-continue")) {
            return Ok(Err(417));
        }
        if framing == Framing::Empty {
            return Ok(Ok(Body::Here(0)));
        }
        if !reads(head.method) {
            // Its status does not depend on its body, which therefore is not waited for.
            return Ok(Err(answer(self.site, head, self.client).await.status));
        }
        let most = self.site.options.limits.max_body;
        if matches!(framing, Framing::Length(length) if length > most) {
            return Ok(Err(413));
        }
        let mut end = BodyEnd::new(framing);
        match end.take(rest) {
            Err(_) => Ok(Err(400)),
            Ok(taken) if end.reached() => Ok(Ok(Body::Here(taken))),
            Ok(taken) => {
                Box::pin(self.rest_of_body(end, &rest[taken..], taken as u64, expects.is_some())).await
            }
        }
    }

    async fn rest_of_body(
        &mut self,
        mut end: BodyEnd,
        begun: &[u8],
        mut total: u64,
        expects: bool,
    ) -> io::Result<Result<Body, u16>> {
        let limits = &self.site.options.limits;
        if expects {
            self.wire.write(b"HTTP/1.1 100 Continue\r\n\r\n", &[], limits.send_timeout).await?;
            self.wire.flush(limits.send_timeout).await?;
        }
        let mut input = Input::new(begun);
        let deadline = Instant::now() + limits.body_timeout;
        while !end.reached() {
            // What stands around chunks counts too: there is no other limit to it.
            if total > limits.max_body {
                return Ok(Err(413));
            }
            match self.wire.read(input.room(), deadline).await {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(read) => input.add(read),
                Err(error) if error.kind() == io::ErrorKind::TimedOut => return Ok(Err(408)),
                Err(error) => return Err(error),
            }
            let Ok(taken) = end.take(input.filled()) else { return Ok(Err(400)) };
            input.take(taken);
            total += taken as u64;
        }
        Ok(Ok(Body::Beyond(input)))
    }

    /// Answers a request that is not understood, or not taken; the connection ends with it.
    async fn refuse(&mut self, head: Option<&Head<'_>>, status: u16) -> io::Result<()> {
        let reply = error(self.site, status);
        self.write(head, &reply, None, Instant::now()).await
    }

    /// Writes an answer, and that the connection goes on for so many requests, or ends.
    async fn write(
        &mut self,
        head: Option<&Head<'_>>,
        reply: &Reply,
        left: Option<u32>,
        started: Instant,
    ) -> io::Result<()> {
        let patience = self.site.options.limits.send_timeout;
        self.out.clear();
        put_head(&mut self.out, self.site, head, reply, left);
        let (mut sent, mut outcome) = (0, Ok(()));
        let pieces = if head.is_some_and(|head| head.method == "HEAD") { &[] } else { reply.body.pieces() };
        match pieces {
            [] => outcome = self.wire.write(&self.out, &[], patience).await,
            [Piece::Memory(bytes)] if bytes.len() <= COPIED => {
                self.out.extend_from_slice(bytes);
                sent = bytes.len() as u64;
                outcome = self.wire.write(&self.out, &[], patience).await;
            }
            pieces => {
                let mut before = &self.out[..];
                for piece in pieces {
                    outcome = self.wire.send(before, piece, patience).await;
                    if outcome.is_err() {
                        break;
                    }
                    before = &[];
                    sent += piece.len();
                }
            }
        }
        if outcome.is_ok() {
            outcome = self.wire.flush(patience).await;
        }
        let request = Request { client: self.client, head, status: reply.status, bytes: sent };
        self.site.done(&request, started.into_std());
        outcome
    }
}

/// Bodies up to this length are copied behind the head: cheaper than a second place to write from.
const COPIED: usize = 8 * 1024;

fn put_head(out: &mut Vec<u8>, site: &Site, head: Option<&Head<'_>>, reply: &Reply, left: Option<u32>) {
    use std::io::Write;
    match reply.status {
        200 => out.extend_from_slice(b"HTTP/1.1 200 OK\r\n"),
        status => drop(write!(out, "HTTP/1.1 {status} {}\r\n", reason(status))),
    }
    site.write_date(out);
    out.extend_from_slice(site.common.as_bytes());
    if reply.has_length() {
        drop(write!(out, "content-length: {}\r\n", reply.body.len()));
    }
    out.extend_from_slice(&reply.made);
    out.extend_from_slice(reply.own.as_bytes());
    match left {
        None => out.extend_from_slice(b"connection: close\r\n"),
        Some(left) => {
            if head.is_some_and(|head| head.minor == 0) {
                out.extend_from_slice(b"connection: keep-alive\r\n");
            }
            let timeout = site.options.limits.keep_alive.as_secs().max(1);
            drop(write!(out, "keep-alive: timeout={timeout}, max={left}\r\n"));
        }
    }
    out.extend_from_slice(b"\r\n");
}
