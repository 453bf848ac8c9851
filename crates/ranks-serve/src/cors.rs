//! Pages of other origins that may read answers (the Fetch standard, 3.2).

use super::head::Head;
use super::reply::Reply;

/// Adds what a browser asks for, if the request's origin is among those allowed.
pub fn allow(origins: &[String], head: &Head<'_>, reply: &mut Reply) {
    let any = origins.iter().any(|one| one == "*");
    if !any {
        reply.header("vary", "origin");
    }
    let Some(origin) = head.get("origin").and_then(|value| std::str::from_utf8(value).ok()) else { return };
    if any {
        reply.header("access-control-allow-origin", "*");
    } else if origins.iter().any(|one| one == origin) {
        reply.header("access-control-allow-origin", origin);
    } else {
        return;
    }
    if head.method == "OPTIONS" && head.get("access-control-request-method").is_some() {
        reply.header("access-control-allow-methods", "GET, HEAD, OPTIONS");
        // `*` does not cover it.
        reply.header("access-control-allow-headers", "*, authorization");
        reply.header("access-control-max-age", "86400");
    } else {
        reply.header("access-control-expose-headers", "*");
    }
}
