//! What is sent as one type and received as another.

use super::{WireError, decode, encode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;

fn through<S: Serialize + ?Sized, R: DeserializeOwned>(value: &S) -> Result<R, WireError> {
    decode(&encode(value)?)
}

fn there_and_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: T) {
    assert_eq!(through::<T, T>(&value).as_ref(), Ok(&value));
}

#[test]
fn a_value_of_another_type_is_an_error_that_names_both() {
    let error = through::<_, u8>(&1.5f64).unwrap_err().to_string();
    assert!(error.contains("a f64 was sent, and a u8"), "{error}");
    assert!(through::<_, u64>(&7u32).is_err());
    assert!(through::<_, Vec<f64>>(&vec![1.0f32]).is_err());
    assert!(through::<_, (i32, i32)>(&vec![1i32, 2]).is_err());
    assert!(through::<_, Vec<i32>>(&[1i32, 2]).is_err());
    assert!(through::<_, Option<u8>>(&1u8).is_err());
    assert!(through::<_, Vec<u8>>("text").is_err());
    assert!(decode::<u8>(&[0; 8]).unwrap_err().to_string().contains("sent as a buffer"));
    let mut longer = encode(&1u8).unwrap();
    longer.push(0);
    assert!(decode::<u8>(&longer).unwrap_err().to_string().contains("left over"));
}

#[test]
fn what_serde_writes_alike_is_received_alike() {
    assert_eq!(through("text"), Ok("text".to_owned()));
    assert_eq!(through(&("a", 1)), Ok(("a".to_owned(), 1)));
    assert_eq!(through(&[1u8, 2][..]), Ok(vec![1u8, 2]));
    assert_eq!(through(&&[&1u8][..]), Ok(vec![1u8]));
    assert_eq!(through(&Box::new(3i64)), Ok(3i64));
    assert_eq!(through(&HashMap::from([("a", 1)])), Ok(BTreeMap::from([("a".to_owned(), 1)])));
    assert_eq!(through(&[[1u8; 2]; 3]), Ok([[1u8; 2]; 3]));
    assert_eq!(through(&Borrowed { word: "a", n: 1 }), Ok(Owned { word: "a".into(), n: 1 }));
    there_and_back(Some(Some(1)));
    there_and_back(Some(None::<i32>));
    there_and_back((f64::MAX, i128::MIN, 'x', true));
}

#[derive(Serialize)]
struct Borrowed<'a> {
    word: &'a str,
    n: i32,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Owned {
    word: String,
    n: i32,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
#[serde(tag = "kind")]
enum Tagged {
    Circle { radius: f64, from: std::net::Ipv4Addr },
    Empty,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
#[serde(untagged)]
enum Untagged {
    Number(i64),
    Text(String),
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Default)]
struct Sparse {
    #[serde(skip_serializing_if = "Option::is_none")]
    first: Option<i32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    second: Vec<f32>,
    last: u8,
    #[serde(flatten)]
    more: BTreeMap<String, i32>,
}

#[test]
fn what_serde_calls_self_describing_arrives() {
    there_and_back(Tagged::Circle { radius: 1.5, from: [127, 0, 0, 1].into() });
    there_and_back(vec![Tagged::Empty]);
    there_and_back((Untagged::Number(-3), Untagged::Text("a".into())));
    there_and_back(Sparse { last: 7, ..Sparse::default() });
    there_and_back(Sparse { first: Some(1), second: vec![2.0], last: 3, more: [("x".into(), 4)].into() });
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Other {
    length: f64,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Unsure<T> {
    inner: Option<T>,
}

#[test]
fn structs_that_are_not_alike_are_told_apart() {
    let error = through::<_, Owned>(&Other { length: 1.0 }).unwrap_err().to_string();
    assert!(error.contains("tests::Other") && error.contains("tests::Owned"), "{error}");
    assert!(through::<_, Other>(&1.5f64).is_err());
    assert!(through::<_, Unsure<f64>>(&Unsure { inner: Some(1i32) }).is_err());
}

#[test]
fn what_would_be_received_as_none_is_refused_where_it_is_sent() {
    there_and_back(Unsure::<Option<i32>> { inner: None });
    there_and_back(Unsure { inner: Some(Some(1)) });
    let error = encode(&Unsure { inner: Some(None::<i32>) }).unwrap_err().to_string();
    assert!(error.contains("Unsure") && error.contains("cannot be sent"), "{error}");
    assert!(encode(&Unsure { inner: Some(()) }).is_err());
}
