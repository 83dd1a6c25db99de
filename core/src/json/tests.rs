//! What is read and written, and what is refused with which words.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Error, Raw, Read, Reader, Word, from_str, to_string};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Colour {
    Red,
    Green,
}

super::words!(Colour { "red" => Red, "crimson" => Red, "green" => Green });

#[derive(Debug, PartialEq)]
struct Pair {
    left_side: u16,
    right: Option<Box<Pair>>,
    colour: Option<Colour>,
    kind: String,
    tags: Vec<String>,
    is_big: bool,
}

crate::record!(Pair { left_side, right, colour, kind as "type", tags if any, is_big = true });

fn pair() -> Pair {
    Pair { left_side: 1, right: None, colour: None, kind: "k".into(), tags: Vec::new(), is_big: false }
}

fn refused<T: Read + std::fmt::Debug>(text: &str) -> String {
    from_str::<T>(text).expect_err(text).to_string()
}

/// Any JSON value that serde_json can write.
fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_filter("finite", |number| number.is_finite()).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..6).prop_map(|members| json!(members)),
        ]
    })
}

#[test]
fn a_record_is_read_as_it_was_written() {
    let whole = Pair {
        right: Some(Box::new(pair())),
        colour: Some(Colour::Green),
        kind: "é\u{0}\"\\\n\u{2028}😀".into(),
        tags: vec![String::new(), "b".into()],
        ..pair()
    };
    let text = to_string(&whole);
    assert_eq!(from_str::<Pair>(&text), Ok(whole));
    assert!(
        text.starts_with(r#"{"leftSide":1,"right":{"leftSide":1,"right":null,"colour":null,"type":"k","isBig":false},"colour":"green""#)
    );
}

#[test]
fn members_come_in_any_order_and_what_is_not_known_is_passed_over() {
    let text = r#" { "type" : "k" , "more":[{"x":[1,-2.5e+3,null]},"\"}"], "isBig":false,"left_side":7, "leftSide":1 } "#;
    assert_eq!(from_str::<Pair>(text), Ok(pair()));
}

#[test]
fn what_is_absent_is_what_the_table_says() {
    let read = from_str::<Pair>(r#"{"leftSide":1,"type":"k"}"#);
    assert_eq!(read, Ok(Pair { is_big: true, ..pair() }));
}

#[test]
fn a_member_that_must_be_there_is_named_as_it_is_on_the_wire() {
    assert_eq!(refused::<Pair>(r#"{"type":"k"}"#), "`leftSide` is missing");
    assert_eq!(refused::<Pair>(r#"{"leftSide":1,"type":"k","right":{"leftSide":2}}"#), "right: `type` is missing");
}

#[test]
fn what_is_wrong_is_said_with_its_place_and_what_is_allowed() {
    for (text, said) in [
        (r#"{"leftSide":70000}"#, "leftSide: at most 65535 is allowed"),
        (r#"{"leftSide":1.5}"#, "leftSide: expected a whole number from 0 on at byte 13"),
        (r#"{"leftSide":-1}"#, "leftSide: expected a whole number from 0 on at byte 12"),
        (r#"{"leftSide":01}"#, "leftSide: expected a whole number from 0 on at byte 14"),
        (r#"{"leftSide":18446744073709551616}"#, "leftSide: expected a smaller number at byte 31"),
        (r#"{"leftSide":1,"leftSide":1}"#, "leftSide: it is there twice"),
        (r#"{"right":{"right":[1]}}"#, "right.right: expected an object at byte 18"),
        (r#"{"colour":"blue"}"#, "colour: `blue` is none of `red`, `crimson`, `green`"),
        (r#"{"type":null}"#, "type: expected a text at byte 8"),
        (r#"{"tags":{}}"#, "tags: expected a list at byte 8"),
        (r#"{"isBig":1}"#, "isBig: expected true or false at byte 9"),
        ("[]", "expected an object at byte 0"),
        ("", "expected an object at byte 0"),
        ("{\"type\":\"k\"", "expected , at byte 11"),
        ("{\"type\":\"k\",}", "expected a text at byte 12"),
        (r#"{"leftSide":1,"type":"k"} x"#, "expected the end at byte 26"),
        ("{\"leftSide\":1,\"type\":\"k\"}\0", "expected the end at byte 25"),
    ] {
        assert_eq!(refused::<Pair>(text), said, "{text}");
    }
}

#[test]
fn a_refusal_repeats_little_of_what_was_given() {
    let text = format!(r#"{{"colour":"{}"}}"#, "x".repeat(10_000));
    assert!(refused::<Pair>(&text).len() < 200);
}

#[test]
fn texts_are_those_that_json_allows() {
    for (text, read) in [
        (r#""""#, Some("")),
        (r#""\u00e9\n\/\b\f\t\r\"\\""#, Some("é\n/\u{8}\u{c}\t\r\"\\")),
        (r#""\ud83d\uDE00x""#, Some("😀x")),
        (r#""\ud83d""#, None),
        (r#""\ud83d\u0041""#, None),
        (r#""\ude00""#, None),
        (r#""\u12""#, None),
        (r#""\u+123""#, None),
        (r#""\u12é""#, None),
        (r#""\x""#, None),
        (r#""\"#, None),
        ("\"a", None),
        ("\"a\nb\"", None),
        ("'a'", None),
    ] {
        assert_eq!(from_str::<String>(text).ok().as_deref(), read, "{text}");
    }
}

#[test]
fn nothing_is_nested_without_end() {
    let nested = |depth: usize| format!(r#"{{"type":"k","leftSide":1,"isBig":false,"more":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
    assert_eq!(from_str::<Pair>(&nested(127)), Ok(pair()));
    assert!(refused::<Pair>(&nested(128)).contains("expected fewer levels"));
    assert!(refused::<Pair>(&nested(1_000_000)).contains("expected fewer levels"));
}

#[test]
fn a_tag_is_found_wherever_it_stands_and_the_object_is_still_there() {
    let mut reader = Reader::new(r#"{"leftSide":1,"isBig":false,"type":"k"}"#);
    assert_eq!(reader.tag("type").as_deref(), Ok("k"));
    assert_eq!(Pair::read(&mut reader), Ok(pair()));
    for (wrong, said) in
        [("{}", "`type` is missing"), ("[1]", "expected an object at byte 0"), (r#"{"type":1}"#, "type: expected a text at byte 8")]
    {
        assert_eq!(Reader::new(wrong).tag("type").expect_err(wrong).to_string(), said);
    }
}

#[test]
fn a_word_is_written_by_its_first_name_and_read_by_each() {
    assert_eq!(to_string(&Colour::Red), r#""red""#);
    assert_eq!((Colour::of_wire("red"), Colour::of_wire("crimson")), (Ok(Colour::Red), Ok(Colour::Red)));
}

#[test]
fn serde_reads_and_writes_the_same() {
    let error = |text: &str| serde_json::from_str::<Colour>(text).expect_err(text).to_string();
    assert_eq!(serde_json::to_value(Colour::Red).ok(), Some(json!("red")));
    assert_eq!(serde_json::from_value::<Colour>(json!("crimson")).ok(), Some(Colour::Red));
    assert!(error("\"blue\"").starts_with("`blue` is none of"));
}

proptest! {
    #[test]
    fn any_json_is_passed_as_it_was_written(value in any_value(), pretty: bool) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.expect("json");
        let padded = format!(" {text}\n");
        let raw = from_str::<Raw>(&padded);
        prop_assert_eq!(raw.as_ref().map(Raw::as_str), Ok(text.as_str()));
    }

    /// What the one takes, the other takes, whatever it is.
    #[test]
    fn what_is_no_json_is_refused_as_serde_json_refuses_it(value in any_value(), cut in any::<prop::sample::Index>(), with in any::<Option<u8>>()) {
        let mut bytes = serde_json::to_vec(&value).expect("json");
        let at = cut.index(bytes.len());
        match with {
            Some(byte) => bytes[at] = byte & 0x7f,
            None => bytes.truncate(at),
        }
        if let Ok(text) = String::from_utf8(bytes) {
            let theirs = serde_json::from_str::<Box<serde_json::value::RawValue>>(&text);
            prop_assert_eq!(from_str::<Raw>(&text).is_ok(), theirs.is_ok(), "{}", text);
        }
    }

    #[test]
    fn texts_and_numbers_are_those_of_serde_json(text: String, number: u64, members: BTreeMap<String, u64>) {
        prop_assert_eq!(from_str::<String>(&serde_json::to_string(&text).expect("json")), Ok(text.clone()));
        prop_assert_eq!(serde_json::from_str::<String>(&to_string(&text)).ok(), Some(text));
        prop_assert_eq!(from_str::<u64>(&to_string(&number)), Ok(number));
        let mut read = BTreeMap::new();
        let written = serde_json::to_string(&members).expect("json");
        let all = Reader::new(&written).members(&mut |reader, name| {
            read.insert(name.to_owned(), reader.unsigned()?);
            Ok::<_, Error>(())
        });
        prop_assert_eq!((all, read), (Ok(()), members));
    }
}
