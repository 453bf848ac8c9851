//! The nearest match of a mistyped name.

/// The candidate that is nearest to `word`, if any is near enough to be what was meant.
pub fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // A third of the letters may be wrong; a single letter is like any other single letter.
    let most = word.chars().count() / 3;
    candidates
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, _)| (1..=most).contains(distance))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Letters to insert, delete or replace to make one word the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("same", "same"), 0);
    }

    #[test]
    fn near_and_far() {
        let names = ["tag-output", "timeout", "n"];
        assert_eq!(nearest("tagoutput", names.into_iter()), Some("tag-output"));
        assert_eq!(nearest("tmeout", names.into_iter()), Some("timeout"));
        assert_eq!(nearest("z", names.into_iter()), None);
        assert_eq!(nearest("completely-else", names.into_iter()), None);
    }
}
