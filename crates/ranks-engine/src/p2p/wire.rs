//! What the messages between ranks mean: kinds of heads, and their words.
//!
//! | kind | words | data |
//! |---|---|---|
//! | EAGER | | the whole message, in lines |
//! | LONG | total, request to answer (or 0) | first piece of the message, in the bulk ring |
//! | CHUNK | | next piece of the last LONG of this pair |
//! | ANNOUNCE | total, address, request, CPU | none: the message waits at the sender |
//! | TO_RING | sender's request, receiver's request, bytes wanted, 1 + transfer and generation; without a transfer 0, and 1 for though it lies in the job's file | none: send it through the ring, claiming each piece if there is a transfer |
//! | SHARE | sender's request, address, bytes, transfer, generation | none: the receiver copies, help it |
//! | DATA | receiver's request | next piece for that request |
//! | STORED | sender's request, address | none: that message lies in the job's file from now on |
//! | DONE | sender's request, 0, 1 for failed or 2 for [`UNWANTED`] | none |

use crate::transport::BULK;

pub const EAGER: u8 = 1;
pub const LONG: u8 = BULK + 1;
pub const CHUNK: u8 = BULK + 2;
pub const ANNOUNCE: u8 = BULK + 3;
pub const TO_RING: u8 = BULK + 4;
pub const SHARE: u8 = BULK + 5;
pub const DATA: u8 = BULK + 6;
pub const DONE: u8 = BULK + 7;

pub const STORED: u8 = BULK + 8;

/// In an announced address: it is a place in the job's file, which every rank can read, no address in the sender's memory.
pub const IN_FILE: u64 = 1 << 63;

/// A receiver that takes no further part has let go of an announced message.
pub const UNWANTED: u64 = 2;
