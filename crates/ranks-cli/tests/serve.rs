//! `ranks serve` as a whole: what it answers, its limits, and how it ends.

mod served;

use std::io::{Read, Write};
use std::os::unix::fs::symlink;
use std::time::{Duration, Instant};

use served::{Folder, Server, fails};

fn site(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder.write("index.html", "<p>index</p>\n".repeat(100));
    folder.write("ten.txt", "0123456789");
    folder.write("sub/a b.txt", "in sub");
    folder.write("sub/.hidden", "hidden");
    folder.write("large.bin", (0..3_000_000u32).flat_map(u32::to_le_bytes).collect::<Vec<_>>());
    folder
}

#[test]
fn files_and_what_is_asked_of_them() {
    let folder = site("files");
    let server = Server::start(&folder.0, &["--cache-control", "max-age=9", "--header", "X-Own: yes"]);
    let whole = server.get("/ten.txt");
    assert_eq!((whole.status(), whole.body()), (200, "0123456789"));
    assert_eq!(whole.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!((whole.header("cache-control"), whole.header("x-own")), (Some("max-age=9"), Some("yes")));
    let tag = whole.header("etag").unwrap().to_owned();
    let date = whole.header("last-modified").unwrap().to_owned();

    let head = server.ask("HEAD /ten.txt", &[]);
    assert_eq!((head.status(), head.header("content-length"), head.body()), (200, Some("10"), ""));
    for (headers, status, body) in [
        (&[format!("If-None-Match: {tag}")][..], 304, ""),
        (&[format!("If-Modified-Since: {date}")], 304, ""),
        (&["Range: bytes=2-4".into()], 206, "234"),
        (&["Range: bytes=-3".into()], 206, "789"),
        (&["Range: bytes=2-4".into(), format!("If-Range: {tag}")], 206, "234"),
        (&["Range: bytes=2-4".into(), "If-Range: \"other\"".into()], 200, "0123456789"),
    ] {
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        let answer = server.ask("GET /ten.txt", &headers);
        assert_eq!((answer.status(), answer.body()), (status, body), "{headers:?}");
    }
    let beyond = server.ask("GET /ten.txt", &["Range: bytes=10-"]);
    assert_eq!((beyond.status(), beyond.header("content-range")), (416, Some("bytes */10")));
    assert_eq!(server.ask("GET /ten.txt", &["If-Match: \"x\""]).status(), 412);
    let parts = server.ask("GET /ten.txt", &["Range: bytes=0-1,8-9"]);
    assert_eq!(parts.status(), 206);
    assert!(parts.body().contains("content-range: bytes 8-9/10\r\n\r\n89\r\n--"), "{}", parts.0);
    assert_eq!(parts.header("content-length"), Some(parts.body().len().to_string().as_str()));

    let packed = server.ask("GET /", &["Accept-Encoding: gzip;q=0.5, br"]);
    assert_eq!((packed.status(), packed.header("content-encoding")), (200, Some("br")));
    assert!(
        packed.header("etag").unwrap().starts_with("W/") && packed.header("vary") == Some("accept-encoding")
    );
    server.stop();
}

#[test]
fn nothing_outside_and_nothing_hidden() {
    let folder = site("outside");
    let secret = Folder::new("secret");
    secret.write("secret.txt", "secret");
    symlink(&secret.0, folder.0.join("away")).unwrap();
    symlink("ten.txt", folder.0.join("near")).unwrap();
    let server = Server::start(&folder.0, &[]);
    for (path, status) in [
        ("/near", 200),
        ("/sub/a%20b.txt", 200),
        ("http://elsewhere/ten.txt", 200),
        ("/away/secret.txt", 404),
        ("/sub/.hidden", 404),
        ("/sub/%2ehidden", 404),
        ("/../ten.txt", 400),
        ("/sub/%2e%2e/ten.txt", 400),
        ("/sub/..%2f..%2fetc/passwd", 400),
        ("/ten.txt%00", 400),
        ("/sub\\..\\ten.txt", 400),
        ("/sub/", 404),
        ("/ten.txt/", 404),
    ] {
        let answer = server.get(path);
        assert_eq!(answer.status(), status, "{path}");
        assert!(!answer.0.contains("secret\n") && !answer.body().contains("hidden"));
    }
    let redirect = server.get("//sub?q");
    assert_eq!((redirect.status(), redirect.header("location")), (301, Some("/sub/?q")));
    server.stop();
    let server = Server::start(&folder.0, &["--hidden", "--follow-links"]);
    assert_eq!(server.get("/away/secret.txt").body(), "secret");
    assert_eq!(server.get("/sub/.hidden").body(), "hidden");
    server.stop();
}

#[test]
fn requests_that_are_none_and_connections_that_go_on() {
    let folder = site("framing");
    let server = Server::start(&folder.0, &["--keep-alive-requests", "3", "--max-body", "10"]);
    let get = "GET /ten.txt HTTP/1.1\r\nHost: a\r\n";
    for (request, status) in [
        ("GET /ten.txt HTTP/1.1\r\n\r\n".to_owned(), 400),
        (format!("{get}Host: b\r\n\r\n"), 400),
        (format!("{get}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"), 400),
        (format!("{get}Transfer-Encoding: chunked\r\n\r\nx\r\n"), 400),
        (format!("{get}Content-Length: 11\r\n\r\n"), 413),
        (format!("{get}Expect: tea\r\n\r\n"), 417),
        (format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(9000)), 414),
        (format!("{get}A: {}\r\n\r\n", "x".repeat(17_000)), 431),
        ("PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc".into(), 405),
        ("BREW /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".into(), 501),
        ("GET / HTTP/3.0\r\n\r\n".into(), 505),
        ("GET /ten.txt HTTP/1.9\r\nConnection: close\r\nHost: a\r\n\r\n".into(), 200),
        ("\r\nGET /ten.txt HTTP/1.2\r\n\r\n".into(), 400),
    ] {
        let answer = server.raw(&request);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request:.80}: {answer:.40}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{request:.80}");
    }
    // Three, with bodies of both framings between, and no fourth.
    let all = server.raw(format!(
        "{get}Content-Length: 3\r\n\r\nabc{get}Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n{get}\r\n{get}\r\n"
    ));
    assert_eq!(all.matches("HTTP/1.1 200 OK").count(), 3, "{all}");
    assert!(all.contains("keep-alive: timeout=60, max=2") && all.contains("connection: close"));
    let mut stream = server.connect();
    stream.write_all(format!("{get}Expect: 100-continue\r\nContent-Length: 3\r\n\r\n").as_bytes()).unwrap();
    let mut buffer = [0; 25];
    stream.read_exact(&mut buffer).unwrap();
    assert_eq!(&buffer, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"abc").unwrap();
    stream.read_exact(&mut buffer[..15]).unwrap();
    assert_eq!(&buffer[..15], b"HTTP/1.1 200 OK");
    drop(stream);
    server.stop();
}

#[test]
fn slow_clients_are_cut_off() {
    let folder = site("slow");
    let limits = ["--header-timeout", "--body-timeout", "--send-timeout", "--keep-alive"];
    let limits = limits.iter().flat_map(|limit| [limit, "0.4"]);
    let words: Vec<&str> = limits.chain(["--metrics", "/metrics"]).collect();
    let server = Server::start(&folder.0, &words);
    assert!(server.raw("GET / HTTP/1.1\r\nHost: a\r\n").starts_with("HTTP/1.1 408 "));
    let slow = server.raw("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab");
    assert!(slow.starts_with("HTTP/1.1 408 "), "{slow:.40}");
    assert_eq!(server.raw(""), "");
    assert_eq!(server.raw("GET /ten.txt HTTP/1.1\r\nHost: a\r\n\r\n").matches("HTTP/1.1").count(), 1);
    // Takes nothing of an answer that no buffer holds.
    let mut stream = server.connect();
    stream.write_all(b"GET /large.bin HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    // Only the connection that asks for the counts is open then.
    until("the stalled connection is closed", || {
        server.get("/metrics").body().lines().any(|line| line == "ranks_serve_connections 1")
    });
    let mut taken = Vec::new();
    let _ = stream.read_to_end(&mut taken);
    assert!(taken.len() < 12_000_000, "{}", taken.len());
    server.stop();
}

#[test]
fn listing_fallback_pages_users_origins() {
    let folder = site("pages");
    folder.write("missing.html", "this is not there");
    let users = folder.write(".users", format!("ann:{{SHA256}}{SECRET}\n"));
    let users = users.display().to_string();
    let server = Server::start(
        &folder.0,
        &["--listing", "--error-page", "404=missing.html", "--cors", "https://a.example"],
    );
    assert!(server.get("/sub/?sort=size").body().contains("href=\"./a%20b.txt\""));
    let json = server.ask("GET /sub/", &["Accept: application/json"]);
    let listing: serde_json::Value = serde_json::from_str(json.body()).unwrap();
    assert_eq!((&listing["total"], &listing["truncated"]), (&1.into(), &false.into()));
    let entries = &listing["entries"];
    assert_eq!(
        (&entries[0]["name"], &entries[0]["size"], entries.as_array().unwrap().len()),
        (&"a b.txt".into(), &6.into(), 1)
    );
    let missing = server.get("/nothing");
    assert_eq!((missing.status(), missing.body()), (404, "this is not there"));
    let origin = "access-control-allow-origin";
    assert_eq!(server.ask("GET /", &["Origin: https://a.example"]).header(origin), Some("https://a.example"));
    assert_eq!(server.ask("GET /", &["Origin: https://b.example"]).header(origin), None);
    server.stop();
    let server = Server::start(&folder.0, &["--fallback", "ten.txt", "--auth-file", &users]);
    let refused = server.get("/ten.txt");
    assert_eq!(refused.status(), 401);
    assert!(refused.header("www-authenticate").unwrap().starts_with("Basic "));
    for (credentials, status) in [("YW5uOnNlY3JldA==", 200), ("YW5uOndyb25n", 401), ("ZXZlOnNlY3JldA==", 401)]
    {
        let answer = server.ask("GET /app/route", &[&format!("Authorization: Basic {credentials}")]);
        assert_eq!(answer.status(), status);
        assert_eq!(answer.body() == "0123456789", status == 200);
    }
    server.stop();
}

/// SHA-256 of "secret".
const SECRET: &str = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";

#[test]
fn ranks_share_a_port_count_together_and_drain() {
    let folder = site("ranks");
    let log = folder.0.join("log");
    let words =
        ["-n", "3", "--metrics", "/metrics", "--log-format", "json", "--access-log", log.to_str().unwrap()];
    let server = Server::start(&folder.0, &words);
    assert!(server.said.ends_with(" with 3 ranks\n"), "{}", server.said);
    for _ in 0..40 {
        assert_eq!(server.get("/ten.txt").status(), 200);
    }
    // Whichever rank is asked, it knows of all requests before this one.
    for asked in 0..6 {
        let counts = server.get("/metrics");
        let wanted = format!("ranks_serve_requests_total{{status=\"200\"}} {}", 40 + asked);
        assert!(counts.body().lines().any(|line| line == wanted), "{wanted} is not in\n{}", counts.body());
        assert!(counts.body().contains("ranks_serve_ranks 3\n"));
    }
    // What is under way when TERM comes is finished, and no new connection is taken.
    let mut stream = server.connect();
    stream.write_all(b"GET /large.bin HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let mut taken = vec![0; 1000];
    stream.read_exact(&mut taken).unwrap();
    let idle = server.connect();
    let at = server.at;
    server.signal("TERM");
    until("no connection is taken", || std::net::TcpStream::connect(at).is_err());
    assert!(stream.read_to_end(&mut taken).is_ok());
    assert!(taken.len() > 12_000_000 && taken.ends_with(&2_999_999u32.to_le_bytes()), "{}", taken.len());
    drop(idle);
    assert_eq!(server.end(), (Some(0), String::new()));
    let lines = std::fs::read_to_string(log).unwrap();
    assert_eq!(lines.lines().count(), 47);
    for line in lines.lines() {
        serde_json::from_str::<serde_json::Value>(line).expect(line);
    }
}

/// Waits until a condition holds; the watchdog of the server is longer.
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(40), "it never happened: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Asks for much, and takes nothing of it.
fn stuck(server: &Server) -> std::net::TcpStream {
    let mut stream = server.connect();
    stream.write_all(b"GET /large.bin HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    stream.read_exact(&mut [0; 1000]).unwrap();
    stream
}

#[test]
fn draining_has_an_end() {
    let folder = site("drain");
    for ranks in ["1", "2"] {
        let server = Server::start(&folder.0, &["-n", ranks, "--drain", "0.5"]);
        let stuck = stuck(&server);
        let start = Instant::now();
        server.stop();
        assert!(start.elapsed() >= Duration::from_millis(400));
        drop(stuck);
    }
    // A second signal is the end of patience, unless it comes with the first. Without it, this would last longer than
    // the watchdog allows.
    let server = Server::start(&folder.0, &["-n", "2", "--drain", "300"]);
    let stuck = stuck(&server);
    server.signal("TERM");
    until("it drains", || std::net::TcpStream::connect(server.at).is_err());
    std::thread::sleep(Duration::from_millis(700));
    server.signal("TERM");
    let (code, said) = server.end();
    assert_eq!(code, Some(143));
    assert!(said.contains("signal 15 (SIGTERM): ending the job"), "{said}");
    drop(stuck);
}

#[test]
fn a_rank_that_dies_is_reported() {
    let folder = site("death");
    let server = Server::start(&folder.0, &["-n", "2"]);
    let ranks = server.ranks();
    assert_eq!(ranks.len(), 2);
    let killed = std::process::Command::new("kill").args(["-s", "KILL", &ranks[1].to_string()]).status();
    assert!(killed.unwrap().success());
    let (code, said) = server.end();
    assert_eq!(code, Some(137));
    assert!(said.contains("was killed by signal 9"), "{said}");
}

#[test]
fn an_idle_server_uses_no_cpu() {
    let folder = site("idle");
    let server = Server::start(&folder.0, &["-n", "2", "--metrics", "/metrics"]);
    assert_eq!(server.get("/metrics").status(), 200);
    let used = || server.ranks().iter().map(|pid| ticks(*pid)).sum::<u64>();
    // A tick is a hundredth of a second. What the start left to do may take a while on a busy machine.
    until("a second in which nothing is used", || {
        let before = used();
        std::thread::sleep(Duration::from_secs(1));
        used() == before
    });
    server.stop();
}

fn ticks(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    fields[11..13].iter().map(|field| field.parse::<u64>().unwrap()).sum()
}

#[test]
fn what_cannot_start_says_why_once() {
    let folder = site("start");
    let bad = folder.write("users", "ann:secret\n");
    let good = folder
        .write("good", "ann:{SHA256}2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90\n");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let at = taken.local_addr().unwrap().to_string();
    for (words, wanted) in [
        (&["--auth-file", bad.to_str().unwrap()][..], "line 1: the hash of ann is neither"),
        (&["--fallback", "nothing.html"], "is no file"),
        (&["--error-page", "404=nothing.html"], "No such file"),
        (&["--tls-cert", "/nothing", "--tls-key", "/nothing"], "the certificate /nothing"),
        (&["--access-log", "/nothing/log"], "the access log /nothing/log"),
        (
            &["--auth-file", good.to_str().unwrap(), "--access-log", good.to_str().unwrap()],
            "is the file of --auth-file",
        ),
        (&["--listen", &at], "cannot listen on 127.0.0.1:"),
    ] {
        for ranks in ["1", "2"] {
            let output = fails(&folder.0, &[words, &["-n", ranks]].concat());
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(said.matches(wanted).count(), 1, "{words:?}: {said}");
            assert_eq!((output.status.code(), said.lines().count()), (Some(2), 1), "{said}");
        }
    }
    let output = fails(&folder.0.join("nothing"), &[]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot serve "));
}
