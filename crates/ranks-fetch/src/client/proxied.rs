//! Through which proxy a URL is requested, to be told where a connection fails.

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::Url;

use super::Proxy;

/// What decides about proxies.
pub(super) enum Proxied {
    /// There is none.
    Never,
    /// This one for everything.
    Always(String),
    /// What the environment says.
    Environment(Box<Matcher>),
}

impl Proxied {
    /// As the options say. `never`: the environment asks for no proxy, whatever the host.
    pub(super) fn of(proxy: &Proxy, never: bool) -> Proxied {
        match proxy {
            Proxy::Url(url) => Proxied::Always(shown(url)),
            Proxy::Environment if !never => Proxied::Environment(Box::new(Matcher::from_env())),
            Proxy::Environment | Proxy::Direct => Proxied::Never,
        }
    }

    /// The proxy for a URL, without the password that its own URL may hold.
    pub(super) fn for_url(&self, url: &Url) -> Option<String> {
        match self {
            Proxied::Never => None,
            Proxied::Always(proxy) => Some(proxy.clone()),
            Proxied::Environment(matcher) => {
                let found = matcher.intercept(&url.as_str().parse().ok()?)?;
                Some(shown(&found.uri().to_string()))
            }
        }
    }
}

fn shown(proxy: &str) -> String {
    match Url::parse(proxy) {
        Ok(url) => {
            let port = url.port().map_or(String::new(), |port| format!(":{port}"));
            format!("{}://{}{port}", url.scheme(), url.host_str().unwrap_or_default())
        }
        Err(_) => proxy.to_owned(),
    }
}
