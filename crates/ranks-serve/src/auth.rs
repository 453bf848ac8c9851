//! Names and passwords (HTTP Basic, RFC 7617).

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::net::IpAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};
use tokio::sync::Semaphore;

use crate::bounds::{CREDENTIALS, HASHES_AT_ONCE};
use crate::error::Error;

/// Who is admitted.
#[derive(Debug)]
pub struct Auth {
    users: Arc<[User]>,
    /// Hashes of headers that were found right.
    known: Mutex<HashSet<[u8; 32]>>,
    at_work: Semaphore,
    /// One check at a time for each client's address: who tries many passwords waits behind himself, not before others.
    turns: Mutex<HashMap<IpAddr, Arc<Semaphore>>>,
}

#[derive(Debug)]
struct User {
    name: String,
    hash: Hash,
}

#[derive(Debug)]
enum Hash {
    Bcrypt(String),
    Sha256([u8; 32]),
}

/// What is wrong with a text of users.
#[derive(Debug)]
#[non_exhaustive]
pub enum UsersError {
    /// There is no user in it.
    Nobody,
    /// This line, counted from 1, is no user.
    Line(u64, LineError),
}

/// What is wrong with a line `user:hash`.
#[derive(Debug)]
#[non_exhaustive]
pub enum LineError {
    /// It has no colon.
    NoColon,
    /// It has nothing before the colon.
    NoName,
    /// What follows `{SHA256}` is no digest.
    Digest,
    /// The hash of this user is of no kind that is known.
    Hash(String),
}

impl fmt::Display for UsersError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UsersError::Nobody => f.write_str("no user in it"),
            UsersError::Line(number, what) => write!(f, "line {number}: {what}"),
        }
    }
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LineError::NoColon => f.write_str("no colon: a line is user:hash"),
            LineError::NoName => f.write_str("no name before the colon"),
            LineError::Digest => f.write_str("after {SHA256} come 64 hex digits, or base64 of 32 bytes"),
            LineError::Hash(name) => {
                write!(
                    f,
                    "the hash of {name} is neither bcrypt ($2b$..., from htpasswd -B) nor {{SHA256}}..."
                )
            }
        }
    }
}

impl std::error::Error for UsersError {}

impl Auth {
    /// Reads a file of lines `user:hash`. Blank lines and those that begin with `#` are passed over.
    pub fn read(file: &Path) -> Result<Auth, Error> {
        let failed = |what: &dyn std::fmt::Display| Error::file("the file of users", file, what);
        let text = std::fs::read_to_string(file).map_err(|error| failed(&error))?;
        Auth::parse(&text).map_err(|what| failed(&what))
    }

    /// The same, of the file's text.
    pub fn parse(text: &str) -> Result<Auth, UsersError> {
        let mut users = Vec::new();
        for (number, line) in
            (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'))
        {
            users.push(user(line.trim_end()).map_err(|what| UsersError::Line(number, what))?);
        }
        if users.is_empty() {
            return Err(UsersError::Nobody);
        }
        Ok(Auth {
            users: users.into(),
            known: Mutex::default(),
            at_work: Semaphore::new(HASHES_AT_ONCE),
            turns: Mutex::default(),
        })
    }

    /// Whether the header `Authorization` is right. A hash takes its time, so what was right once is remembered.
    pub async fn admits(&self, header: Option<&[u8]>, client: IpAddr) -> bool {
        let Some((name, password)) = header.and_then(credentials) else { return false };
        let key: [u8; 32] = Sha256::digest([name.as_bytes(), &password].join(&b':')).into();
        if self.known.lock().unwrap_or_else(PoisonError::into_inner).contains(&key) {
            return true;
        }
        let turn = self.turns().entry(client).or_insert_with(|| Arc::new(Semaphore::new(1))).clone();
        let right = self.check(&turn, name, password).await;
        let mut turns = self.turns();
        // The map's and this one: nobody else of this address waits.
        if Arc::strong_count(&turn) <= 2 {
            turns.remove(&client);
        }
        drop(turns);
        if right {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            if known.len() >= CREDENTIALS {
                known.clear();
            }
            known.insert(key);
        }
        right
    }
}

impl Auth {
    fn turns(&self) -> MutexGuard<'_, HashMap<IpAddr, Arc<Semaphore>>> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Computes the hash on another thread, after those of this address and few beside others.
    async fn check(&self, turn: &Semaphore, name: String, password: Vec<u8>) -> bool {
        let Ok(_turn) = turn.acquire().await else { return false };
        let Ok(_permit) = self.at_work.acquire().await else { return false };
        let users = self.users.clone();
        tokio::task::spawn_blocking(move || check(&users, &name, &password)).await.unwrap_or(false)
    }
}

/// Name and password out of the header's value.
pub fn credentials(value: &[u8]) -> Option<(String, Vec<u8>)> {
    let (scheme, rest) = value.split_at_checked(6)?;
    if !scheme.eq_ignore_ascii_case(b"basic ") {
        return None;
    }
    let bytes = STANDARD.decode(rest.trim_ascii()).ok()?;
    let colon = bytes.iter().position(|&byte| byte == b':')?;
    Some((String::from_utf8(bytes[..colon].to_vec()).ok()?, bytes[colon + 1..].to_vec()))
}

/// All names are compared. For a name that is not there, and for one whose hash is cheap to compute, the dearest hash of
/// all users is computed: the time does not tell which names there are.
fn check(users: &[User], name: &str, password: &[u8]) -> bool {
    let mut right = Choice::from(0);
    let Some(dearest) = users.iter().max_by_key(|user| user.hash.cost()) else { return false };
    let mut found = dearest;
    for user in users {
        let same = user.name.as_bytes().ct_eq(name.as_bytes());
        if bool::from(same) {
            found = user;
        }
        right |= same;
    }
    if found.hash.cost() < dearest.hash.cost() {
        dearest.hash.matches(password);
    }
    bool::from(right & found.hash.matches(password))
}

impl Hash {
    /// The logarithm of its time, to compare with others.
    fn cost(&self) -> u32 {
        match self {
            Hash::Sha256(_) => 0,
            Hash::Bcrypt(hash) => hash.parse::<bcrypt::HashParts>().map_or(0, |parts| parts.get_cost()),
        }
    }

    fn matches(&self, password: &[u8]) -> Choice {
        match self {
            Hash::Bcrypt(hash) => Choice::from(u8::from(bcrypt::verify(password, hash).unwrap_or(false))),
            Hash::Sha256(hash) => Sha256::digest(password).as_slice().ct_eq(hash),
        }
    }
}

fn user(line: &str) -> Result<User, LineError> {
    let (name, hash) = line.split_once(':').ok_or(LineError::NoColon)?;
    if name.is_empty() {
        return Err(LineError::NoName);
    }
    let hash = match hash.strip_prefix("{SHA256}") {
        Some(digest) => Hash::Sha256(sha256(digest).ok_or(LineError::Digest)?),
        None if hash.starts_with("$2") && hash.parse::<bcrypt::HashParts>().is_ok() => {
            Hash::Bcrypt(hash.to_owned())
        }
        None => return Err(LineError::Hash(name.to_owned())),
    };
    Ok(User { name: name.to_owned(), hash })
}

fn sha256(digest: &str) -> Option<[u8; 32]> {
    if digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let bytes: Option<Vec<u8>> =
            (0..32).map(|at| u8::from_str_radix(&digest[2 * at..2 * at + 2], 16).ok()).collect();
        return bytes?.try_into().ok();
    }
    STANDARD.decode(digest).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_tries_many_wrong_passwords_waits_behind_himself() {
        // The dearest hash is computed for every name, so all checks take the same work.
        let text = format!(
            "ann:{}\nbob:{{SHA256}}{}",
            "$2b$04$EGdrhbKUv8Oc9vGiXX0HQOxSg445d458Muh7DAHskb6QbtCvdxcie",
            STANDARD.encode(Sha256::digest("right"))
        );
        let auth = Arc::new(Auth::parse(&text).unwrap());
        let header = |pair: String| format!("Basic {}", STANDARD.encode(pair)).into_bytes();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let attacker = IpAddr::from([127, 0, 0, 9]);
            let wrong: Vec<_> = (0..200)
                .map(|n| {
                    let (auth, header) = (auth.clone(), header(format!("ann:{n}")));
                    tokio::spawn(async move { auth.admits(Some(&header), attacker).await })
                })
                .collect();
            tokio::task::yield_now().await;
            assert!(auth.admits(Some(&header("bob:right".into())), IpAddr::from([127, 0, 0, 1])).await);
            let waiting = wrong.iter().filter(|task| !task.is_finished()).count();
            assert!(waiting > 100, "{waiting} of 200 still wait");
            for task in wrong {
                assert!(!task.await.unwrap());
            }
        });
        assert!(auth.turns().is_empty());
    }

    #[test]
    fn lines_are_read_or_refused() {
        let hex = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";
        assert!(user(&format!("a:{{SHA256}}{hex}")).is_ok());
        assert!(user(&format!("a:{{SHA256}}{}", STANDARD.encode([7; 32]))).is_ok());
        assert!(user("a:$2b$04$EGdrhbKUv8Oc9vGiXX0HQOxSg445d458Muh7DAHskb6QbtCvdxcie").is_ok());
        for line in ["a", ":x", "a:secret", "a:{SHA256}12", "a:{SHA}x", "a:$2b$04$short", "a:{SHA256}", "a:"]
        {
            assert!(user(line).is_err(), "{line}");
        }
        assert!(user(&format!("a:{{SHA256}}{}", "+1".repeat(32))).is_err());
    }

    #[test]
    fn who_is_admitted() {
        let secret: [u8; 32] = Sha256::digest("secret").into();
        let users = [
            User { name: "ann".into(), hash: Hash::Sha256(secret) },
            User { name: "bob".into(), hash: Hash::Bcrypt(bcrypt::hash("s:p", 4).unwrap()) },
        ];
        for (name, password, wanted) in [
            ("ann", "secret", true),
            ("bob", "s:p", true),
            ("ann", "s:p", false),
            ("bob", "secret", false),
            ("eve", "secret", false),
            ("", "", false),
        ] {
            assert_eq!(check(&users, name, password.as_bytes()), wanted, "{name}");
        }
    }

    #[test]
    fn credentials_out_of_headers() {
        let wanted = Some(("bob".to_owned(), b"s:p".to_vec()));
        assert_eq!(credentials(b"Basic Ym9iOnM6cA=="), wanted);
        assert_eq!(credentials(b"bAsIc  Ym9iOnM6cA== "), wanted);
        for value in [
            &b"Basic"[..],
            b"",
            b"Basic !",
            b"Bearer Ym9iOnM6cA==",
            b"Basic Ym9i",
            b"Basic /zo=",
            b"Basi\xc3\xa4x",
        ] {
            assert_eq!(credentials(value), None);
        }
    }
}
