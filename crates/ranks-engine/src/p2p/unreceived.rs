//! Messages that a rank has not received when it finalises.

use super::Engine;
use crate::transport::Transport;
use ranks_shm::blocked::community;
use ranks_shm::job::NEVER_RECEIVED;
use ranks_shm::life::Life;
use std::fmt::Write;

/// So many kinds of messages are listed, the rest is counted.
const LISTED: usize = 3;

impl<T: Transport> Engine<T> {
    /// The line that names the messages which were sent to this rank and never received, once it has finalised. There
    /// is none when another rank has failed, since messages then stay unreceived because of that.
    pub fn unreceived(&self) -> Option<String> {
        let core = &self.core;
        let me = core.me;
        let failed = core.gone.contains(&Some(Life::Failed));
        if !self.finalized || failed || self.transport.segment().blame(me).is_some() {
            return None;
        }
        // The messages of collectives and other messages of the engine's own have odd contexts.
        let sent_by_users = core.kept_messages().filter(|message| message.context.is_multiple_of(2));
        let mut messages: Vec<_> =
            sent_by_users.map(|m| ((m.source, m.context, m.tag, m.total), 1u64)).collect();
        messages.sort_unstable();
        let count = messages.len();
        messages.dedup_by(|next, first| {
            let alike = next.0 == first.0;
            first.1 += if alike { next.1 } else { 0 };
            alike
        });
        if count == 0 {
            return None;
        }
        let mut line = format!(
            "ranks: rank {me} finalises with {count} message{}{NEVER_RECEIVED}",
            plural(count as u64)
        );
        let mut left = count as u64;
        for (place, ((source, context, tag, bytes), alike)) in messages.into_iter().take(LISTED).enumerate() {
            let separator = if place == 0 { "" } else { "; " };
            let times = if alike == 1 { String::new() } else { format!("{alike} ") };
            let each = if alike == 1 { "" } else { " each" };
            let whom = if source == me { " (itself)" } else { "" };
            let _ = write!(
                line,
                "{separator}{times}from rank {source}{whom}, tag {tag}, {bytes} byte{}{each}{}",
                plural(bytes),
                community(context)
            );
            left -= alike;
        }
        if left > 0 {
            let _ = write!(line, "; and {left} more");
        }
        Some(line)
    }
}

fn plural(count: u64) -> &'static str {
    if count == 1 { "" } else { "s" }
}
