//! Collectives that move elements: broadcast, gather, scatter, gather and exchange of all with all.
//!
//! `false` (or a list of ranks) says that the rest is to come by messages: what is too long for the board is
//! better read from its owner's memory.

use super::super::Part;
use super::round::{Outcome, OwnParts, Round};
use super::storage::Storage;
use crate::bounds;
use crate::memory::{RecvBuf, SendBuf};

/// The root's bytes to all.
pub async fn bcast(round: Round, buf: RecvBuf, root: usize) -> Outcome<bool> {
    let len = buf.len();
    if round.me == root {
        if len > bounds::board_bcast(round.size) {
            round.post_messages(len).await;
            return Ok(false);
        }
        round.post(buf.as_send()).await;
        return Ok(true);
    }
    match round.posted_of(root, 1, len).await? {
        Storage::Messages => return Ok(false),
        _ => round.fetch(root, 0, buf, true).await?,
    }
    Ok(true)
}

/// Everyone's part to the root, whose own is in its place already. At the root: whose parts come by messages.
pub async fn gather(
    round: Round,
    own: SendBuf,
    recv: RecvBuf,
    parts: OwnParts,
    root: usize,
) -> Outcome<Vec<(i32, Part)>> {
    if round.me != root {
        if own.len() <= round.longest() {
            round.post(own).await;
            return Ok(Vec::new());
        }
        round.post_messages(own.len()).await;
        return Ok(vec![(root as i32, Part::default())]);
    }
    let mut by_messages = Vec::new();
    for peer in round.others() {
        let part = parts.of(peer);
        match round.posted_of(peer, 1, part.len).await? {
            Storage::Messages => by_messages.push((peer as i32, part)),
            _ => round.fetch(peer, 0, recv.of_part(part), false).await?,
        }
    }
    Ok(by_messages)
}

/// The root's equal parts, one to each rank. The root's own part is in its place already.
pub async fn scatter(round: Round, send: SendBuf, recv: RecvBuf, part: usize, root: usize) -> Outcome<bool> {
    let whole = part * round.size;
    if round.me == root {
        if whole > round.longest() {
            round.post_messages(whole).await;
            return Ok(false);
        }
        round.post(send).await;
        return Ok(true);
    }
    match round.posted_of(root, 1, whole).await? {
        Storage::Messages => return Ok(false),
        _ => round.fetch(root, round.me * part, recv, false).await?,
    }
    Ok(true)
}

/// Everyone's part to everyone; each rank's own is in its place already.
pub async fn allgather(round: Round, recv: RecvBuf, parts: OwnParts) -> Outcome<()> {
    round.post(recv.as_send().of_part(parts.of(round.me))).await;
    for peer in round.others() {
        let part = parts.of(peer);
        round.posted_of(peer, 1, part.len).await?;
        round.fetch(peer, 0, recv.of_part(part), false).await?;
    }
    Ok(())
}

/// Everyone's equal parts, one for each. What is posted leaves out the rank's own part.
pub async fn alltoall(round: Round, send: SendBuf, recv: RecvBuf, part: usize) -> Outcome<()> {
    let of = |rank: usize| Part { at: rank * part, len: part };
    let (me, len) = (round.me, part * (round.size - 1));
    if round.size == 2 {
        round.post(send.of_part(of(1 - me))).await;
    } else {
        round.announce(Storage::Half, len).await;
        let (lower, higher) = (me * part, (me + 1) * part);
        let lower = send.of_part(Part { at: 0, len: lower });
        let higher = send.of_part(Part { at: higher, len: send.len() - higher });
        round.put_parts(0, [lower, higher]).await;
        round.publish(1);
    }
    for peer in round.others() {
        round.posted_of(peer, 1, len).await?;
        let place = if me < peer { me } else { me - 1 };
        round.fetch(peer, place * part, recv.of_part(of(peer)), false).await?;
    }
    Ok(())
}
