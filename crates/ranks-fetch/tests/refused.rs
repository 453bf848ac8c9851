//! HTTP/2 servers that refuse a request before they do anything for it: it is sent again, on a new connection where the
//! old one is closed, also when it has consequences.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use h2::Reason;
use ranks_fetch::{Client, ClientOptions, HttpVersion, Method, Proxy, Visit};
use tokio::net::TcpListener;

/// How a server refuses.
#[derive(Clone, Copy, PartialEq)]
enum Refusal {
    /// RST_STREAM with REFUSED_STREAM.
    Stream,
    /// GOAWAY with NO_ERROR, and a last stream before this one.
    Connection,
}

/// Refuses the first `times` requests, and answers the others with 200. Counts connections and requests answered.
async fn serve(listener: TcpListener, how: Refusal, times: usize, counts: Arc<[AtomicUsize; 2]>) {
    let asked = Arc::new(AtomicUsize::new(0));
    while let Ok((stream, _)) = listener.accept().await {
        counts[0].fetch_add(1, Ordering::Relaxed);
        let (asked, counts) = (asked.clone(), counts.clone());
        tokio::spawn(async move {
            let mut connection = h2::server::handshake(stream).await.unwrap();
            while let Some(Ok((_, mut respond))) = connection.accept().await {
                if asked.fetch_add(1, Ordering::Relaxed) >= times {
                    counts[1].fetch_add(1, Ordering::Relaxed);
                    let mut body = respond.send_response(hyper::Response::new(()), false).unwrap();
                    body.send_data(Bytes::from_static(b"done"), true).unwrap();
                } else {
                    respond.send_reset(Reason::REFUSED_STREAM);
                    if how == Refusal::Connection {
                        connection.graceful_shutdown();
                    }
                }
            }
        });
    }
}

fn visit(how: Refusal, times: usize, method: Method) -> (Visit, usize, usize) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let counts = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
        tokio::spawn(serve(listener, how, times, counts.clone()));
        let body = matches!(method, Method::Other(_)).then(|| "a=b".into());
        let http = HttpVersion::Two;
        let options = ClientOptions { http, method, body, proxy: Proxy::Direct, ..ClientOptions::default() };
        let client = Client::new(options).unwrap();
        let visit = tokio::time::timeout(Duration::from_secs(30), client.check(&url)).await;
        let [connections, answered] = [0, 1].map(|at| counts[at].load(Ordering::Relaxed));
        (visit.expect("an end in time"), connections, answered)
    })
}

#[test]
fn a_refused_request_is_sent_again() {
    for how in [Refusal::Stream, Refusal::Connection] {
        for method in [Method::Get, Method::Other("POST".into())] {
            let (visit, connections, answered) = visit(how, 1, method.clone());
            assert_eq!((visit.status, visit.bytes), (Some(200), 4), "{:?}", visit.failure);
            assert_eq!(answered, 1, "{method:?}");
            assert!(connections <= 2);
        }
    }
}

#[test]
fn a_server_that_refuses_for_ever_is_a_failure() {
    let (visit, _, answered) = visit(Refusal::Stream, usize::MAX, Method::Get);
    assert!(visit.failure.is_some() && visit.status.is_none());
    assert_eq!(answered, 0);
}
