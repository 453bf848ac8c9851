//! What is written in options: sizes and times.

use crate::bounds::TIME_MOST;
use crate::error::Error;
use std::time::Duration;

/// The bytes of `8`, `8b`, `1k`, `1KiB`, `1m`, `2g`.
pub fn size(text: &str) -> Result<usize, Error> {
    let wrong = || Error::Options(format!("--sizes: {text:?} is no size; sizes are written like 8, 1k, 4m"));
    let (digits, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let shift = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 10,
        "m" | "mb" | "mib" => 20,
        "g" | "gb" | "gib" => 30,
        _ => return Err(wrong()),
    };
    let number: usize = digits.parse().map_err(|_| wrong())?;
    match number.checked_mul(1 << shift) {
        Some(0) => Err(Error::Options("--sizes: a size is 1 byte or more".to_owned())),
        // A count of bytes that no slice can have.
        Some(bytes) if bytes <= isize::MAX as usize => Ok(bytes),
        _ => Err(Error::Options(format!("--sizes: {text} is more than there can be"))),
    }
}

/// The sizes of `8,1k,1m` and `1k:64k` (doubling), ascending, each once.
pub fn sizes(text: &str) -> Result<Vec<usize>, Error> {
    let mut all = Vec::new();
    for word in text.split(',').map(str::trim) {
        match word.split_once(':') {
            None => all.push(size(word)?),
            Some((least, most)) => {
                let (least, most) = (size(least.trim())?, size(most.trim())?);
                if least > most {
                    let what = format!("--sizes: {word} goes down; the smaller size comes first");
                    return Err(Error::Options(what));
                }
                all.extend(doubling(least, most, 1));
            }
        }
    }
    all.sort_unstable();
    all.dedup();
    Ok(all)
}

/// The sizes from `least` to `most` that are `steps` doublings apart.
pub fn doubling(least: usize, most: usize, steps: u32) -> impl Iterator<Item = usize> {
    std::iter::successors(Some(least), move |size| size.checked_mul(1 << steps))
        .take_while(move |&size| size <= most)
}

/// The time of `50ms`, `0.5s`, `200us`.
pub fn time(text: &str) -> Result<Duration, Error> {
    let refused = |why: String| Error::Options(format!("--time: {why}"));
    let wrong = || refused(format!("{text:?} is no time; times are written like 50ms, 0.5s, 200us"));
    let units = [("ms", 1e-3), ("us", 1e-6), ("s", 1.0)];
    let (number, unit) = units
        .iter()
        .find_map(|(name, seconds)| Some((text.trim().strip_suffix(name)?, seconds)))
        .ok_or_else(wrong)?;
    let seconds = number.trim().parse::<f64>().map_err(|_| wrong())? * unit;
    match seconds {
        s if s.is_nan() || s <= 0.0 => Err(refused(format!("{text}: the time at each size is more than 0"))),
        s if s > TIME_MOST.as_secs_f64() => {
            Err(refused(format!("{text}: the time at each size is {} s at most", TIME_MOST.as_secs())))
        }
        s => Ok(Duration::from_secs_f64(s)),
    }
}

/// A size as people read it: `1 B`, `64 KiB`, `1.5 MiB`.
pub fn named(bytes: usize) -> String {
    for (unit, name) in [(1usize << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")] {
        if bytes >= unit {
            let number = format!("{:.2}", bytes as f64 / unit as f64);
            return format!("{} {name}", number.trim_end_matches('0').trim_end_matches('.'));
        }
    }
    format!("{bytes} B")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_as_people_write_them() {
        assert_eq!(sizes("8,1k,1m").unwrap(), vec![8, 1 << 10, 1 << 20]);
        assert_eq!(sizes("1MiB, 8b ,8,3").unwrap(), vec![3, 8, 1 << 20]);
        assert_eq!(sizes("1:8").unwrap(), vec![1, 2, 4, 8]);
        assert_eq!(sizes("3:20,1k:4k").unwrap(), vec![3, 6, 12, 1024, 2048, 4096]);
        assert_eq!(doubling(1, 100, 2).collect::<Vec<_>>(), [1, 4, 16, 64]);
    }

    #[test]
    fn sizes_that_are_none() {
        for text in [
            "",
            "x",
            "8,",
            "-1",
            "1.5k",
            "1t",
            "0",
            "4:1",
            "1:",
            "99999999999999999999",
            "9999999999g",
            "8 k",
            "1ü",
        ] {
            let error = sizes(text).unwrap_err().to_string();
            assert!(error.starts_with("--sizes: ") && !error.contains('\n'), "{text}: {error}");
        }
    }

    #[test]
    fn times_as_people_write_them() {
        assert_eq!(time("50ms").unwrap(), Duration::from_millis(50));
        assert_eq!(time("0.5s").unwrap(), Duration::from_millis(500));
        assert_eq!(time("200us").unwrap(), Duration::from_micros(200));
        for text in ["", "50", "ms", "xms", "0s", "-1ms", "nans", "infs", "2h", "4000s", "1e300s"] {
            let error = time(text).unwrap_err().to_string();
            assert!(error.starts_with("--time: ") && !error.contains('\n'), "{text}: {error}");
        }
    }

    #[test]
    fn names_of_sizes() {
        assert_eq!(
            [1, 1023, 1 << 10, 1536, 4 << 20, 3 << 30].map(named),
            ["1 B", "1023 B", "1 KiB", "1.5 KiB", "4 MiB", "3 GiB"]
        );
    }
}
