//! How objects travel: a head that names the sender's type, then what serde made of the value.
//!
//! | bytes | what |
//! |---|---|
//! | 1 | the format: postcard or MessagePack |
//! | 2 | the length of the type's name, little endian |
//! | as many | the type's name |
//! | the rest | the value |
//!
//! Types made of those of the standard library alone travel as postcard. All others travel as MessagePack
//! with the names of fields, because only a format that describes itself carries all that serde can
//! express. `docs/decisions/objects-name-their-type.md` says more.

mod name;
mod nested;

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::any::type_name;
use std::fmt;

const POSTCARD: u8 = 0xb1;
const MESSAGE_PACK: u8 = 0xb2;
const HEAD: usize = 3;

/// Why an object cannot travel.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum WireError {
    /// A value of this type cannot be sent.
    NotSent { type_name: &'static str, why: String },
    /// A message of so many bytes holds no object; this type was wanted.
    NoObject { bytes: usize, wanted: &'static str },
    /// What was sent is not what is to be received.
    Mismatch { sent: String, wanted: &'static str, why: String },
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WireError::NotSent { type_name, why } => write!(f, "a {type_name} cannot be sent: {why}"),
            WireError::NoObject { bytes, wanted } => write!(
                f,
                "a message of {bytes} bytes is not a {wanted}: it holds no object; was it sent as a buffer?"
            ),
            WireError::Mismatch { sent, wanted, why } => {
                write!(f, "a {sent} was sent, and a {wanted} is to be received: {why}")
            }
        }
    }
}

/// The detail of an error of the interface.
impl From<WireError> for String {
    fn from(error: WireError) -> String {
        error.to_string()
    }
}

/// An object's bytes, or why there are none.
pub(crate) fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, WireError> {
    let name = type_name::<T>().as_bytes();
    // A name that is longer is cut at both ends of the journey alike.
    let name = &name[..name.len().min(usize::from(u16::MAX))];
    let own = name::is_own(type_name::<T>());
    let mut bytes = Vec::with_capacity(HEAD + name.len() + 16);
    bytes.push(if own { MESSAGE_PACK } else { POSTCARD });
    bytes.extend_from_slice(&(name.len() as u16).to_le_bytes());
    bytes.extend_from_slice(name);
    let refused = |why: String| WireError::NotSent { type_name: type_name::<T>(), why };
    if !own {
        return postcard::to_extend(value, bytes).map_err(|error| refused(error.to_string()));
    }
    nested::check(value).map_err(|error| refused(error.to_string()))?;
    let mut serializer = rmp_serde::Serializer::new(&mut bytes).with_struct_map().with_human_readable();
    value.serialize(&mut serializer).map_err(|error| refused(error.to_string()))?;
    Ok(bytes)
}

/// The object of these bytes, or why it is none.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, WireError> {
    let wanted = type_name::<T>();
    let Some((format, sent, body)) = split(bytes) else {
        return Err(WireError::NoObject { bytes: bytes.len(), wanted });
    };
    let mismatch = |why: &str| WireError::Mismatch { sent: sent.to_owned(), wanted, why: why.to_owned() };
    if sent != wanted && !name::may_be(sent, wanted) {
        return Err(mismatch("these are not the same type"));
    }
    let (value, left) = match format {
        POSTCARD => postcard::take_from_bytes(body)
            .map(|(value, left)| (value, left.len()))
            .map_err(|error| mismatch(&error.to_string()))?,
        _ => {
            let mut rest = body;
            let mut deserializer = rmp_serde::Deserializer::new(&mut rest).with_human_readable();
            let value = T::deserialize(&mut deserializer).map_err(|error| mismatch(&error.to_string()))?;
            (value, rest.len())
        }
    };
    if left > 0 {
        return Err(mismatch(&format!("{left} bytes are left over")));
    }
    Ok(value)
}

/// The format, the name of the sender's type, and the value's bytes.
fn split(bytes: &[u8]) -> Option<(u8, &str, &[u8])> {
    let (&[format, low, high], rest) = bytes.split_first_chunk::<HEAD>()?;
    if !matches!(format, POSTCARD | MESSAGE_PACK) {
        return None;
    }
    let (name, body) = rest.split_at_checked(usize::from(u16::from_le_bytes([low, high])))?;
    Some((format, std::str::from_utf8(name).ok()?, body))
}

#[cfg(test)]
mod tests;
