//! What a connection and its server know of each other: whether the server is ending, and whether the connection is idle.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;

use super::site::Site;

/// What a connection knows of the server's life, and the server of the connection's.
pub struct Life {
    /// Nothing of a request is there: it can be ended at once.
    pub idle: Arc<AtomicBool>,
    pub(super) drain: watch::Receiver<bool>,
    pub(super) open: Arc<Open>,
    /// The connection's number among those that are open.
    pub(super) number: u64,
}

impl Life {
    /// Whether the server is ending.
    pub fn drains(&self) -> bool {
        *self.drain.borrow()
    }

    /// Waits for that.
    pub async fn drained(&self) {
        // The sender is dropped when the server ends, which is the same.
        let _ = self.drain.clone().wait_for(|drains| *drains).await;
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        self.open.all().remove(&self.number);
        self.open.site.counts.open.fetch_sub(1, Relaxed);
        self.open.one_less.notify_one();
    }
}

/// The connections there are: whether each is idle, and how to end it.
pub(super) type Connections = HashMap<u64, (Arc<AtomicBool>, AbortHandle)>;

/// The open connections of a server.
pub(super) struct Open {
    pub(super) site: Arc<Site>,
    pub(super) connections: Mutex<Connections>,
    /// One of them has ended.
    pub(super) one_less: Notify,
}

impl Open {
    pub(super) fn all(&self) -> MutexGuard<'_, Connections> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
