//! Collectives that move elements: broadcast, gather, scatter, gather and exchange of all with all.
//!
//! `false` (or a list of ranks) says that the rest is to come by messages: what is too long for the board is
//! better read from its owner's memory.

use super::super::Part;
use super::desk::{Desk, How, Outcome, Parts};
use crate::bounds;
use crate::memory::{RecvBuf, SendBuf};

/// The root's bytes to all.
pub(super) async fn bcast(desk: Desk, buf: RecvBuf, root: usize) -> Outcome<bool> {
    let len = buf.len();
    if desk.me == root {
        let log = desk.one_way_piece().ilog2() as u8;
        if len > bounds::board_bcast(desk.size) {
            desk.post_messages(len).await;
            return Ok(false);
        }
        if len <= 1 << log {
            desk.post(buf.as_send()).await;
            return Ok(true);
        }
        desk.announce(len, log).await;
        for (k, at) in (0..len).step_by(1 << log).enumerate() {
            desk.lay(k, None, [buf.as_send().of_part(Part { at, len: (len - at).min(1 << log) })]).await;
            desk.publish(k + 1);
        }
        return Ok(true);
    }
    match desk.posted_of(root, 1, len).await? {
        How::Line => buf.write(0, desk.whole(root, How::Line, 0, len)),
        How::Messages => return Ok(false),
        How::Pieces(log) => {
            for (k, at) in (0..len).step_by(1 << log).enumerate() {
                desk.posted(root, k + 1).await?;
                buf.write(at, desk.piece(root, k, 0, (len - at).min(1 << log)));
                if at + (1 << log) < len {
                    desk.done_with(k + 1);
                }
            }
        }
    }
    Ok(true)
}

/// Everyone's part to the root, whose own is in its place already. At the root: whose parts come by messages.
pub(super) async fn gather(
    desk: Desk,
    own: SendBuf,
    recv: RecvBuf,
    parts: Parts,
    root: usize,
) -> Outcome<Vec<(i32, Part)>> {
    if desk.me != root {
        if own.len() <= desk.half_bytes() {
            desk.post(own).await;
            return Ok(Vec::new());
        }
        desk.post_messages(own.len()).await;
        return Ok(vec![(root as i32, Part::default())]);
    }
    let mut by_messages = Vec::new();
    for peer in desk.others() {
        let part @ Part { at, len } = parts.of(peer);
        match desk.posted_of(peer, 1, len).await? {
            How::Messages => by_messages.push((peer as i32, part)),
            how => recv.write(at, desk.whole(peer, how, 0, len)),
        }
    }
    Ok(by_messages)
}

/// The root's equal parts, one to each rank. The root's own part is in its place already.
pub(super) async fn scatter(
    desk: Desk,
    send: SendBuf,
    recv: RecvBuf,
    part: usize,
    root: usize,
) -> Outcome<bool> {
    let whole = part * desk.size;
    if desk.me == root {
        if whole > desk.half_bytes() {
            desk.post_messages(whole).await;
            return Ok(false);
        }
        desk.post(send).await;
        return Ok(true);
    }
    match desk.posted_of(root, 1, whole).await? {
        How::Messages => return Ok(false),
        how => recv.write(0, desk.whole(root, how, desk.me * part, part)),
    }
    Ok(true)
}

/// Everyone's part to everyone; each rank's own is in its place already.
pub(super) async fn allgather(desk: Desk, recv: RecvBuf, parts: Parts) -> Outcome<()> {
    desk.post(recv.as_send().of_part(parts.of(desk.me))).await;
    for peer in desk.others() {
        let Part { at, len } = parts.of(peer);
        let how = desk.posted_of(peer, 1, len).await?;
        recv.write(at, desk.whole(peer, how, 0, len));
    }
    Ok(())
}

/// Everyone's equal parts, one for each. What is posted leaves out the rank's own part.
pub(super) async fn alltoall(desk: Desk, send: SendBuf, recv: RecvBuf, part: usize) -> Outcome<()> {
    let of = |buf: SendBuf, rank: usize| buf.of_part(Part { at: rank * part, len: part });
    let (me, len) = (desk.me, part * (desk.size - 1));
    if desk.size == 2 {
        desk.post(of(send, 1 - me)).await;
    } else {
        desk.announce(len, desk.whole_half()).await;
        let (lower, higher) = (me * part, (me + 1) * part);
        let lower = send.of_part(Part { at: 0, len: lower });
        let higher = send.of_part(Part { at: higher, len: send.len() - higher });
        desk.lay(0, None, [lower, higher]).await;
        desk.publish(1);
    }
    for peer in desk.others() {
        let how = desk.posted_of(peer, 1, len).await?;
        let place = if me < peer { me } else { me - 1 };
        recv.write(peer * part, desk.whole(peer, how, place * part, part));
    }
    Ok(())
}
