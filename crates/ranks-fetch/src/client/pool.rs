//! Kept connections, and a bound on them.
//!
//! reqwest keeps the connections of every host for some time, without a limit over all hosts. A list that names
//! ten thousand hosts would exhaust descriptors and memory, so the pool is thrown away, with whatever lies idle in it,
//! once it has seen many hosts. Requests under way keep the old pool alive until they end. A list that stays with few
//! hosts never loses a connection.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use reqwest::Url;
use rustix::process::{Resource, getrlimit};

/// Hosts whose connections are kept, at most.
const HOSTS: u64 = 256;

/// Makes clients, each with an empty pool; `false`: the client keeps no connection.
type Maker = Box<dyn Fn(bool) -> reqwest::Result<reqwest::Client> + Send + Sync>;

pub(super) struct Pool {
    make: Maker,
    hasher: RandomState,
    current: Mutex<Current>,
    hosts: usize,
}

struct Current {
    client: reqwest::Client,
    hosts: HashSet<u64>,
}

impl Pool {
    pub(super) fn new(make: Maker) -> reqwest::Result<Pool> {
        let descriptors = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        let current = Mutex::new(Current { client: make(true)?, hosts: HashSet::new() });
        // A host may have several connections, and there are other files.
        let hosts = (descriptors / 8).clamp(8, HOSTS) as usize;
        Ok(Pool { make, hasher: RandomState::new(), current, hosts })
    }

    /// The client for a request to `url`.
    pub(super) fn client(&self, url: &Url) -> reqwest::Client {
        let mut current = self.note(url);
        if current.hosts.len() > self.hosts {
            // It could be made before from the same options, so it can now; if not, the old one goes on.
            if let Ok(client) = (self.make)(true) {
                current.client = client;
                current.hosts.clear();
            }
        }
        current.client.clone()
    }

    /// A client that makes a new connection for each request: nothing that it uses was closed while it lay idle.
    pub(super) fn without_kept(&self) -> reqwest::Result<reqwest::Client> {
        (self.make)(false)
    }

    /// Notes where redirects led: there is a connection to that host too.
    pub(super) fn saw(&self, url: &Url) {
        drop(self.note(url));
    }

    fn note(&self, url: &Url) -> MutexGuard<'_, Current> {
        let host = self.hasher.hash_one((url.scheme(), url.host_str(), url.port()));
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        current.hosts.insert(host);
        current
    }
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_that_has_seen_many_hosts_is_replaced() {
        let made = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let count = made.clone();
        let tls = super::super::tls::config(&Default::default()).unwrap();
        let pool = Pool::new(Box::new(move |_| {
            count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            reqwest::Client::builder().tls_backend_preconfigured(tls.clone()).build()
        }))
        .unwrap();
        let url = |host: usize| Url::parse(&format!("http://host{host}/")).unwrap();
        let made = || made.load(std::sync::atomic::Ordering::Relaxed);
        (0..1000).for_each(|_| drop(pool.client(&url(0))));
        (0..pool.hosts).for_each(|host| drop(pool.client(&url(host))));
        assert_eq!(made(), 1);
        pool.client(&url(pool.hosts));
        assert_eq!(made(), 2);
    }
}
