//! Whatever comes in, readers do not panic; whatever is written is read back.

use agentrq_core::cursor::Cursor;
use agentrq_core::dialect::hitl::{self, Call, InlineAttachment};
use agentrq_core::id::{Id, TaskId};
use agentrq_core::mcp::channel::Item;
use agentrq_core::mcp::jsonrpc::{self, Incoming};
use agentrq_core::mcp::tool::{TaskRef, ToolAnswer};
use agentrq_core::sse::{Frame, Parser};
use agentrq_core::time::Timestamp;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::String),
        prop::sample::select(vec!["human", "ongoing", "0ZRgCquBZ7R", "12", "#12", "asc", "true", "%%"]).prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::hash_map(".{0,6}", inner, 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// The names that tools know, each with anything.
fn any_arguments() -> impl Strategy<Value = Map<String, Value>> {
    let names = [
        "title",
        "body",
        "assignee",
        "attachments",
        "task_id",
        "taskId",
        "status",
        "reason",
        "chat_id",
        "chatId",
        "text",
        "in_reply_to",
        "needs_answer",
        "cursor",
        "limit",
        "order",
        "attachment_id",
        "acknowledge",
        "timeout_seconds",
        "id",
        "data",
        "filename",
    ];
    prop::collection::hash_map(prop::sample::select(names.to_vec()), any_json(), 0..8)
        .prop_map(|map| map.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn ids_round_trip_in_order_and_nothing_else_is_one(a in 0..(1u64 << 41), b in 0..(1u64 << 41), random in any::<u32>(), text in "\\PC{0,14}") {
        let epoch = 1_577_836_800_000;
        let (first, second) = (Id::new(epoch + a, random), Id::new(epoch + b, random));
        prop_assert_eq!(first.to_string().parse(), Ok(first));
        prop_assert_eq!(first.made_at_ms(), epoch + a);
        prop_assert_eq!(first.cmp(&second), first.to_string().cmp(&second.to_string()));
        prop_assert_eq!(a.cmp(&b), first.cmp(&second));
        if let Ok(read) = text.parse::<Id>() {
            prop_assert_eq!(read.to_string(), text);
        }
    }

    #[test]
    fn any_eleven_letters_are_an_id_or_too_large_for_one(text in "[0-9A-Za-z]{11}") {
        match text.parse::<TaskId>() {
            Ok(id) => prop_assert_eq!(id.to_string(), text),
            Err(_) => prop_assert!(text.as_str() > "AzL8n0Y58m7"),
        }
    }

    #[test]
    fn cursors_and_times_round_trip(epoch in "[0-9A-Za-z]{1,32}", seq in 0..1_000_000_000_000_000u64, tag in "[0-9A-Za-z]{1,32}", ms in any::<u64>(), text in ".{0,40}") {
        let cursor = Cursor { epoch, seq, tag };
        prop_assert_eq!(cursor.to_string().parse(), Ok(cursor));
        let at = Timestamp::from_ms(ms);
        prop_assert_eq!(at.to_string().parse(), Ok(at));
        let _ = text.parse::<Cursor>();
        let _ = text.parse::<Timestamp>();
        let _ = TaskRef::parse(&text);
    }

    #[test]
    fn an_event_is_read_back_however_its_bytes_are_cut(data in "[\\PC\r\n\u{0}:]{0,60}", cuts in prop::collection::vec(1..9usize, 0..40)) {
        let text = Frame { event: Some("message"), id: Some("e-1-t"), data: &data }.encode();
        let mut parser = Parser::default();
        let (mut rest, mut events) = (text.as_bytes(), Vec::new());
        for cut in cuts {
            let (chunk, later) = rest.split_at(cut.min(rest.len()));
            events.extend(parser.push(chunk));
            rest = later;
        }
        events.extend(parser.push(rest));
        prop_assert_eq!(events.len(), 1);
        prop_assert_eq!(&events[0].data, &data.replace('\r', "\n"));
        prop_assert_eq!((events[0].event.as_str(), events[0].id.as_deref()), ("message", Some("e-1-t")));
    }

    #[test]
    fn no_bytes_upset_the_readers_of_streams_and_messages(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut parser = Parser::default();
        let whole = Parser::default().push(&bytes);
        let piecewise: Vec<_> = bytes.iter().flat_map(|&byte| parser.push(&[byte])).collect();
        prop_assert_eq!(whole, piecewise);
        let _ = jsonrpc::parse(&bytes);
    }

    #[test]
    fn any_json_is_a_message_or_refused_with_its_id(value in any_json(), id in any::<i64>(), params in any_arguments()) {
        let _ = jsonrpc::parse(value.to_string().as_bytes());
        let request = json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params.clone()});
        let Ok(Incoming::Request { id: read, params: read_params, .. }) = jsonrpc::parse(request.to_string().as_bytes()) else {
            return Err(TestCaseError::fail("a request"));
        };
        prop_assert_eq!(&jsonrpc::result(&read, json!(1))["id"], &json!(id));
        prop_assert_eq!(read_params.len(), params.len());
        let odd = json!({"jsonrpc": "2.0", "id": id, "method": value});
        if let Err((Some(of), _)) = jsonrpc::parse(odd.to_string().as_bytes()) {
            prop_assert_eq!(of.as_value(), &json!(id));
        }
    }

    #[test]
    fn any_arguments_are_a_call_or_answered_with_one_that_is_right(arguments in any_arguments()) {
        for tool in hitl::definitions("https://x/") {
            let read = hitl::read(tool.name, &arguments);
            prop_assert!(read.is_some(), "{} is known", tool.name);
            if let Some(Err(why)) = read {
                prop_assert!(why.starts_with(tool.name) && why.contains("A call that is right: "), "{}", why);
                prop_assert!(why.len() < 2_000, "{}", why);
            }
        }
        prop_assert!(hitl::read("rm", &arguments).is_none());
    }

    #[test]
    fn bytes_survive_base64_in_every_form(bytes in prop::collection::vec(any::<u8>(), 0..64), noise in "[A-Za-z0-9+/=_\\- \n%]{0,20}") {
        for data in [STANDARD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)] {
            let Value::Object(arguments) = json!({"title": "x", "attachments": [{"filename": "a.bin", "data": data}]}) else { unreachable!() };
            let Some(Ok(Call::CreateTask { attachments, .. })) = hitl::read("createTask", &arguments) else {
                return Err(TestCaseError::fail("a call"));
            };
            let expected = InlineAttachment::Bytes { filename: "a.bin".into(), mime_type: "application/octet-stream".into(), bytes: bytes.clone() };
            prop_assert_eq!(attachments, vec![expected]);
        }
        let Value::Object(arguments) = json!({"title": "x", "attachments": [{"filename": "a", "data": noise}]}) else { unreachable!() };
        let _ = hitl::read("createTask", &arguments);
    }

    #[test]
    fn items_stand_first_in_an_answer_whatever_they_hold(text in ".{0,40}") {
        let item = Item { content: text.clone(), meta: vec![("chat_id", "x".into())] };
        let answer = ToolAnswer::Done(json!({"a": 1})).to_json(&[item.block()]);
        let first = answer["content"][0]["text"].as_str().unwrap_or_default();
        prop_assert!(first.starts_with(&text));
        prop_assert_eq!(&answer["structuredContent"], &json!({"a": 1}));
        prop_assert_eq!(&answer["content"][1]["text"], r#"{"a":1}"#);
    }
}

#[test]
fn the_definitions_of_the_tools_are_schemas_of_objects_with_examples_that_are_right() {
    for tool in hitl::definitions("https://x/") {
        for schema in [&tool.input].into_iter().chain(&tool.output) {
            assert_eq!(schema["type"], "object", "{}", tool.name);
        }
        let arguments = tool.example.strip_prefix(tool.name).and_then(|it| it.strip_prefix('(')?.strip_suffix(')'));
        let arguments = arguments.unwrap_or_else(|| panic!("{} shows {}", tool.name, tool.example));
        let Ok(Value::Object(arguments)) = serde_json::from_str(arguments) else { panic!("{arguments} is no object") };
        assert!(matches!(hitl::read(tool.name, &arguments), Some(Ok(_))), "the example of {} is right", tool.name);
        for name in arguments.keys() {
            assert!(tool.input["properties"].get(name).is_some(), "{name} of {}", tool.name);
        }
    }
}

#[test]
fn a_very_deep_message_is_refused_and_not_followed() {
    let deep = "[".repeat(100_000);
    assert!(jsonrpc::parse(deep.as_bytes()).is_err());
    let deep = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"x","params":{{"a":{}}}}}"#, "[".repeat(100_000) + &"]".repeat(100_000));
    assert!(jsonrpc::parse(deep.as_bytes()).is_err());
}
