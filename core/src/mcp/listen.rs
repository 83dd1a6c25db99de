//! `subscriptions/listen` (MCP 2026-07-28, "Subscriptions"): the notifications that a client wants on a stream of its own.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::jsonrpc::{INVALID_PARAMS, RequestId, RpcError, notification, result};
use super::resource::check_uri;
use super::stateless::complete;
use super::tool::clipped;

/// Where a message of such a stream says which request it belongs to.
const SUBSCRIPTION: &str = "io.modelcontextprotocol/subscriptionId";
/// Resources that one stream may be told of.
pub const RESOURCES: usize = 500;

/// What a client wants to be told of. What it did not ask for it is not told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Filter {
    #[serde(default, skip_serializing_if = "Wanted::is_no")]
    pub tools_list_changed: Wanted,
    #[serde(default, skip_serializing_if = "Wanted::is_no")]
    pub prompts_list_changed: Wanted,
    #[serde(default, skip_serializing_if = "Wanted::is_no")]
    pub resources_list_changed: Wanted,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub resource_subscriptions: BTreeSet<String>,
}

/// Does the client want it?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "bool", into = "bool")]
pub enum Wanted {
    Yes,
    #[default]
    No,
}

impl Wanted {
    pub fn is_no(&self) -> bool {
        *self == Self::No
    }
}

impl From<bool> for Wanted {
    fn from(wanted: bool) -> Self {
        if wanted { Self::Yes } else { Self::No }
    }
}

impl From<Wanted> for bool {
    fn from(wanted: Wanted) -> Self {
        wanted == Wanted::Yes
    }
}

impl Filter {
    /// Reads the parameters of the request, and leaves out what the server cannot promise: `is_known` says which resources there are.
    pub fn read(params: &Map<String, Value>, is_known: impl Fn(&str) -> bool) -> Result<Self, RpcError> {
        let wrong = |why: String| RpcError::new(INVALID_PARAMS, why);
        let Some(filter) = params.get("notifications") else {
            return Err(wrong(
                "`notifications` is missing: say what you want to be told of, e.g. {\"resourceSubscriptions\": [\"agentrq://inbox\"]}"
                    .to_owned(),
            ));
        };
        // A list would be read as the members in their order.
        if !filter.is_object() {
            return Err(wrong("`notifications` is an object".to_owned()));
        }
        let mut filter = Self::deserialize(filter).map_err(|why| wrong(format!("`notifications`: {}", clipped(&why.to_string()))))?;
        if filter.resource_subscriptions.len() > RESOURCES {
            let given = filter.resource_subscriptions.len();
            return Err(wrong(format!("a stream may be told of {RESOURCES} resources, not {given}: open several")));
        }
        filter.resource_subscriptions.iter().try_for_each(|uri| check_uri(uri))?;
        filter.resource_subscriptions.retain(|uri| is_known(uri));
        Ok(filter)
    }

    /// The first message of the stream: what will be told.
    pub fn acknowledged(&self, request: &RequestId) -> Value {
        told(request, "notifications/subscriptions/acknowledged", json!({"notifications": self}))
    }
}

/// A notification on the stream of this request.
pub fn told(request: &RequestId, method: &str, mut params: Value) -> Value {
    params["_meta"] = json!({SUBSCRIPTION: request.as_value()});
    notification(method, &params)
}

/// The answer to the request, which ends its stream: the server tells no more.
pub fn ended(request: &RequestId) -> Value {
    result(request, complete("subscriptions/listen", json!({"_meta": {SUBSCRIPTION: request.as_value()}})))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::URI_BYTES;

    fn read(params: Value) -> Result<Filter, RpcError> {
        let Value::Object(params) = params else { panic!("an object") };
        Filter::read(&params, |uri| uri.starts_with("agentrq://"))
    }

    #[test]
    fn what_is_honoured_is_said_and_what_is_not_is_left_out() {
        let wanted = json!({"notifications": {
            "toolsListChanged": true, "promptsListChanged": true, "resourcesListChanged": false,
            "resourceSubscriptions": ["agentrq://inbox", "file:///etc/passwd", "agentrq://inbox"],
        }});
        let filter = read(wanted).expect("read");
        let id = RequestId::from_value(&json!(7)).expect("an id");
        assert_eq!(
            filter.acknowledged(&id),
            json!({"jsonrpc": "2.0", "method": "notifications/subscriptions/acknowledged", "params": {
                "_meta": {"io.modelcontextprotocol/subscriptionId": 7},
                "notifications": {"toolsListChanged": true, "promptsListChanged": true, "resourceSubscriptions": ["agentrq://inbox"]},
            }})
        );
    }

    #[test]
    fn the_end_is_the_answer_to_the_request_and_names_it() {
        let end = ended(&RequestId::from_value(&json!("l-1")).expect("an id"));
        assert_eq!((&end["id"], &end["result"]["resultType"]), (&json!("l-1"), &json!("complete")));
        assert_eq!(end["result"]["_meta"]["io.modelcontextprotocol/subscriptionId"], json!("l-1"));
    }

    #[test]
    fn a_filter_survives_storage() {
        let filter = read(json!({"notifications": {"resourceSubscriptions": ["agentrq://inbox"]}})).expect("read");
        let stored = serde_json::to_string(&filter).expect("written");
        assert_eq!(serde_json::from_str::<Filter>(&stored).ok(), Some(filter));
    }

    #[test]
    fn what_is_no_filter_is_refused_with_what_is_wrong() {
        let many: Vec<String> = (0..=RESOURCES).map(|n| format!("agentrq://tasks/{n}")).collect();
        for wrong in [
            json!({}),
            json!({"notifications": null}),
            json!({"notifications": []}),
            json!({"notifications": {"toolsListChanged": "yes"}}),
            json!({"notifications": {"resourceSubscriptions": "agentrq://inbox"}}),
            json!({"notifications": {"resourceSubscriptions": many}}),
            json!({"notifications": {"resourceSubscriptions": ["agentrq://inbox", format!("agentrq://{}", "x".repeat(URI_BYTES))]}}),
        ] {
            assert_eq!(read(wrong.clone()).expect_err("no filter").code, INVALID_PARAMS, "{wrong}");
        }
    }
}
