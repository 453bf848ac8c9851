//! A web server with ranks behind it: rank 0 answers requests, the others do the work, one request at a time each, with
//! blocking calls.
//!
//!     ranks run -n 4 --example server_with_ranks                 (asks itself, and ends)
//!     ranks run -n 4 --example server_with_ranks -- 8100         (listens on that port until Ctrl-C)
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use ranks::{Result, SharedCommunicator};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The tag of work; answers have tags above it. Tag 0 of the work itself ends a worker.
const WORK: i32 = 0;

struct Ranks {
    world: SharedCommunicator,
    next: AtomicI32,
}

fn main() -> Result<()> {
    let world = ranks::init()?.into_shared()?;
    if world.rank() > 0 {
        return work(&world);
    }
    let port: Option<u16> = std::env::args().nth(1).map(|word| word.parse().expect("a port"));
    // Its threads are the only asynchronous part of the job.
    tokio::runtime::Runtime::new().expect("a runtime").block_on(serve(world, port))
}

/// The life of a worker: no runtime, no futures.
fn work(world: &SharedCommunicator) -> Result<()> {
    loop {
        let ((tag, number), _) = world.receive::<(i32, u64)>(0, WORK).wait()?;
        if tag == 0 {
            return Ok(());
        }
        let sum = (0..=number).fold(0u64, u64::wrapping_add);
        world.send(&sum, 0, tag).wait()?;
    }
}

async fn sum(
    State(ranks): State<Arc<Ranks>>,
    Path(number): Path<u64>,
) -> std::result::Result<String, StatusCode> {
    // If the client goes, this handler is dropped. The question is a task of its own, so its answer is received all the
    // same, and no later question finds it.
    let asked = tokio::spawn(ask_worker(ranks, number));
    match asked.await {
        Ok(Ok(sum)) => Ok(format!("{sum}\n")),
        _ => Err(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

async fn ask_worker(ranks: Arc<Ranks>, number: u64) -> Result<u64> {
    let Ranks { world, next } = &*ranks;
    // A tag of its own for each answer, so that requests do not mix.
    let tag = 1 + (next.fetch_add(1, Ordering::Relaxed) & 0xf_ffff);
    let worker = 1 + tag as usize % (world.size() - 1);
    world.send(&(tag, number), worker, WORK).await?;
    Ok(world.receive::<u64>(worker, tag).await?.0)
}

async fn serve(world: SharedCommunicator, port: Option<u16>) -> Result<()> {
    let workers = 1..world.size();
    if workers.is_empty() {
        println!("there are no ranks behind this one: use -n 2 or more");
        return Ok(());
    }
    let ranks = Arc::new(Ranks { world: world.clone(), next: AtomicI32::new(0) });
    let app = axum::Router::new().route("/sum/{number}", get(sum)).with_state(ranks);
    let listener = TcpListener::bind(("127.0.0.1", port.unwrap_or(0))).await.expect("a port");
    let address = listener.local_addr().expect("it is bound");
    let server = tokio::spawn(async move { axum::serve(listener, app).await });
    match port {
        Some(_) => {
            println!("http://{address}/sum/100");
            tokio::signal::ctrl_c().await.expect("a signal");
        }
        None => {
            let asks = (0..100u64).map(|number| ask(address, number));
            let answers = futures_util::future::join_all(asks).await;
            assert!(
                answers
                    .iter()
                    .zip(0..)
                    .all(|(answer, number)| *answer == format!("{}", number * (number + 1) / 2))
            );
            println!("{} answers", answers.len());
        }
    }
    server.abort();
    for worker in workers {
        world.send(&(0, 0u64), worker, WORK).await?;
    }
    Ok(())
}

async fn ask(address: SocketAddr, number: u64) -> String {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    let request = format!("GET /sum/{number} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("it answers");
    answer.rsplit("\r\n").next().unwrap_or_default().trim().to_owned()
}
