//! HTTP over TLS: which protocol is agreed on, and whose certificates are believed.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use ranks_fetch::{Certificates, Client, ClientOptions, FailureKind, HttpVersion, Proxy, Trust, Visit};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// A certificate and its key, and the certificate as people keep it.
struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: KeyPair,
    file: PathBuf,
}

impl Drop for Identity {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.file);
    }
}

fn kept(name: &str, pem: &str) -> PathBuf {
    let file = std::env::temp_dir().join(format!("ranks-tls-{}-{name}.pem", std::process::id()));
    std::fs::write(&file, pem).unwrap();
    file
}

fn params(host: &str, signs: bool) -> CertificateParams {
    let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
    params.is_ca = if signs { IsCa::Ca(BasicConstraints::Unconstrained) } else { IsCa::NoCa };
    params
}

/// One that signed itself and is marked as one that signs, as `openssl req -x509` makes them.
fn own(name: &str, params: CertificateParams) -> Identity {
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    Identity { file: kept(name, &certificate.pem()), chain: vec![certificate.der().clone()], key }
}

/// One signed by an authority; the file is the authority's.
fn signed(name: &str) -> Identity {
    let authority =
        CertifiedIssuer::self_signed(params("an authority", true), KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = params("127.0.0.1", false).signed_by(&key, &authority).unwrap();
    Identity { file: kept(name, &authority.pem()), chain: vec![certificate.der().clone()], key }
}

/// Serves "two" over HTTP/2 and "one" over HTTP/1.1, as is agreed; gives its URL and counts connections.
async fn serve(identity: &Identity, protocols: &[&str]) -> (String, Arc<AtomicUsize>) {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = PrivateKeyDer::try_from(identity.key.serialize_der()).unwrap();
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(identity.chain.clone(), key)
        .unwrap();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = connections.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, counted) = (acceptor.clone(), counted.clone());
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                counted.fetch_add(1, Ordering::Relaxed);
                let two = stream.get_ref().1.alpn_protocol() == Some(b"h2");
                let answer = hyper::service::service_fn(|request: hyper::Request<Incoming>| async move {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                    let text = if request.version() == hyper::Version::HTTP_2 { "two" } else { "1.1" };
                    let body = http_body_util::Full::new(bytes::Bytes::from(text.repeat(1000)));
                    Ok::<_, std::convert::Infallible>(hyper::Response::new(body))
                });
                let io = TokioIo::new(stream);
                // The client's going away ends the connection, and nothing else.
                let _ = match two {
                    true => {
                        let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                        server.serve_connection(io, answer).await
                    }
                    false => hyper::server::conn::http1::Builder::new().serve_connection(io, answer).await,
                };
            });
        }
    });
    (url, connections)
}

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { tokio::time::timeout(Duration::from_secs(20), test).await.unwrap() });
}

fn options(trust: Trust) -> ClientOptions {
    ClientOptions {
        timeout: Duration::from_secs(5),
        proxy: Proxy::Direct,
        expect: vec!["text=twotwo".parse().unwrap()],
        trust,
        ..ClientOptions::default()
    }
}

fn these(identity: &Identity) -> Trust {
    Trust::These(Certificates::from_file(identity.file.to_str().unwrap()).unwrap())
}

async fn visit(options: ClientOptions, url: &str) -> Visit {
    Client::new(options).unwrap().check(url).await
}

fn refused(visit: &Visit) -> bool {
    visit.failure.as_ref().is_some_and(|failure| failure.kind == FailureKind::Tls)
}

#[test]
fn http_2_is_agreed_on_and_one_connection_carries_many_requests() {
    run(async {
        let identity = signed("agreed");
        let (url, connections) = serve(&identity, &["h2", "http/1.1"]).await;
        let client = Client::new(options(these(&identity))).unwrap();
        assert_eq!(client.check(&url).await.failure, None);
        let visits: Vec<_> = (0..50)
            .map(|_| {
                let (client, url) = (client.clone(), url.clone());
                tokio::spawn(async move { client.check(&url).await })
            })
            .collect();
        for visit in visits {
            let found = visit.await.unwrap();
            assert_eq!((found.status, found.bytes, found.failure), (Some(200), 3000, None));
        }
        assert_eq!(connections.load(Ordering::Relaxed), 1);
    });
}

#[test]
fn the_protocol_asked_for_is_the_one_spoken() {
    run(async {
        let identity = signed("asked");
        let (both, _) = serve(&identity, &["h2", "http/1.1"]).await;
        let (old, _) = serve(&identity, &["http/1.1"]).await;
        let version = |http, text: &str| ClientOptions {
            http,
            expect: vec![format!("text={text}").parse().unwrap()],
            ..options(these(&identity))
        };
        assert_eq!(visit(version(HttpVersion::One, "1.1"), &both).await.failure, None);
        assert_eq!(visit(version(HttpVersion::Two, "two"), &both).await.failure, None);
        assert_eq!(visit(version(HttpVersion::Auto, "1.1"), &old).await.failure, None);
        assert!(refused(&visit(version(HttpVersion::Two, "two"), &old).await));
    });
}

#[test]
fn strangers_are_refused_unless_nobody_minds() {
    run(async {
        let (identity, another) = (signed("stranger"), signed("another"));
        let (url, _) = serve(&identity, &["h2"]).await;
        assert!(refused(&visit(options(Trust::System), &url).await));
        assert!(refused(&visit(options(these(&another)), &url).await));
        assert_eq!(visit(options(Trust::Anything), &url).await.failure, None);
        // The name in it counts too.
        let elsewhere = url.replace("127.0.0.1", "localhost");
        assert!(refused(&visit(options(these(&identity)), &elsewhere).await));
        assert_eq!(visit(options(Trust::Anything), &elsewhere).await.failure, None);
    });
}

#[test]
fn a_certificate_that_signed_itself_can_be_trusted_by_its_file() {
    run(async {
        let identity = own("own", params("127.0.0.1", true));
        let (url, _) = serve(&identity, &["h2"]).await;
        assert_eq!(visit(options(these(&identity)), &url).await.failure, None);
        assert!(refused(&visit(options(these(&identity)), &url.replace("127.0.0.1", "localhost")).await));
        assert!(refused(&visit(options(these(&own("other", params("127.0.0.1", true)))), &url).await));

        let mut old = params("127.0.0.1", true);
        (old.not_before, old.not_after) =
            (rcgen::date_time_ymd(2001, 1, 1), rcgen::date_time_ymd(2002, 1, 1));
        let identity = own("old", old);
        let (url, _) = serve(&identity, &["h2"]).await;
        assert!(refused(&visit(options(these(&identity)), &url).await));
    });
}

#[test]
fn files_that_hold_no_certificates_are_refused_with_a_reason() {
    let empty = kept("empty", "nothing here\n");
    let broken = kept("broken", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    for (file, word) in [
        (&*empty, "holds no certificate"),
        (&*broken, "certificate 1"),
        ("/no/such/file".as_ref(), "cannot read"),
    ] {
        let error = Certificates::from_file(file.to_str().unwrap()).unwrap_err().to_string();
        assert!(error.contains(word) && error.contains(file.to_str().unwrap()), "{error}");
        let _ = std::fs::remove_file(file);
    }
}
