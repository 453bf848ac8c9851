//! Collectives that move elements: broadcast, gather, scatter, gather and exchange of all with all.
//!
//! `false` (or a list of ranks) says that the rest is to come by messages: what is too long for the board is
//! better read from its owner's memory.

use super::super::Part;
use super::desk::{Desk, Outcome, OwnParts};
use super::lay::How;
use crate::bounds;
use crate::memory::{RecvBuf, SendBuf};

/// The root's bytes to all.
pub async fn bcast(desk: Desk, buf: RecvBuf, root: usize) -> Outcome<bool> {
    let len = buf.len();
    if desk.me == root {
        if len > bounds::board_bcast(desk.size) {
            desk.post_messages(len).await;
            return Ok(false);
        }
        desk.post(buf.as_send()).await;
        return Ok(true);
    }
    match desk.posted_of(root, 1, len).await? {
        How::Messages => return Ok(false),
        _ => desk.fetch(root, 0, buf, true).await?,
    }
    Ok(true)
}

/// Everyone's part to the root, whose own is in its place already. At the root: whose parts come by messages.
pub async fn gather(
    desk: Desk,
    own: SendBuf,
    recv: RecvBuf,
    parts: OwnParts,
    root: usize,
) -> Outcome<Vec<(i32, Part)>> {
    if desk.me != root {
        if own.len() <= desk.longest() {
            desk.post(own).await;
            return Ok(Vec::new());
        }
        desk.post_messages(own.len()).await;
        return Ok(vec![(root as i32, Part::default())]);
    }
    let mut by_messages = Vec::new();
    for peer in desk.others() {
        let part = parts.of(peer);
        match desk.posted_of(peer, 1, part.len).await? {
            How::Messages => by_messages.push((peer as i32, part)),
            _ => desk.fetch(peer, 0, recv.of_part(part), false).await?,
        }
    }
    Ok(by_messages)
}

/// The root's equal parts, one to each rank. The root's own part is in its place already.
pub async fn scatter(desk: Desk, send: SendBuf, recv: RecvBuf, part: usize, root: usize) -> Outcome<bool> {
    let whole = part * desk.size;
    if desk.me == root {
        if whole > desk.longest() {
            desk.post_messages(whole).await;
            return Ok(false);
        }
        desk.post(send).await;
        return Ok(true);
    }
    match desk.posted_of(root, 1, whole).await? {
        How::Messages => return Ok(false),
        _ => desk.fetch(root, desk.me * part, recv, false).await?,
    }
    Ok(true)
}

/// Everyone's part to everyone; each rank's own is in its place already.
pub async fn allgather(desk: Desk, recv: RecvBuf, parts: OwnParts) -> Outcome<()> {
    desk.post(recv.as_send().of_part(parts.of(desk.me))).await;
    for peer in desk.others() {
        let part = parts.of(peer);
        desk.posted_of(peer, 1, part.len).await?;
        desk.fetch(peer, 0, recv.of_part(part), false).await?;
    }
    Ok(())
}

/// Everyone's equal parts, one for each. What is posted leaves out the rank's own part.
pub async fn alltoall(desk: Desk, send: SendBuf, recv: RecvBuf, part: usize) -> Outcome<()> {
    let of = |rank: usize| Part { at: rank * part, len: part };
    let (me, len) = (desk.me, part * (desk.size - 1));
    if desk.size == 2 {
        desk.post(send.of_part(of(1 - me))).await;
    } else {
        desk.announce(How::Half, len).await;
        let (lower, higher) = (me * part, (me + 1) * part);
        let lower = send.of_part(Part { at: 0, len: lower });
        let higher = send.of_part(Part { at: higher, len: send.len() - higher });
        desk.put_parts(0, [lower, higher]).await;
        desk.publish(1);
    }
    for peer in desk.others() {
        desk.posted_of(peer, 1, len).await?;
        let place = if me < peer { me } else { me - 1 };
        desk.fetch(peer, place * part, recv.of_part(of(peer)), false).await?;
    }
    Ok(())
}
