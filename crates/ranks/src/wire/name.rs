//! What the names of two types say of each other.

/// The numbers and their like, by the names that the compiler gives them.
const BASIC: [&str; 16] = [
    "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize", "f32", "f64",
    "bool", "char",
];

/// True if a type of a crate outside of the standard library is part of it.
pub(super) fn is_own(name: &str) -> bool {
    words(name).any(|word| {
        let standard = ["alloc::", "core::", "std::"].iter().any(|from| word.starts_with(from));
        !standard && word.contains("::")
    })
}

/// Whether what was sent as one type may be received as the other: `str` as `String`, a slice as a `Vec`,
/// and a type of the program's own as another one whose numbers are the same.
pub(super) fn may_be(sent: &str, wanted: &str) -> bool {
    match (is_own(sent), is_own(wanted)) {
        (false, false) => plain(sent) == plain(wanted),
        // The format describes itself: what does not fit is found when it is read.
        (true, true) => {
            let (sent, wanted) = (basic(sent), basic(wanted));
            sent.is_empty() || wanted.is_empty() || sent == wanted
        }
        _ => false,
    }
}

/// Paths and keywords of a name.
fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':' || c == '\''))
        .map(|word| word.trim_matches(':'))
        .filter(|word| !word.is_empty() && !word.starts_with('\''))
}

fn basic(name: &str) -> Vec<&str> {
    words(name).filter(|word| BASIC.contains(word)).collect()
}

/// The name of a type of the standard library as it is read on: what serde writes alike is named alike.
fn plain(name: &str) -> String {
    let mut tokens: Vec<&str> = Vec::new();
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let of_word = |c: char| c.is_alphanumeric() || c == '_' || c == ':' || c == '\'';
        let len =
            if of_word(first) { rest.find(|c| !of_word(c)).unwrap_or(rest.len()) } else { first.len_utf8() };
        tokens.push(&rest[..len]);
        rest = &rest[len..];
    }
    let mut plain = String::new();
    // What closes the brackets that are open: nothing for a wrapper that serde does not show.
    let mut closing: Vec<&str> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let token = tokens[at];
        let last = token.rsplit("::").next().unwrap_or(token);
        let opens = tokens.get(at + 1) == Some(&"<");
        match last {
            " " | "&" | "mut" => {}
            lifetime if lifetime.starts_with('\'') => {}
            "Box" | "Rc" | "Arc" | "Cow" | "Cell" | "RefCell" | "Mutex" | "RwLock" if opens => {
                closing.push("");
                at += 1;
            }
            "Vec" | "VecDeque" | "LinkedList" | "HashSet" | "BTreeSet" | "BinaryHeap" if opens => {
                plain.push_str("a row of (");
                closing.push(")");
                at += 1;
            }
            "HashMap" | "BTreeMap" if opens => {
                plain.push_str("a map of (");
                closing.push(")");
                at += 1;
            }
            "[" if is_slice(&tokens[at..]) => {
                plain.push_str("a row of (");
                closing.push(")");
            }
            "[" => {
                plain.push('[');
                closing.push("]");
            }
            "]" | ">" => plain.push_str(closing.pop().unwrap_or("")),
            "<" => {
                plain.push('<');
                closing.push(">");
            }
            "str" | "String" => plain.push_str("text"),
            _ => plain.push_str(token),
        }
        at += 1;
    }
    plain
}

/// `[T]` rather than `[T; n]`; the first token opens it.
fn is_slice(tokens: &[&str]) -> bool {
    let mut depth = 0;
    for token in tokens {
        match *token {
            "[" => depth += 1,
            "]" => depth -= 1,
            ";" if depth == 1 => return false,
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    true
}
