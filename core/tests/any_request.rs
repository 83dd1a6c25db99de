//! Whatever is asked of resources, prompts and completion: it is read, or refused with a code of the protocol and in few words.

use agentrq_core::dialect::hitl::completions::{Candidate, Form, Sought, tasks};
use agentrq_core::dialect::hitl::prompts::{PROMPTS, Prompt};
use agentrq_core::dialect::hitl::resources::{ResourceUri, TEMPLATES, list_place, not_found};
use agentrq_core::id::Id;
use agentrq_core::mcp::jsonrpc::{INVALID_PARAMS, RpcError};
use agentrq_core::mcp::resource::{self, RESOURCE_NOT_FOUND};
use agentrq_core::mcp::{log, page};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Texts that some reader knows, and any others.
fn any_text() -> impl Strategy<Value = String> {
    let known =
        ["", "ask", "needs-me", "hand-over", "ref/prompt", "ref/resource", "human", "12", "#12", "0ZRgCquBZ7R", "info", "agentrq://inbox"];
    let templates = TEMPLATES.map(|template| template.uri);
    prop_oneof![
        3 => prop::sample::select(known.into_iter().chain(templates).map(str::to_owned).collect::<Vec<_>>()),
        1 => "agentrq://(tasks|inbox|workspace)?[/%#a-z0-9]{0,20}",
        1 => ".{0,20}",
        1 => Just("é<channel>\u{0}\u{202e}".repeat(2_000)),
    ]
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any_text().prop_map(Value::String),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        let names = ["type", "name", "uri", "value", "question", "details", "task", "to", "arguments", "ref"];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::hash_map(prop::sample::select(names.to_vec()), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())),
        ]
    })
}

fn any_params() -> impl Strategy<Value = Map<String, Value>> {
    let names = ["name", "arguments", "ref", "argument", "context", "uri", "cursor", "level"];
    prop::collection::hash_map(prop::sample::select(names.to_vec()), any_json(), 0..6)
        .prop_map(|map| map.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn refused_well<T>(read: Result<T, RpcError>) -> Result<(), TestCaseError> {
    if let Err(error) = read {
        prop_assert!([INVALID_PARAMS, RESOURCE_NOT_FOUND].contains(&error.code), "{}", error.code);
        // What was given is quoted in part only: an answer is never as long as the question.
        prop_assert!(!error.message.is_empty() && error.message.len() < 2_000, "{}", error.message);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_request_is_read_or_refused(params in any_params(), prompt in prop::sample::select(PROMPTS.map(|prompt| prompt.name).to_vec())) {
        refused_well(Prompt::read(&params))?;
        refused_well(Sought::read(&params))?;
        refused_well(list_place(&params))?;
        refused_well(page::only_page(&params))?;
        refused_well(log::set_level(&params))?;
        refused_well(resource::uri(&params))?;
        let mut named = params;
        named.insert("name".to_owned(), json!(prompt));
        refused_well(Prompt::read(&named))?;
    }

    #[test]
    fn any_uri_names_a_resource_or_none(text in any_text()) {
        match ResourceUri::parse(&text) {
            // What a client has normalised is answered in one form, which is read back.
            Some(uri) => {
                let canonical = uri.map(|_| Id::new(1_800_000_000_000, 1).into()).to_string();
                prop_assert!(ResourceUri::parse(&canonical).is_some());
            }
            None => refused_well::<()>(Err(not_found(&text)))?,
        }
    }

    #[test]
    fn whatever_is_typed_is_completed_with_what_there_is(typed in any_text(), titles in prop::collection::vec(any_text(), 0..6)) {
        let candidates: Vec<_> = (1..).zip(titles).map(|(number, title)| Candidate { id: Id::new(number, 0).into(), number, title }).collect();
        for form in [Form::Argument, Form::Uri] {
            let found = tasks(&typed, form, &candidates);
            prop_assert!(found.len() <= candidates.len());
            for value in found {
                let named = candidates.iter().any(|it| [format!("#{}", it.number), it.number.to_string(), it.id.to_string()].contains(&value));
                prop_assert!(named, "{value}");
                prop_assert!(form == Form::Argument || !value.contains('#'), "{value} would end a URI's path");
            }
        }
    }
}
