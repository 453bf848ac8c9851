//! Ranks that compute with blocking calls, and an asynchronous edge: a thread of each rank says how far the rank is, and
//! rank 0 answers over TCP how far all are, while they compute.
//!
//!     ranks run -n 4 --example asynchronous_edge
use futures_util::StreamExt;
use ranks::{ANY_SOURCE, Result, SharedCommunicator, op};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const STEPS: u64 = 2000;
const ASK: i32 = 0;
const ANSWER: i32 = 1;

fn main() -> Result<()> {
    let world = ranks::init()?.into_shared()?;
    // Messages of the edge never meet those of the computation.
    let edge = world.duplicate().wait()?;
    let steps = Arc::new(AtomicU64::new(0));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.expect("a runtime");
    runtime.spawn(say_how_far(edge.clone(), steps.clone()));
    let told = (world.rank() == 0).then(|| runtime.spawn(serve_and_ask(edge.clone())));

    // The computation: here sums over all ranks.
    let mut total = 0;
    for step in 0..STEPS {
        let mut sum = [world.rank() as u64 + step];
        world.all_reduce_slice(&mut sum, op::sum)?;
        total += sum[0];
        steps.store(step + 1, Ordering::Relaxed);
    }

    if let Some(told) = told {
        let told = runtime.block_on(told).expect("it does not panic");
        println!("while they computed the ranks were at {told}; the total is {total}");
    }
    // Nobody asks any more. With the runtime go its tasks, and with them their receives.
    world.barrier().wait()
}

/// Answers whoever asks how far this rank is.
async fn say_how_far(edge: SharedCommunicator, steps: Arc<AtomicU64>) -> Result<()> {
    let mut asked = edge.incoming::<()>(ANY_SOURCE, ASK);
    while let Some(question) = asked.next().await {
        let ((), status) = question?;
        edge.send(&steps.load(Ordering::Relaxed), status.source, ANSWER).await?;
    }
    Ok(())
}

/// How far all ranks are.
async fn ask_all(edge: &SharedCommunicator) -> Result<String> {
    let mut steps = Vec::new();
    for rank in 0..edge.size() {
        edge.send(&(), rank, ASK).await?;
        steps.push(edge.receive::<u64>(rank, ANSWER).await?.0.to_string());
    }
    Ok(steps.join(" "))
}

/// A server, and a client that asks it once; a real one would go on.
async fn serve_and_ask(edge: SharedCommunicator) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("it is bound");
    let client = async {
        let mut answer = String::new();
        let mut stream = TcpStream::connect(address).await.expect("it listens");
        stream.read_to_string(&mut answer).await.expect("it answers");
        answer
    };
    let server = async {
        let (mut stream, _) = listener.accept().await.expect("a client");
        let line = ask_all(&edge).await.expect("all ranks are there");
        stream.write_all(line.as_bytes()).await.expect("it reads");
    };
    tokio::join!(client, server).0
}
