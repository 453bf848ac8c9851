//! HTTP/2 on one connection, by hyper; answers are the same as in HTTP/1.1.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::io;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use httparse::Header;
use hyper::body::Incoming;
use hyper::header::{HeaderName, HeaderValue};
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Notify;

use super::answer::{answer, error};
use super::head::Head;
use super::life::Life;
use super::log::Request;
use super::reply::{Piece, Reply};
use super::site::Site;
use super::wire::read_piece;
use crate::bounds::{STREAM_BUFFER, STREAMS};

/// What goes on on a connection: requests not yet answered to the end, and a number that changes with each step of one.
#[derive(Default)]
struct Activity {
    running: AtomicUsize,
    steps: AtomicUsize,
    requests: AtomicUsize,
    /// As many requests as a connection may have.
    enough: Notify,
    /// The last step of each answer that is being sent, by its number.
    sending: Mutex<HashMap<usize, Instant>>,
}

impl Activity {
    fn sending(&self) -> MutexGuard<'_, HashMap<usize, Instant>> {
        self.sending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many answers the client has taken nothing of for so long.
    fn stalled(&self, limit: Duration) -> usize {
        self.sending().values().filter(|step| step.elapsed() >= limit).count()
    }
}

/// Answers requests until one side has had enough.
pub async fn talk<S>(stream: S, site: &Arc<Site>, client: IpAddr, life: &Life)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let limits = &site.options.limits;
    let activity = Arc::new(Activity::default());
    let (theirs, shared) = (site.clone(), activity.clone());
    let service = service_fn(move |request| {
        let (site, activity) = (theirs.clone(), shared.clone());
        async move { Ok::<_, Infallible>(respond(&site, request, client, activity).await) }
    });
    let connection = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(u32::try_from(limits.max_header + limits.max_uri).unwrap_or(u32::MAX))
        .max_send_buf_size(STREAM_BUFFER)
        .keep_alive_interval(limits.keep_alive)
        .keep_alive_timeout(limits.send_timeout)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let mut leaving = false;
    let (mut steps, mut since) = (0, Instant::now());
    loop {
        let wait = if activity.running.load(Relaxed) > 0 { limits.send_timeout } else { limits.keep_alive };
        tokio::select! {
            _ = &mut connection => return,
            () = wants_end(life, &activity), if !leaving => {
                leaving = true;
                connection.as_mut().graceful_shutdown();
                continue;
            }
            () = tokio::time::sleep_until((since + wait).into()) => {}
            () = tokio::time::sleep(limits.send_timeout / 4) => {}
        }
        // One stream of which nothing is taken ends the connection, when the others are done: hyper cannot end it alone.
        let stalled = activity.stalled(limits.send_timeout);
        if stalled > 0 && stalled >= activity.running.load(Relaxed) {
            return;
        }
        if stalled > 0 && !leaving {
            leaving = true;
            connection.as_mut().graceful_shutdown();
        }
        // Nothing may have happened for so long: then the client has gone, or takes nothing.
        let now = activity.steps.load(Relaxed);
        if now != steps {
            (steps, since) = (now, Instant::now());
        } else if since.elapsed() >= wait {
            if leaving || activity.running.load(Relaxed) > 0 {
                return;
            }
            (leaving, since) = (true, Instant::now());
            connection.as_mut().graceful_shutdown();
        }
    }
}

async fn wants_end(life: &Life, activity: &Activity) {
    tokio::select! { () = life.drained() => {}, () = activity.enough.notified() => {} }
}

async fn respond(
    site: &Arc<Site>,
    request: hyper::Request<Incoming>,
    client: IpAddr,
    activity: Arc<Activity>,
) -> hyper::Response<Pieces> {
    let started = Instant::now();
    activity.running.fetch_add(1, Relaxed);
    let number = activity.requests.fetch_add(1, Relaxed) + 1;
    if number == site.options.limits.keep_alive_requests as usize {
        activity.enough.notify_one();
    }
    let running = Running { activity, number };
    let target = request.uri().path_and_query().map_or("*", |target| target.as_str()).to_owned();
    let mut headers: Vec<_> = request
        .headers()
        .iter()
        .map(|(name, value)| Header { name: name.as_str(), value: value.as_bytes() })
        .collect();
    if let Some(authority) = request.uri().authority().filter(|_| !request.headers().contains_key("host")) {
        headers.push(Header { name: "host", value: authority.as_str().as_bytes() });
    }
    let head = Head { method: request.method().as_str(), target: &target, minor: 2, headers: &headers };
    let reply = match refusal(site, &head) {
        Some(status) => error(site, status),
        None => answer(site, &head, client).await,
    };
    let empty = head.method == "HEAD" || !reply.has_length();
    let sent = if empty { 0 } else { reply.body.len() };
    site.done(&Request { client, head: Some(&head), status: reply.status, bytes: sent }, started);
    response(site, reply, empty, running)
}

fn refusal(site: &Site, head: &Head<'_>) -> Option<u16> {
    let limits = &site.options.limits;
    let length =
        head.get("content-length").and_then(|value| std::str::from_utf8(value).ok()?.parse::<u64>().ok());
    if head.target.len() > limits.max_uri {
        Some(414)
    } else if head.headers.len() > limits.max_headers {
        Some(431)
    } else if head.get("expect").is_some_and(|expects| !expects.eq_ignore_ascii_case(b"100-continue")) {
        Some(417)
    } else {
        length.filter(|length| *length > limits.max_body).map(|_| 413)
    }
}

fn response(site: &Site, reply: Reply, empty: bool, running: Running) -> hyper::Response<Pieces> {
    let mut response = hyper::Response::new(());
    *response.status_mut() = hyper::StatusCode::from_u16(reply.status).unwrap_or_default();
    let headers = response.headers_mut();
    let made = String::from_utf8_lossy(&reply.made);
    for line in [&site.common, &*made, &reply.own].into_iter().flat_map(str::lines) {
        if let Some((name, value)) = line.split_once(": ")
            && let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value))
        {
            headers.append(name, value);
        }
    }
    if reply.has_length() {
        headers.insert("content-length", HeaderValue::from(reply.body.len()));
    }
    running.step();
    let pieces = if empty { VecDeque::new() } else { reply.body.pieces().iter().cloned().collect() };
    response.map(|()| Pieces { pieces, reading: None, running })
}

/// A request under way.
struct Running {
    activity: Arc<Activity>,
    number: usize,
}

impl Running {
    /// The client has taken something of the answer.
    fn step(&self) {
        self.activity.steps.fetch_add(1, Relaxed);
        self.activity.sending().insert(self.number, Instant::now());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.activity.running.fetch_sub(1, Relaxed);
        self.activity.steps.fetch_add(1, Relaxed);
        self.activity.sending().remove(&self.number);
    }
}

type Reading = Pin<Box<dyn Future<Output = io::Result<Bytes>> + Send>>;

/// A body as hyper takes it.
struct Pieces {
    pieces: VecDeque<Piece>,
    reading: Option<Reading>,
    running: Running,
}

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = &mut *self;
        this.running.step();
        loop {
            if let Some(reading) = &mut this.reading {
                let read = ready!(reading.as_mut().poll(context));
                this.reading = None;
                if let (Ok(bytes), Some(Piece::File(_, at, length))) = (&read, this.pieces.front_mut()) {
                    (*at, *length) = (*at + bytes.len() as u64, *length - bytes.len() as u64);
                }
                return Poll::Ready(Some(read.map(Frame::data)));
            }
            match this.pieces.pop_front() {
                None => return Poll::Ready(None),
                Some(piece) if piece.len() == 0 => {}
                Some(Piece::Memory(bytes)) => return Poll::Ready(Some(Ok(Frame::data(bytes)))),
                Some(Piece::File(file, at, length)) => {
                    let theirs = file.clone();
                    this.pieces.push_front(Piece::File(file, at, length));
                    this.reading = Some(Box::pin(async move { read_piece(&theirs, at, at + length).await }));
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.reading.is_none() && self.pieces.iter().all(|piece| piece.len() == 0)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.pieces.iter().map(Piece::len).sum())
    }
}
