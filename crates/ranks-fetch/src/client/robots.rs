//! robots.txt: read once for each site, before the first page of it.

mod rules;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::Url;
use tokio::sync::OnceCell;

use super::pool::Pool;
use super::{Failure, FailureKind};
use crate::bounds::{ROBOTS_BYTES, ROBOTS_SITES};
use rules::Rules;

/// What the sites visited so far allow.
pub(super) struct Robots {
    name: String,
    sites: Mutex<HashMap<String, Arc<OnceCell<Rules>>>>,
}

impl Robots {
    /// For a robot that calls itself `user_agent`; its name in the files is the part before a version.
    pub(super) fn new(user_agent: &str) -> Robots {
        let name = user_agent.split(['/', ' ']).next().unwrap_or("").to_owned();
        Robots { name, sites: Mutex::default() }
    }

    /// Fails if the site does not want `url` fetched.
    pub(super) async fn permit(&self, pool: &Pool, url: &Url) -> Result<(), Failure> {
        let site = url.origin().ascii_serialization();
        let rules = {
            let mut sites = self.sites.lock().unwrap_or_else(PoisonError::into_inner);
            if sites.len() >= ROBOTS_SITES && !sites.contains_key(&site) {
                sites.clear();
            }
            sites.entry(site).or_default().clone()
        };
        let rules = rules.get_or_init(|| self.read(pool, url)).await;
        let path = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        match rules.allow(&path) {
            true => Ok(()),
            false => Err(Failure::new(FailureKind::Disallowed, "by robots.txt")),
        }
    }

    async fn read(&self, pool: &Pool, url: &Url) -> Rules {
        let Ok(file) = url.join("/robots.txt") else { return Rules::open() };
        let Ok(mut response) = pool.client(&file).get(file).send().await else { return Rules::closed() };
        match response.status().as_u16() {
            200..=299 => {}
            500..=599 => return Rules::closed(),
            _ => return Rules::open(),
        }
        let mut text = Vec::new();
        while text.len() < ROBOTS_BYTES {
            match response.chunk().await {
                Ok(Some(chunk)) => text.extend_from_slice(&chunk),
                Ok(None) => break,
                Err(_) => return Rules::closed(),
            }
        }
        text.truncate(ROBOTS_BYTES);
        Rules::parse(&String::from_utf8_lossy(&text), &self.name)
    }
}
