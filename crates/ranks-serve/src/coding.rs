//! Content codings: what a client takes (`Accept-Encoding`, RFC 9110, 12.5.3), and compressing.

use std::io::{self, Write};

/// A coding that is offered, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// `br`.
    Brotli,
    /// `zstd`.
    Zstd,
    /// `gzip`.
    Gzip,
}

impl Coding {
    /// All of them, best first.
    pub const ALL: [Coding; 3] = [Coding::Brotli, Coding::Zstd, Coding::Gzip];

    /// As headers name it.
    pub fn name(self) -> &'static str {
        match self {
            Coding::Brotli => "br",
            Coding::Zstd => "zstd",
            Coding::Gzip => "gzip",
        }
    }

    /// What the name of a file that was compressed beforehand ends with.
    pub fn ending(self) -> &'static str {
        match self {
            Coding::Brotli => ".br",
            Coding::Zstd => ".zst",
            Coding::Gzip => ".gz",
        }
    }

    /// Whether a file that begins with these bytes can be of this coding. Brotli has no mark of its own, so its
    /// beginning is decoded.
    pub fn is_beginning(self, bytes: &[u8]) -> bool {
        match self {
            Coding::Gzip => bytes.starts_with(&[0x1f, 0x8b, 8]),
            Coding::Zstd => {
                matches!(bytes, [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
            }
            Coding::Brotli => {
                let mut decoded = [0; 256];
                let mut reader = brotli::Decompressor::new(bytes, 512);
                match std::io::Read::read(&mut reader, &mut decoded) {
                    Ok(length) => length > 0,
                    // The beginning of a long file ends in the middle.
                    Err(error) => error.kind() == io::ErrorKind::UnexpectedEof && !bytes.is_empty(),
                }
            }
        }
    }

    /// Compresses; at a level that takes about as long as a network takes for what it saves.
    pub fn compress(self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut packed = Vec::with_capacity(bytes.len() / 3 + 64);
        match self {
            Coding::Brotli => {
                let mut writer = brotli::CompressorWriter::new(&mut packed, 64 * 1024, 4, 22);
                writer.write_all(bytes)?;
                writer.flush()?;
                drop(writer);
            }
            Coding::Zstd => packed = zstd::bulk::compress(bytes, 3)?,
            Coding::Gzip => {
                let mut writer = flate2::write::GzEncoder::new(&mut packed, flate2::Compression::new(6));
                writer.write_all(bytes)?;
                writer.finish()?;
            }
        }
        Ok(packed)
    }
}

/// The codings a client takes, those it prefers first; empty if it wants the plain form, or says nothing.
pub fn accepted(value: Option<&[u8]>) -> Vec<Coding> {
    let Some(list) = value.and_then(|value| std::str::from_utf8(value).ok()) else { return Vec::new() };
    let (mut named, mut others, mut identity) = ([None; 3], 0, None);
    for item in list.split(',') {
        let mut words = item.split(';').map(str::trim);
        let name = words.next().unwrap_or("");
        let weight = words.find_map(weight).unwrap_or(1000);
        let known = Coding::ALL.iter().position(|coding| {
            name.eq_ignore_ascii_case(coding.name())
                || (*coding == Coding::Gzip && name.eq_ignore_ascii_case("x-gzip"))
        });
        match known {
            Some(at) => named[at] = Some(weight),
            None if name == "*" => others = weight,
            None if name.eq_ignore_ascii_case("identity") => identity = Some(weight),
            None => {}
        }
    }
    // Preferred to the rest only if that is said.
    let identity = identity.unwrap_or(0);
    let mut taken: Vec<(u16, Coding)> = Coding::ALL
        .into_iter()
        .zip(named)
        .map(|(coding, weight)| (weight.unwrap_or(others), coding))
        .filter(|(weight, _)| *weight > 0 && *weight >= identity)
        .collect();
    taken.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    taken.into_iter().map(|(_, coding)| coding).collect()
}

/// `q=0.5` in thousandths. A weight that is none counts as 0: what is not understood is not sent.
fn weight(word: &str) -> Option<u16> {
    let value = word.strip_prefix("q=").or_else(|| word.strip_prefix("Q="))?;
    let (whole, part) = value.split_once('.').unwrap_or((value, ""));
    let digits = part.len() <= 3 && part.bytes().all(|byte| byte.is_ascii_digit());
    let thousandths = || format!("{part:0<3}").parse::<u16>().ok();
    Some(match whole {
        "0" if digits => thousandths().unwrap_or(0),
        "1" if digits && part.bytes().all(|byte| byte == b'0') => 1000,
        _ => 0,
    })
}

#[cfg(test)]
mod tests {
    use super::Coding::{Brotli, Gzip, Zstd};
    use super::*;
    use std::io::Read;

    #[test]
    fn what_a_client_takes() {
        for (value, wanted) in [
            ("gzip, deflate, br, zstd", vec![Brotli, Zstd, Gzip]),
            ("gzip", vec![Gzip]),
            ("X-GZIP;q=1.0", vec![Gzip]),
            ("br;q=0.1, gzip;q=0.9", vec![Gzip, Brotli]),
            ("br;q=0, *", vec![Zstd, Gzip]),
            ("*;q=0", vec![]),
            ("identity", vec![]),
            ("identity;q=0.5, gzip;q=0.4", vec![]),
            ("identity;q=0.5, gzip;q=0.6", vec![Gzip]),
            ("gzip;q=0.000", vec![]),
            ("gzip;q=2", vec![]),
            ("gzip;q=-1", vec![]),
            ("gzip;q=0.0001", vec![]),
            ("gzip;x=1;q=0.5", vec![Gzip]),
            ("deflate", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(accepted(Some(value.as_bytes())), wanted, "{value}");
        }
        assert!(accepted(None).is_empty());
    }

    #[test]
    fn what_is_compressed_comes_back() {
        let text = b"message passing ".repeat(1000);
        for coding in Coding::ALL {
            let packed = coding.compress(&text).unwrap();
            assert!(packed.len() < text.len() / 10);
            let mut back = Vec::new();
            match coding {
                Brotli => drop(brotli::Decompressor::new(&packed[..], 4096).read_to_end(&mut back).unwrap()),
                Zstd => back = zstd::bulk::decompress(&packed, 100_000).unwrap(),
                Gzip => drop(flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut back).unwrap()),
            }
            assert_eq!(back, text, "{coding:?}");
        }
    }
}
