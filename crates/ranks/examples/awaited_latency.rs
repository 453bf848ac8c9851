//! How long a round trip of 64 bytes takes when it is awaited, with other receives pending meanwhile: beside blocking calls,
//! and beside TCP and a Unix socket of tokio. Pairs of ranks (0 and 1, 2 and 3, ...) measure at the same time.
//!
//!     ranks run -n 2 --example awaited_latency
use ranks::{Result, World};
use std::rc::Rc;
use std::time::Instant;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

const BYTES: usize = 64;
const TURNS: usize = 2_000;
const REPEATS: usize = 20;

fn main() -> Result<()> {
    let world = Rc::new(ranks::init()?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let tasks = tokio::task::LocalSet::new();
    tasks.block_on(&runtime, async {
        // The last of an odd number has no partner.
        if world.rank() ^ 1 < world.size() {
            measure(&world).await?;
        }
        world.ibarrier()?.await
    })
}

/// Prints the least and the median of several.
async fn row(world: &World, name: &str, mut us: Vec<f64>) -> Result<()> {
    us.sort_by(f64::total_cmp);
    if world.rank() == 0 {
        println!("{name:>20} {:>10.2} {:>10.2}", us[0], us[us.len() / 2]);
    }
    Ok(())
}

async fn measure(world: &Rc<World>) -> Result<()> {
    let other = world.rank() ^ 1;
    if world.rank() == 0 {
        println!("{:>20} {:>10} {:>10}", "us", "least", "median");
    }
    let us = (0..REPEATS).map(|_| blocking(world, other)).collect::<Result<_>>()?;
    row(world, "blocking", us).await?;
    for pending in [0, 10, 100, 1000] {
        let waiting = (0..pending).map(|tag| {
            let world = world.clone();
            tokio::task::spawn_local(async move {
                world.ireceive_into(vec![0u8; BYTES], other, 100 + tag)?.await.map(|_| ())
            })
        });
        let waiting: Vec<_> = waiting.collect();
        // A task of its own, as programs have them.
        let its_world = world.clone();
        let measured = tokio::task::spawn_local(async move {
            let mut us = Vec::new();
            for _ in 0..REPEATS {
                us.push(awaited(&its_world, other).await?);
            }
            Result::Ok(us)
        });
        row(world, &format!("awaited, {pending} more"), measured.await.expect("it does not panic")?).await?;
        for tag in 0..pending {
            world.isend_from(vec![0u8; BYTES], other, 100 + tag)?.await?;
        }
        for task in waiting {
            task.await.expect("it does not panic")?;
        }
    }
    let first = world.rank() < other;
    let tcp = if first {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        world.send(&listener.local_addr().expect("it is bound").port(), other, 2)?;
        listener.accept().await.expect("a connection").0
    } else {
        let port = world.receive::<u16>(other, 2)?.0;
        TcpStream::connect(("127.0.0.1", port)).await.expect("it listens")
    };
    tcp.set_nodelay(true).expect("an option");
    row(world, "tokio's TCP", through(tcp, first).await).await?;
    let path = std::env::temp_dir().join(format!("awaited_latency.{}", std::process::id()));
    let unix = if first {
        let listener = UnixListener::bind(&path).expect("a socket");
        world.send(path.to_str().expect("a plain name"), other, 2)?;
        let stream = listener.accept().await.expect("a connection").0;
        std::fs::remove_file(&path).expect("it was made");
        stream
    } else {
        UnixStream::connect(world.receive::<String>(other, 2)?.0).await.expect("it listens")
    };
    row(world, "tokio's Unix socket", through(unix, first).await).await
}

/// Microseconds of a round trip.
fn blocking(world: &World, other: usize) -> Result<f64> {
    let (first, mut row) = (world.rank() < other, [0u8; BYTES]);
    world.send_receive_into(&[0u8], other, 1, &mut [0u8], other, 1)?;
    let begun = Instant::now();
    for _ in 0..TURNS {
        if first {
            world.send_from(&row, other, 0)?;
        }
        world.receive_into(&mut row, other, 0)?;
        if !first {
            world.send_from(&row, other, 0)?;
        }
    }
    Ok(begun.elapsed().as_secs_f64() * 1e6 / TURNS as f64)
}

async fn awaited(world: &World, other: usize) -> Result<f64> {
    let (first, mut row) = (world.rank() < other, vec![0u8; BYTES]);
    world.isend(&(), other, 1)?.await?;
    world.ireceive::<()>(other, 1)?.await?;
    let begun = Instant::now();
    for _ in 0..TURNS {
        if first {
            row = world.isend_from(row, other, 0)?.await?;
        }
        row = world.ireceive_into(row, other, 0)?.await?.0;
        if !first {
            row = world.isend_from(row, other, 0)?.await?;
        }
    }
    Ok(begun.elapsed().as_secs_f64() * 1e6 / TURNS as f64)
}

async fn through(mut stream: impl AsyncRead + AsyncWrite + Unpin, first: bool) -> Vec<f64> {
    let (mut row, mut us) = ([0u8; BYTES], Vec::new());
    for _ in 0..REPEATS {
        let begun = Instant::now();
        for _ in 0..TURNS {
            if first {
                stream.write_all(&row).await.expect("it reads");
            }
            stream.read_exact(&mut row).await.expect("it writes");
            if !first {
                stream.write_all(&row).await.expect("it reads");
            }
        }
        us.push(begun.elapsed().as_secs_f64() * 1e6 / TURNS as f64);
    }
    us
}
