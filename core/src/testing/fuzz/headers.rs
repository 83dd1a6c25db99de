//! What stands in headers and envelopes: mirrored names, ids of events and sessions, the revision that a request names, URIs of resources.

use serde_json::{Value, json};

use super::names::one_text_each;
use super::{Choices, json};
use crate::dialect::hitl::resources::{self, ResourceUri};
use crate::id::{Id, SessionId, TaskId};
use crate::mcp::event_id::{EventId, Place};
use crate::mcp::header;
use crate::mcp::jsonrpc::INVALID_PARAMS;
use crate::mcp::listen::{Filter, RESOURCES};
use crate::mcp::stateless::{self, HEADER_MISMATCH, Headers, UNSUPPORTED_VERSION};
use crate::mcp::tool::TaskRef;

/// The longest that a refusal may be, whatever it refuses.
const LONGEST_REFUSAL: usize = 1_500;
const VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";

fn is_visible(text: &str) -> bool {
    text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

/// Any text fits into a header and comes out of it; what else is taken means one thing.
pub(super) fn a_value_survives_its_header(choices: &mut Choices<'_>) {
    let value = choices.text(10);
    let written = header::encode(&value);
    assert!(is_visible(&written) && written.trim() == written, "{value:?} became {written:?}");
    assert_eq!(header::decode(&written), Some(value));
    let close = choices.changed(&written);
    if let Some(read) = header::decode(&close) {
        assert_eq!(header::decode(&header::encode(&read)), Some(read), "{close:?}");
    }
    assert!(!header::is_session_id(&close) || (is_visible(&close) && !close.contains(' ') && close.len() <= 256), "{close:?}");
}

pub(super) fn an_id_of_an_event_has_one_text(choices: &mut Choices<'_>) {
    let stream = SessionId(Id::new(choices.number() % (1 << 42), choices.number() as u32));
    let number = |choices: &mut Choices<'_>| choices.number() % 10_000_000_000_000_000_000;
    let place = match choices.below(3) {
        0 => Place::Start,
        1 => Place::Pushed { ping: number(choices), index: number(choices) },
        _ => Place::Answer(number(choices)),
    };
    one_text_each(choices, &EventId { stream, place });
}

/// A request whose headers and envelope agree is read; one where something is changed is refused with the code that is prescribed, briefly.
pub(super) fn an_envelope_agrees_with_its_headers_or_is_refused(choices: &mut Choices<'_>) {
    let (method, key) = choices.of(&[("tools/call", "name"), ("prompts/get", "name"), ("resources/read", "uri"), ("tools/list", "none")]);
    let name = choices.text(6);
    let mut params = json!({"_meta": {VERSION: "2026-07-28", CAPABILITIES: {}}});
    params[key] = json!(name);
    let (mut version, mut named, mut method_header) = ("2026-07-28".to_owned(), header::encode(&name), method.to_owned());
    let is_changed = choices.one_in(2);
    if is_changed {
        match choices.below(4) {
            0 => version = choices.changed(&version),
            1 => named = choices.changed(&named),
            2 => method_header = choices.changed(&method_header),
            _ => json::change(choices, &mut params),
        }
        if params.is_object() && choices.one_in(20) {
            params[key] = json!("é".repeat(3_000));
        }
    }
    let Value::Object(params) = params else { return };
    let is_there = |text: &str| !text.is_empty();
    let headers = Headers {
        version: Some(version.as_str()).filter(|text| is_there(text)),
        method: Some(method_header.as_str()).filter(|text| is_there(text)),
        name: Some(named.as_str()).filter(|_| key != "none"),
    };
    let read = stateless::revision(&headers, &params).and_then(|revision| {
        assert!(params.get("_meta").and_then(|meta| meta.get(VERSION)).is_none() || revision.is_stateless());
        if revision.is_stateless() { stateless::envelope(&headers, method, &params).map(|_| ()) } else { Ok(()) }
    });
    match read {
        Ok(()) => {
            // Nothing that a proxy may have routed by contradicts the body.
            let body = params.get(key).and_then(Value::as_str).filter(|_| key != "none");
            let is_modern = params.get("_meta").and_then(|meta| meta.get(VERSION)).is_some();
            if let Some(body) = body.filter(|_| is_modern) {
                assert_eq!(headers.name.and_then(header::decode).as_deref(), Some(body));
            }
            assert!(!is_modern || (headers.method == Some(method) && headers.version == Some("2026-07-28")));
        }
        Err(error) => {
            assert!(is_changed, "{headers:?} {params:?}: {}", error.message);
            assert!([INVALID_PARAMS, HEADER_MISMATCH, UNSUPPORTED_VERSION].contains(&error.code), "{}", error.code);
            let size = error.message.len() + error.data.map_or(0, |data| data.to_string().len());
            assert!(size <= LONGEST_REFUSAL, "{size} bytes to refuse {method}");
        }
    }
}

/// A resource has one URI; others that name it are read as the same.
pub(super) fn a_resource_is_found_by_its_uri(choices: &mut Choices<'_>) {
    let id = TaskId(Id::new(choices.number() % (1 << 42), choices.number() as u32));
    let resource = choices.of(&[ResourceUri::Workspace, ResourceUri::Inbox, ResourceUri::Task(id), ResourceUri::Thread(id)]);
    let uri = resource.to_string();
    assert_eq!(ResourceUri::parse(&uri), Some(resource.map(TaskRef::Id)), "{uri}");
    let close = choices.changed(&uri);
    if let Some(read) = ResourceUri::parse(&close) {
        let by_id = read.find(|task| Ok::<_, ()>(if let TaskRef::Id(id) = task { Some(id) } else { None }));
        if let Ok(Some(named)) = by_id {
            assert_eq!(ResourceUri::parse(&named.to_string()), Some(named.map(TaskRef::Id)), "{close:?}");
        }
    }
    assert!(resources::not_found(&close.repeat(50)).message.len() <= LONGEST_REFUSAL);
}

/// What a client wants to be told of is kept within its limit and survives storage, or is refused briefly.
pub(super) fn a_filter_survives_storage_or_is_refused(choices: &mut Choices<'_>) {
    let mut params = json!({"notifications": {
        "toolsListChanged": true, "resourcesListChanged": choices.one_in(2),
        "resourceSubscriptions": ["agentrq://inbox", "agentrq://tasks/12", choices.text(5)],
    }});
    for _ in 0..choices.below(3) {
        json::change(choices, &mut params);
    }
    if params.is_object() && choices.one_in(20) {
        params["notifications"] = json!("é".repeat(3_000));
    }
    let Value::Object(params) = params else { return };
    match Filter::read(&params, |uri| ResourceUri::parse(uri).is_some()) {
        Ok(filter) => {
            assert!(filter.resource_subscriptions.len() <= RESOURCES);
            assert!(filter.resource_subscriptions.iter().all(|uri| ResourceUri::parse(uri).is_some()), "{filter:?}");
            let stored = serde_json::to_string(&filter).expect("written");
            assert_eq!(serde_json::from_str::<Filter>(&stored).ok(), Some(filter));
        }
        Err(error) => {
            assert_eq!(error.code, INVALID_PARAMS);
            assert!(error.message.len() <= LONGEST_REFUSAL, "{} bytes to refuse a filter", error.message.len());
        }
    }
}
