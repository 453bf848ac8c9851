//! A web server on each rank. Its handlers ask other ranks, through one communicator, on a runtime with several threads.
//!
//!     ranks run -n 4 --example everyone_serves                (asks itself, and ends)
//!     ranks run -n 4 --example everyone_serves -- 8100        (rank r listens on port 8100 + r until Ctrl-C)
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use futures_util::StreamExt;
use ranks::{ANY_SOURCE, Result, SharedCommunicator};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const ASK: i32 = 0;

struct App {
    world: SharedCommunicator,
    next: AtomicI32,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<()> {
    let world = ranks::init()?.into_shared()?;
    let port: Option<u16> = std::env::args().nth(1).map(|word| word.parse().expect("a port"));
    let answering = tokio::spawn(answer_ranks(world.clone()));
    let app = Arc::new(App { world: world.clone(), next: AtomicI32::new(0) });
    let routes = axum::Router::new().route("/square/{number}", get(square)).with_state(app);
    let port_here = port.map_or(0, |port| port + world.rank() as u16);
    let listener = TcpListener::bind(("127.0.0.1", port_here)).await.expect("a port");
    let address = listener.local_addr().expect("it is bound");
    let server = tokio::spawn(async move { axum::serve(listener, routes).await });
    match port {
        Some(_) => {
            println!("rank {}: http://{address}/square/12", world.rank());
            tokio::signal::ctrl_c().await.expect("a signal");
        }
        None => {
            let asks = (0..100u64).map(|number| ask(address, number));
            let answers = futures_util::future::join_all(asks).await;
            assert!(
                answers.iter().zip(0..).all(|(answer, number)| *answer == format!("{}", number * number))
            );
            println!("rank {}: {} answers", world.rank(), answers.len());
        }
    }
    // No rank asks another any more.
    world.barrier().await?;
    server.abort();
    answering.abort();
    Ok(())
}

/// Answers other ranks: each question is a task of its own.
async fn answer_ranks(world: SharedCommunicator) -> Result<()> {
    let mut asked = world.incoming::<(i32, u64)>(ANY_SOURCE, ASK);
    while let Some(question) = asked.next().await {
        let ((tag, number), status) = question?;
        let world = world.clone();
        tokio::spawn(async move { world.send(&number.wrapping_mul(number), status.source, tag).await });
    }
    Ok(())
}

/// A handler: it asks the rank that the number says.
async fn square(
    State(app): State<Arc<App>>,
    Path(number): Path<u64>,
) -> std::result::Result<String, StatusCode> {
    // A task of its own: the answer is received even if the client goes and this handler is dropped.
    match tokio::spawn(ask_rank(app, number)).await {
        Ok(Ok(square)) => Ok(format!("{square}\n")),
        _ => Err(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

async fn ask_rank(app: Arc<App>, number: u64) -> Result<u64> {
    let App { world, next } = &*app;
    let tag = 1 + (next.fetch_add(1, Ordering::Relaxed) & 0xf_ffff);
    let dest = number as usize % world.size();
    world.send(&(tag, number), dest, ASK).await?;
    Ok(world.receive::<u64>(dest, tag).await?.0)
}

async fn ask(address: SocketAddr, number: u64) -> String {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    let request = format!("GET /square/{number} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("it answers");
    answer.rsplit("\r\n").next().unwrap_or_default().trim().to_owned()
}
