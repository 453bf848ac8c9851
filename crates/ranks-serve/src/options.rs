//! The options of `ranks serve`.

mod limits;
mod value;

use std::net::SocketAddr;
use std::path::PathBuf;

pub use limits::Limits;
use value::{address, error_page, header, name, origin, path, value};

/// How lines of the access log look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// The combined format of Apache and nginx.
    #[default]
    Combined,
    /// One JSON object a line.
    Json,
}

/// Serve the files of a folder over HTTP, with several ranks.
///
/// Each rank accepts connections on a socket of its own; the kernel shares them out. HTTP/1.1 and, with TLS or a client
/// that knows, HTTP/2. Nothing outside DIR is served, whatever paths and links say. TERM or INT: no more connections,
/// what runs is finished, exit status 0.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// The folder to serve
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,

    /// Where to listen; port 0 is any free one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8080", value_parser = address)]
    pub listen: SocketAddr,

    /// Speak TLS, with the certificate (chain) in FILE, PEM
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,

    /// The certificate's private key, PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,

    /// The file that is served for a folder
    #[arg(long, value_name = "NAME", default_value = "index.html", value_parser = name)]
    pub index: String,

    /// Show what is in folders that have no index; as JSON to clients that ask with Accept: application/json
    #[arg(long)]
    pub listing: bool,

    /// Answer unknown paths with 200 and FILE (relative to DIR): for single-page applications
    #[arg(long, value_name = "FILE")]
    pub fallback: Option<PathBuf>,

    /// The page for errors of one status: 404=404.html (relative to DIR); may be given several times
    #[arg(long = "error-page", value_name = "STATUS=FILE", value_parser = error_page)]
    pub error_pages: Vec<(u16, PathBuf)>,

    /// Ask for name and password; FILE holds lines user:HASH, bcrypt ($2b$...) or {SHA256}... (hex or base64)
    #[arg(long, value_name = "FILE")]
    pub auth_file: Option<PathBuf>,

    /// Let pages of this origin read answers (https://example.org, or *); may be given several times
    #[arg(long, value_name = "ORIGIN", value_parser = origin)]
    pub cors: Vec<String>,

    /// Serve names that begin with a dot too
    #[arg(long)]
    pub hidden: bool,

    /// Follow links that lead out of DIR
    #[arg(long)]
    pub follow_links: bool,

    /// Do not compress on the fly
    #[arg(long)]
    pub no_compression: bool,

    /// Do not look for files compressed beforehand (page.html.br, .zst, .gz)
    #[arg(long)]
    pub no_precompressed: bool,

    /// The Cache-Control header of files: "max-age=3600"
    #[arg(long, value_name = "VALUE", value_parser = value)]
    pub cache_control: Option<String>,

    /// A header of all answers, "Name: value"; may be given several times
    #[arg(short = 'H', long = "header", value_name = "HEADER", value_parser = header)]
    pub headers: Vec<String>,

    /// Write a line for each request to FILE (appended), or to standard output (-)
    #[arg(long, value_name = "FILE")]
    pub access_log: Option<PathBuf>,

    /// How these lines look
    #[arg(long, value_enum, default_value_t, requires = "access_log")]
    pub log_format: LogFormat,

    /// Answer this path with counts of all ranks together, in the text format of Prometheus: /metrics
    #[arg(long, value_name = "PATH", value_parser = path)]
    pub metrics: Option<String>,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub limits: Limits,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(clap::Parser)]
    struct Command {
        #[command(flatten)]
        options: Options,
    }

    fn parse(words: &[&str]) -> Result<Options, String> {
        let words = ["serve", "dir"].iter().chain(words);
        <Command as clap::Parser>::try_parse_from(words)
            .map(|it| it.options)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn values_are_checked() {
        for words in [
            &["--listen", "[::1]:0"][..],
            &["--listen", "localhost:8080"],
            &["--error-page", "404=a=b.html", "--error-page", "500=/etc/x"],
            &["--cors", "*", "--cors", "https://example.org:8443"],
            &["--header", "X-Frame-Options: DENY", "--cache-control", "no-cache"],
            &["--metrics", "/metrics", "--keep-alive", "0.5", "--max-headers", "128"],
            &["--access-log", "-", "--log-format", "json"],
        ] {
            parse(words).unwrap();
        }
        for words in [
            &["--listen", "8080"][..],
            &["--error-page", "404"],
            &["--error-page", "200=a"],
            &["--error-page", "404="],
            &["--cors", "example.org"],
            &["--cors", "https://example.org/"],
            &["--header", "nothing"],
            &["--header", "Content-Length: 5"],
            &["--header", "A: b\r\nC: d"],
            &["--cache-control", "a\nb"],
            &["--index", "../a"],
            &["--metrics", "metrics"],
            &["--tls-cert", "a.pem"],
            &["--log-format", "json"],
            &["--keep-alive", "0"],
            &["--max-headers", "0"],
            &["--max-headers", "129"],
            &["--max-uri", "10000000000"],
        ] {
            assert!(parse(words).is_err(), "{words:?}");
        }
    }
}
