//! What a client sends, and how it takes answers beyond the plain ones.

mod server;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use ranks_fetch::sample::Site;
use ranks_fetch::{Client, ClientOptions, FailureKind, HttpVersion, Method, Proxy, Visit};
use server::{Request, Server, answer};

/// Visits all `urls` with one client, one after the other.
fn visits(options: ClientOptions, urls: &[String]) -> Vec<Visit> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let client = Client::new(options).unwrap();
        let mut visits = Vec::new();
        for url in urls {
            let visit = tokio::time::timeout(Duration::from_secs(20), client.check(url)).await;
            visits.push(visit.expect("an end in time"));
        }
        visits
    })
}

fn visit(options: ClientOptions, url: &str) -> Visit {
    visits(options, &[url.to_owned()]).remove(0)
}

fn quick() -> ClientOptions {
    ClientOptions { timeout: Duration::from_secs(5), proxy: Proxy::Direct, ..ClientOptions::default() }
}

fn kind(visit: &Visit) -> Option<FailureKind> {
    visit.failure.as_ref().map(|failure| failure.kind)
}

#[test]
fn methods_headers_and_bodies_arrive() {
    let server = Server::start(|_| answer(200, "", b"ok"));
    let options = ClientOptions {
        method: Method::Other("PATCH".into()),
        headers: vec!["X-One: 1".into(), "user-agent: mine".into()],
        body: Some("a=b&c".into()),
        ..quick()
    };
    assert_eq!(visit(options, &server.url("/x?y=z")).status, Some(200));
    let seen = server.seen().remove(0);
    assert_eq!((&*seen.method, &*seen.path, &*seen.body), ("PATCH", "/x?y=z", &b"a=b&c"[..]));
    assert_eq!((seen.header("x-one"), seen.header("User-Agent")), (Some("1"), Some("mine")));
    let wrong = ClientOptions { headers: vec!["no header".into()], ..quick() };
    assert!(Client::new(wrong).unwrap_err().to_string().contains("Name: value"));
}

#[test]
fn where_head_is_not_done_get_is() {
    let server = Server::start(|request: &Request| match (&*request.method, &*request.path) {
        ("HEAD", "/both") => answer(200, "", b"body"),
        ("HEAD", "/mute") => Vec::new(),
        ("HEAD", "/round") => answer(302, "Location: /round\r\n", b""),
        ("HEAD", _) => answer(405, "", b""),
        (_, "/gone") => answer(404, "", b"no"),
        _ => answer(200, "", b"body"),
    });
    let either = ClientOptions { method: Method::HeadOrGet, ..quick() };
    for (path, status) in [("/both", 200), ("/getonly", 200), ("/mute", 200), ("/round", 200), ("/gone", 404)]
    {
        let found = visit(either.clone(), &server.url(path));
        assert_eq!((found.status, found.bytes, found.failure), (Some(status), 0, None), "{path}");
    }
    let head = ClientOptions { method: Method::Head, ..quick() };
    assert_eq!(visit(head, &server.url("/getonly")).status, Some(405));
    assert!(server.seen().iter().all(|request| request.path != "/both" || request.method == "HEAD"));
}

#[test]
fn a_kept_connection_that_is_closed_on_the_way_of_a_redirect_is_no_fault_of_the_page() {
    // Each connection brings one answer, without a word that it was the last; the next request on it finds it closed.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/first", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || -> std::io::Result<()> {
                stream.set_read_timeout(Some(Duration::from_secs(20)))?;
                let head = head(&mut stream)?;
                let answer: &[u8] = match head.contains("/first ") {
                    true => b"HTTP/1.1 302 Found\r\nLocation: /last\r\nContent-Length: 0\r\n\r\n",
                    false => b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlast",
                };
                stream.write_all(answer)?;
                self::head(&mut stream).map(drop)
            });
        }
    });
    let found = visit(quick(), &url);
    assert_eq!((found.status, found.bytes, found.failure), (Some(200), 4, None));
}

/// Reads the head of a request.
fn head(stream: &mut TcpStream) -> std::io::Result<String> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

#[test]
fn a_request_with_consequences_is_not_sent_twice() {
    let server = Server::start(|_| Vec::new());
    let post = ClientOptions { method: Method::Other("POST".into()), ..quick() };
    assert_eq!(kind(&visit(post, &server.url("/"))), Some(FailureKind::ConnectionClosed));
    assert_eq!(server.seen().len(), 1);
    assert_eq!(kind(&visit(quick(), &server.url("/"))), Some(FailureKind::ConnectionClosed));
    assert_eq!(server.seen().len(), 3);
}

#[test]
fn compressed_bodies_are_what_they_were() {
    const GZIP: &[u8] =
        b"\x1f\x8b\x08\0\0\0\0\0\0\xff\x01\x0b\0\xf4\xffhello world\x85\x11\x4a\x0d\x0b\0\0\0";
    let server = Server::start(|request: &Request| {
        let wanted = request.header("accept-encoding").is_some();
        match &*request.path {
            _ if !wanted => answer(200, "", b"plain"),
            "/gzip" => answer(200, "Content-Encoding: gzip\r\n", GZIP),
            "/br" => answer(200, "Content-Encoding: br\r\n", b"\x0b\x05\x80hello world\x03"),
            "/zstd" => {
                answer(200, "Content-Encoding: zstd\r\n", b"\x28\xb5\x2f\xfd\x20\x0b\x59\0\0hello world")
            }
            "/cut" => answer(200, "Content-Encoding: gzip\r\n", &GZIP[..20]),
            _ => answer(200, "Content-Encoding: gzip\r\n", b"this is not gzip"),
        }
    });
    let expect = vec!["text=hello world".parse().unwrap(), "size=11".parse().unwrap()];
    let options = ClientOptions { expect, ..quick() };
    for path in ["/gzip", "/br", "/zstd"] {
        let found = visit(options.clone(), &server.url(path));
        assert_eq!((found.bytes, found.failure), (11, None), "{path}");
    }
    for path in ["/cut", "/wrong"] {
        let found = visit(quick(), &server.url(path));
        assert!(
            matches!(kind(&found), Some(FailureKind::BadResponse | FailureKind::BodyCutShort)),
            "{found:?}"
        );
    }
    let head = ClientOptions { method: Method::Head, ..quick() };
    assert_eq!(visit(head, &server.url("/gzip")).failure, None);
    let plain = ClientOptions { compression: false, ..quick() };
    assert_eq!(visit(plain, &server.url("/gzip")).bytes, 5);
}

#[test]
fn compressed_bodies_of_every_spelling_are_undone_whole() {
    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        std::io::Write::write_all(&mut writer, bytes).unwrap();
        writer.finish().unwrap()
    }
    fn zstd(bytes: &[u8], window: u32) -> Vec<u8> {
        let mut writer = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
        writer.window_log(window).unwrap();
        std::io::Write::write_all(&mut writer, bytes).unwrap();
        writer.finish().unwrap()
    }
    let server = Server::start(|request: &Request| {
        let coded = |name: &str, body: &[u8]| answer(200, &format!("Content-Encoding: {name}\r\n"), body);
        let members = [gzip(b"hello "), gzip(b"world")].concat();
        match &*request.path {
            "/members" => coded("gzip", &members),
            "/upper" => coded("GZIP", &members),
            "/old" => coded("x-gzip", &members),
            "/twice" => coded("gzip, gzip", &gzip(&members)),
            "/lines" => coded("gzip\r\nContent-Encoding: zstd", &zstd(&members, 20)),
            "/identity" => coded("identity", b"hello world"),
            "/frames" => coded("zstd", &[zstd(b"hello ", 20), zstd(b"world", 20)].concat()),
            "/window" => coded("zstd", &zstd(&vec![7; 1 << 20], 27)),
            "/member-cut" => coded("gzip", &members[..members.len() - 5]),
            "/frame-cut" => coded("zstd", &zstd(&[7; 1000], 20)[..8]),
            "/garbage" => coded("gzip", &[members, b"garbage".to_vec()].concat()),
            _ => coded("gzip, gzip, gzip, gzip", b"x"),
        }
    });
    for path in ["/members", "/upper", "/old", "/twice", "/lines", "/identity", "/frames"] {
        let expect = vec!["text=hello world".parse().unwrap(), "size=11".parse().unwrap()];
        let found = visit(ClientOptions { expect, ..quick() }, &server.url(path));
        assert_eq!((found.bytes, found.failure), (11, None), "{path}");
    }
    for path in ["/window", "/member-cut", "/frame-cut", "/garbage", "/four"] {
        let found = visit(quick(), &server.url(path));
        let kind = kind(&found);
        assert!(
            matches!(kind, Some(FailureKind::BadResponse | FailureKind::BodyCutShort)),
            "{path}: {found:?}"
        );
        assert_eq!(found.status, Some(200), "{path}");
    }
}

#[test]
fn a_page_with_an_odd_line_in_its_head_is_still_a_page() {
    let server = Server::start(|request: &Request| match &*request.path {
        "/space" => answer(200, "X-Foo : b\r\n", b"page"),
        "/folded" => answer(200, "X-Foo: b\r\n and more\r\n", b"page"),
        "/many" => answer(200, &"X-Foo: b\r\n".repeat(300), b"page"),
        _ => answer(200, "no colon here\r\n", b"page"),
    });
    for path in ["/space", "/folded", "/many", "/none"] {
        let found = visit(quick(), &server.url(path));
        assert_eq!((found.status, found.bytes, found.failure), (Some(200), 4, None), "{path}");
    }
}

#[test]
fn a_redirect_is_followed_or_is_bad_and_never_a_success() {
    let server = Server::start(|request: &Request| {
        let to = |location: &[u8]| {
            let head = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nConnection: close\r\nLocation: ";
            [head, location, b"\r\n\r\n"].concat()
        };
        match &*request.path {
            "/1" => to(b"http://"),
            "/2" => to(b"http://[::1"),
            "/3" => to(b"http://a b/"),
            "/4" => to(b"http://127.0.0.1:99999/"),
            "/5" => to(b"ftp://127.0.0.1/"),
            "/6" => to(b"mailto:a@b.example"),
            "/7" => to(b"file:///etc/passwd"),
            "/8" => to(b"http://127.0.0.2:1/\xe9"),
            "/dead" => to(b"http://127.0.0.1:1/x"),
            "/latin" => to(b"/caf\xe9"),
            "/space" => to(b"/with space"),
            "/caf%E9" | "/with%20space" => answer(200, "", b"page"),
            other => panic!("{other} was asked for"),
        }
    });
    let found = visit(quick(), &server.url("/dead"));
    let failure = found.failure.unwrap().to_string();
    assert_eq!(failure, "connection refused: redirected to http://127.0.0.1:1/x");
    for number in 1..=8 {
        let expect = vec!["status=200-399".parse().unwrap()];
        let found = visit(ClientOptions { expect, ..quick() }, &server.url(&format!("/{number}")));
        assert_eq!((kind(&found), found.status), (Some(FailureKind::BadRedirect), Some(302)), "{number}");
    }
    for path in ["/latin", "/space"] {
        let found = visit(quick(), &server.url(path));
        assert_eq!((found.status, found.bytes, found.failure), (Some(200), 4, None), "{path}");
    }
    let stay = ClientOptions { max_redirects: 0, ..quick() };
    assert_eq!(visit(stay, &server.url("/1")).failure, None);
}

#[test]
fn a_redirect_that_names_no_place_is_told() {
    let server = Server::start(|request: &Request| match &*request.path {
        "/none" => answer(302, "", b"body"),
        "/empty" => answer(308, "Location:\r\n", b""),
        "/blank" => answer(301, "Location:  \r\n", b""),
        "/onward" => answer(307, "Location: /none\r\n", b""),
        // These are no redirects that a client follows.
        "/choices" => answer(300, "", b""),
        _ => answer(304, "", b""),
    });
    let expect: Vec<_> = vec!["status=200-399".parse().unwrap()];
    let expecting = ClientOptions { expect, ..quick() };
    for (path, status, words) in [
        ("/none", 302, "bad redirect: no Location says where to"),
        ("/empty", 308, "bad redirect: its Location is empty"),
        ("/blank", 301, "bad redirect: its Location is empty"),
        ("/onward", 302, "bad redirect: no Location says where to"),
    ] {
        for options in [&expecting, &quick()] {
            let found = visit(options.clone(), &server.url(path));
            assert_eq!(found.status, Some(status), "{path}");
            assert_eq!(found.failure.map(|failure| failure.to_string()).as_deref(), Some(words), "{path}");
        }
        // Nobody wants it followed: the answer itself is what was asked for.
        let found = visit(ClientOptions { max_redirects: 0, ..expecting.clone() }, &server.url(path));
        assert_eq!(found.failure, None, "{path}");
    }
    assert_eq!(visit(expecting.clone(), &server.url("/none")).bytes, 4);
    for path in ["/choices", "/unchanged"] {
        assert_eq!(visit(expecting.clone(), &server.url(path)).failure, None, "{path}");
    }
}

#[test]
fn cookies_are_kept_on_request() {
    let server = Server::start(|request: &Request| match request.header("cookie") {
        None => answer(302, "Set-Cookie: seen=1; Path=/\r\nLocation: /\r\n", b""),
        Some(_) => answer(200, "", b"again"),
    });
    let keeping = ClientOptions { cookies: true, ..quick() };
    assert_eq!(visit(keeping, &server.url("/")).status, Some(200));
    // Without, the site is a loop, which is noticed at its second round.
    let before = server.seen().len();
    assert_eq!(kind(&visit(quick(), &server.url("/"))), Some(FailureKind::TooManyRedirects));
    assert!(server.seen().len() - before <= 3);
}

#[test]
fn a_proxy_is_asked_for_everything() {
    let proxy = Server::start(|_| answer(200, "", b"from the proxy"));
    let through = ClientOptions { proxy: proxy.url("").parse().unwrap(), ..quick() };
    assert_eq!(visit(through, "http://nowhere.invalid/x").bytes, 14);
    assert_eq!(proxy.seen()[0].path, "http://nowhere.invalid/x");
}

#[test]
fn robots_txt_is_obeyed_on_request() {
    let server = Server::start(|request: &Request| match &*request.path {
        "/robots.txt" => answer(200, "", b"User-agent: ranks\nDisallow: /private\n"),
        _ => answer(200, "", b"page"),
    });
    let polite = ClientOptions { robots: true, ..quick() };
    let urls: Vec<String> = ["/private/x", "/open", "/open?2"].iter().map(|path| server.url(path)).collect();
    let found = visits(polite.clone(), &urls);
    assert_eq!(found[0].failure.as_ref().unwrap().to_string(), "disallowed: by robots.txt");
    assert_eq!((found[1].status, found[2].status), (Some(200), Some(200)));
    let paths: Vec<String> = server.seen().into_iter().map(|request| request.path).collect();
    assert_eq!(paths, ["/robots.txt", "/open", "/open?2"]);

    for (status, allowed) in [(404, true), (403, true), (500, false)] {
        let server = Server::start(move |request: &Request| match &*request.path {
            "/robots.txt" => answer(status, "", b"User-agent: *\nDisallow: /"),
            _ => answer(200, "", b"page"),
        });
        assert_eq!(visit(polite.clone(), &server.url("/x")).failure.is_none(), allowed, "{status}");
    }
}

#[test]
fn answers_can_be_expected_to_be_something() {
    let server = Server::start(|request: &Request| match &*request.path {
        "/bad" => answer(503, "Retry-After: 7\r\n", b"Wartung"),
        _ => answer(200, "", b"Welcome home"),
    });
    let expecting = |what: &str| ClientOptions { expect: vec![what.parse().unwrap()], ..quick() };
    for (what, path, error) in [
        ("status=200", "/", None),
        ("status=200", "/bad", Some("unexpected: status 503")),
        ("text=come ho", "/", None),
        ("text=Welcome", "/bad", Some("unexpected: no \"Welcome\" in the body")),
        ("size=12", "/", None),
        ("size=13-", "/", Some("unexpected: 12 bytes")),
    ] {
        let found = visit(expecting(what), &server.url(path));
        assert_eq!(found.failure.map(|failure| failure.to_string()).as_deref(), error, "{what} {path}");
    }
    assert_eq!(visit(quick(), &server.url("/bad")).retry_after, Some(Duration::from_secs(7)));
}

#[test]
fn bodies_are_saved_whole_or_not_at_all() {
    let site = Site::start().unwrap();
    let folder = std::env::temp_dir().join(format!("ranks-save-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let client = Client::new(quick()).unwrap();
        let (whole, cut) = (folder.join("whole"), folder.join("cut"));
        let found = client.visit(&site.url("/page/3000"), Some(&whole)).await;
        assert!(found.saved && found.failure.is_none());
        assert_eq!(std::fs::read(&whole).unwrap().len(), 3000);
        let found = client.visit(&site.url("/cut/3000/100"), Some(&cut)).await;
        assert!(!found.saved && found.failure.is_some());
        let found = client.visit(&site.url("/page/1"), Some(&folder.join("no/such"))).await;
        assert_eq!(kind(&found), Some(FailureKind::NotSaved));
    });
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn http_2_needs_a_server_that_speaks_it() {
    let server = Server::start(|_| answer(200, "", b"1.1"));
    let two = ClientOptions { http: HttpVersion::Two, ..quick() };
    assert!(visit(two, &server.url("/")).failure.is_some());
    let one = ClientOptions { http: HttpVersion::One, ..quick() };
    assert_eq!(visit(one, &server.url("/")).status, Some(200));
}

#[test]
fn http_2_carries_many_requests_on_one_connection() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = connections.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::Relaxed);
                let answer =
                    hyper::service::service_fn(|request: hyper::Request<hyper::body::Incoming>| async move {
                        assert_eq!(request.version(), hyper::Version::HTTP_2);
                        tokio::time::sleep(Duration::from_millis(5)).await;
                        let body = http_body_util::Full::new(bytes::Bytes::from_static(b"two"));
                        Ok::<_, std::convert::Infallible>(hyper::Response::new(body))
                    });
                let io = hyper_util::rt::TokioIo::new(stream);
                let server = hyper::server::conn::http2::Builder::new(hyper_util::rt::TokioExecutor::new());
                tokio::spawn(server.serve_connection(io, answer));
            }
        });
        let client = Client::new(ClientOptions { http: HttpVersion::Two, ..quick() }).unwrap();
        let url = format!("http://{address}/");
        assert_eq!(client.check(&url).await.bytes, 3);
        let visits: Vec<_> = (0..50)
            .map(|_| {
                let (client, url) = (client.clone(), url.clone());
                tokio::spawn(async move { client.check(&url).await })
            })
            .collect();
        for visit in visits {
            let found = visit.await.unwrap();
            assert_eq!((found.status, found.bytes, found.failure), (Some(200), 3, None));
        }
        assert_eq!(connections.load(Ordering::Relaxed), 1);
    });
}

/// Bytes that no URL may hold make a redirect a bad one: it is not guessed what was meant.
#[test]
fn control_bytes_in_a_location_are_a_bad_redirect() {
    for location in ["/a\u{1}b", "/a\u{7f}b", "\u{1}", "http://127.0.0.1:1/\u{2}"] {
        let server = Server::start(move |request| match &*request.path {
            "/" => answer(302, &format!("Location: {location}\r\n"), b""),
            _ => answer(200, "", b"elsewhere"),
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let found = runtime.block_on(async { Client::new(quick()).unwrap().check(&server.url("/")).await });
        let kind = found.failure.as_ref().map(|failure| failure.kind);
        assert_eq!(
            (kind, found.status),
            (Some(FailureKind::BadRedirect), Some(302)),
            "{location:?}: {found:?}"
        );
    }
}
