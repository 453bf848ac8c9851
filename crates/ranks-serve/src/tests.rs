//! HTTP/2 and TLS, over one rank's server without ranks.

use std::path::PathBuf;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::*;

#[derive(clap::Parser)]
struct Command {
    #[command(flatten)]
    options: Options,
}

/// A server in this thread's runtime.
struct Running {
    at: SocketAddr,
    drain: watch::Sender<bool>,
    counts: Arc<Counts>,
    server: tokio::task::JoinHandle<io::Result<()>>,
    folder: PathBuf,
    certificate: rcgen::CertifiedKey<rcgen::KeyPair>,
}

impl Running {
    fn start(name: &str, words: &[&str], tls: bool) -> Running {
        let folder = std::env::temp_dir().join(format!("ranks-serve-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("page.html"), "<p>page</p>\n".repeat(200)).unwrap();
        std::fs::write(folder.join("large.bin"), &*LARGE).unwrap();
        let certificate = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        std::fs::write(folder.join("cert.pem"), certificate.cert.pem()).unwrap();
        std::fs::write(folder.join("key.pem"), certificate.signing_key.serialize_pem()).unwrap();
        let words = ["serve", folder.to_str().unwrap()].iter().chain(words).copied().collect::<Vec<_>>();
        let options = <Command as clap::Parser>::try_parse_from(words).unwrap().options;
        let counts = Arc::new(Counts::default());
        let site = Site::open(&options, counts.clone(), Box::new(|| oneshot::channel().1)).unwrap();
        let listener = listen::first(SocketAddr::from(([127, 0, 0, 1], 0)), false).unwrap();
        let at = listener.local_addr().unwrap();
        let (drain, drained) = watch::channel(false);
        let tls = tls.then(|| tls::acceptor(&folder.join("cert.pem"), &folder.join("key.pem")).unwrap());
        let reopen = [SignalKind::user_defined1(), SignalKind::hangup()].map(|kind| signal(kind).unwrap());
        let server = tokio::spawn(server::serve(listener, tls, Arc::new(site), drained, reopen));
        Running { at, drain, counts, server, folder, certificate }
    }

    /// A client that trusts the server's certificate, and speaks these protocols.
    fn client(&self, protocols: &[&str]) -> reqwest::Client {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(self.certificate.cert.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        let builder = reqwest::Client::builder().no_proxy().tls_backend_preconfigured(config);
        let builder = if protocols.is_empty() { builder.http2_prior_knowledge() } else { builder };
        builder.resolve("localhost", self.at).timeout(Duration::from_secs(40)).build().unwrap()
    }

    async fn end(self) {
        self.drain.send_replace(true);
        tokio::time::timeout(Duration::from_secs(40), self.server).await.unwrap().unwrap().unwrap();
        assert_eq!(self.counts.open.load(Relaxed), 0);
        std::fs::remove_dir_all(self.folder).unwrap();
    }
}

static LARGE: LazyLock<Vec<u8>> = LazyLock::new(|| (0..3_000_000).map(|at| (at % 251) as u8).collect());

fn wait<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { tokio::time::timeout(Duration::from_secs(60), future).await.unwrap() })
}

#[test]
fn every_protocol_gives_the_same_answers() {
    wait(async {
        for (name, tls, protocols, version) in [
            ("h2", true, &["h2", "http/1.1"][..], reqwest::Version::HTTP_2),
            ("h1", true, &["http/1.1"], reqwest::Version::HTTP_11),
            ("clear", false, &[], reqwest::Version::HTTP_2),
        ] {
            let running = Running::start(name, &[], tls);
            let client = running.client(protocols);
            let base = format!("{}://localhost:{}", if tls { "https" } else { "http" }, running.at.port());
            let large = client.get(format!("{base}/large.bin")).send().await.unwrap();
            assert_eq!((large.version(), large.status().as_u16()), (version, 200));
            assert_eq!(large.headers()["content-length"], "3000000");
            assert!(large.bytes().await.unwrap() == LARGE[..]);
            let several = (0..20).map(|i| {
                let request = client
                    .get(format!("{base}/large.bin"))
                    .header("range", format!("bytes={i}-{}", 100_000 + i));
                async move { request.send().await.unwrap().bytes().await.unwrap() }
            });
            for (i, part) in several.enumerate() {
                assert!(part.await == LARGE[i..=100_000 + i]);
            }
            let head = client.head(format!("{base}/large.bin")).send().await.unwrap();
            assert_eq!(head.headers()["content-length"], "3000000");
            let tag = head.headers()["etag"].clone();
            let known =
                client.get(format!("{base}/large.bin")).header("if-none-match", tag).send().await.unwrap();
            assert_eq!(known.status().as_u16(), 304);
            let page = client
                .get(format!("{base}/page.html"))
                .header("accept-encoding", "zstd")
                .send()
                .await
                .unwrap();
            assert_eq!(page.headers()["content-encoding"], "zstd");
            let put = client.put(format!("{base}/new")).body("x").send().await.unwrap();
            assert_eq!(
                (put.status().as_u16(), &put.headers()["allow"]),
                (405, &"GET, HEAD, OPTIONS".parse().unwrap())
            );
            let long = client.get(format!("{base}/{}", "x".repeat(9000))).send().await.unwrap();
            assert_eq!(long.status().as_u16(), 414);
            running.end().await;
        }
    });
}

#[test]
fn a_connection_of_http2_ends_after_its_requests_and_when_idle() {
    wait(async {
        let running = Running::start("enough", &["--keep-alive-requests", "5", "--keep-alive", "0.3"], true);
        let client = running.client(&["h2"]);
        let url = format!("https://localhost:{}/page.html", running.at.port());
        for _ in 0..12 {
            assert_eq!(client.get(&url).send().await.unwrap().status().as_u16(), 200);
        }
        assert!(running.counts.accepted.load(Relaxed) >= 2);
        // The idle one is closed.
        while running.counts.open.load(Relaxed) > 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        running.end().await;
    });
}

#[test]
fn one_connection_too_many_is_told_so() {
    wait(async {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let running = Running::start("many", &["--max-connections", "2"], false);
        let mut held = Vec::new();
        for _ in 0..2 {
            let mut stream = tokio::net::TcpStream::connect(running.at).await.unwrap();
            stream.write_all(b"GET /page.html HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
            let mut start = [0; 15];
            stream.read_exact(&mut start).await.unwrap();
            assert_eq!(&start, b"HTTP/1.1 200 OK");
            held.push(stream);
        }
        let mut third = tokio::net::TcpStream::connect(running.at).await.unwrap();
        third.write_all(b"GET /page.html HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        third.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("connection: close"), "{answer}");
        assert_eq!(running.counts.rejected.load(Relaxed), 1);
        drop(held);
        running.end().await;
    });
}

#[test]
fn who_is_connected_when_the_end_comes_is_still_answered() {
    wait(async {
        use std::io::{Read, Write};
        for _ in 0..10 {
            let running = Running::start("last", &[], false);
            // The server's task does not run before the first await: these wait to be taken.
            let waiting: Vec<_> = (0..5)
                .map(|_| {
                    let mut stream = std::net::TcpStream::connect(running.at).unwrap();
                    stream.write_all(b"GET /page.html HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
                    stream
                })
                .collect();
            running.end().await;
            for mut stream in waiting {
                let mut answer = String::new();
                stream.read_to_string(&mut answer).unwrap();
                assert!(
                    answer.starts_with("HTTP/1.1 200 OK") && answer.contains("connection: close"),
                    "{answer}"
                );
            }
        }
    });
}

/// Sends requests in plain HTTP/1.1 at once, and reads all answers to their ends.
async fn ask_at_once(at: SocketAddr, paths: &[&str]) -> Vec<Vec<u8>> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let asked = paths.iter().map(|path| {
        let head =
            format!("GET {path} HTTP/1.1\r\nhost: a\r\naccept-encoding: gzip\r\nconnection: close\r\n\r\n");
        tokio::spawn(async move {
            let mut stream = tokio::net::TcpStream::connect(at).await.unwrap();
            stream.write_all(head.as_bytes()).await.unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.unwrap();
            answer
        })
    });
    let mut answers = Vec::new();
    for answer in asked.collect::<Vec<_>>() {
        answers.push(answer.await.unwrap());
    }
    answers
}

#[test]
fn a_file_is_compressed_once_however_many_ask_and_however_they_spell_it() {
    wait(async {
        let running = Running::start("packed", &["--index", "page.html"], false);
        let paths = ["/page.html", "//page.html", "/%70age.html", "/", "//"].repeat(8);
        let answers = ask_at_once(running.at, &paths).await;
        for (path, answer) in paths.iter().zip(&answers) {
            let text = String::from_utf8_lossy(answer);
            assert!(text.starts_with("HTTP/1.1 200"), "{path}: {text}");
            assert!(text.contains("content-encoding: gzip"), "{path}: {text}");
        }
        assert_eq!(running.counts.compressed.load(Relaxed), 1);
        running.end().await;
    });
}

#[test]
fn what_lies_beside_a_file_must_be_younger_and_of_its_coding() {
    wait(async {
        let running = Running::start("beside", &["--no-compression"], false);
        let path = |name: &str| running.folder.join(name);
        let gzip = coding::Coding::Gzip.compress(b"compressed beforehand").unwrap();
        let old = std::time::SystemTime::now() - Duration::from_secs(100);
        for name in ["good.txt", "older.txt", "none.txt"] {
            std::fs::write(path(name), "plain").unwrap();
        }
        std::fs::write(path("good.txt.gz"), &gzip).unwrap();
        std::fs::write(path("older.txt.gz"), &gzip).unwrap();
        std::fs::File::options().write(true).open(path("older.txt.gz")).unwrap().set_modified(old).unwrap();
        std::fs::write(path("none.txt.gz"), "this is no gzip").unwrap();
        for (name, coded) in [("good.txt", true), ("older.txt", false), ("none.txt", false)] {
            let answer = ask_at_once(running.at, &[&format!("/{name}")]).await.remove(0);
            let text = String::from_utf8_lossy(&answer);
            assert_eq!(text.contains("content-encoding: gzip"), coded, "{name}: {text}");
            assert!(coded || text.ends_with("plain"), "{name}: {text}");
        }
        running.end().await;
    });
}

#[test]
fn a_deleted_file_is_let_go() {
    wait(async {
        let running = Running::start("deleted", &[], false);
        let path = running.folder.join("gone.bin");
        std::fs::write(&path, &*LARGE).unwrap();
        let answer = ask_at_once(running.at, &["/gone.bin"]).await.remove(0);
        assert!(answer.ends_with(&LARGE[LARGE.len() - 1000..]));
        let open = || {
            let links = std::fs::read_dir("/proc/self/fd").unwrap();
            let targets = links.filter_map(|link| std::fs::read_link(link.ok()?.path()).ok());
            targets.filter(|target| target.to_string_lossy().contains("gone.bin")).count()
        };
        assert_eq!(open(), 1);
        std::fs::remove_file(&path).unwrap();
        while open() > 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        running.end().await;
    });
}

#[test]
fn a_stalled_stream_of_http2_ends_its_connection_though_others_go_on() {
    wait(async {
        let running = Running::start("stalled", &["--send-timeout", "1"], false);
        let client = running.client(&[]);
        let base = format!("http://localhost:{}", running.at.port());
        // Nothing of this answer is read beyond the window of the stream.
        let stalled = client.get(format!("{base}/large.bin")).send().await.unwrap();
        assert_eq!(stalled.status().as_u16(), 200);
        while running.counts.open.load(Relaxed) > 0 {
            // Other requests go on meanwhile; they may come just when the connection ends.
            let _ = client.get(format!("{base}/page.html")).send().await;
            if running.counts.accepted.load(Relaxed) > 1 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        drop(stalled);
        drop(client);
        running.end().await;
    });
}
