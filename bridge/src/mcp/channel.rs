//! What the server tells an agent unasked: channel events, handed on to whoever does the work.

use rmcp::model::{ClientCapabilities, ClientConfig, CustomNotification, Implementation, ResourceUpdatedNotificationParam};
use rmcp::service::NotificationContext;
use rmcp::{ClientHandler, RoleClient};
use serde::Deserialize;
use tokio::sync::mpsc;

const METHOD: &str = "notifications/claude/channel";

/// An event of a workspace's channel. What is not known here is left out.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ChannelEvent {
    #[serde(default)]
    pub content: String,
    #[serde(default)]
    pub meta: Meta,
}

/// What an event is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Meta {
    /// The task.
    pub chat_id: String,
    pub kind: String,
    pub message_id: String,
}

impl ChannelEvent {
    /// Does somebody want this task to be stopped?
    pub fn stops(&self, task: &str) -> bool {
        self.is_stop() && self.meta.chat_id == task
    }

    /// Does somebody want a task to be stopped?
    pub fn is_stop(&self) -> bool {
        self.meta.kind == "stop"
    }
}

/// What comes over a link unasked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    Event(ChannelEvent),
    /// A resource that is followed has changed, or a part of it: its URI.
    Changed(String),
    /// The session's stream is open, for the first time or again: what was said before then may have been missed.
    StreamOpened,
    /// It is not opened, and would not be by asking again: the session may be gone. The next call begins another.
    StreamRefused,
}

/// The news, as they come, over all connections of a link.
pub type Told = mpsc::UnboundedReceiver<News>;

/// Hears what the server says.
#[derive(Clone, Debug)]
pub(super) struct Ear {
    pub(super) news: mpsc::UnboundedSender<News>,
}

impl ClientHandler for Ear {
    fn get_info(&self) -> ClientConfig {
        ClientConfig::new(ClientCapabilities::default(), Implementation::new("agentrq", env!("CARGO_PKG_VERSION")))
    }

    async fn on_resource_updated(&self, params: ResourceUpdatedNotificationParam, _: NotificationContext<RoleClient>) {
        let _ = self.news.send(News::Changed(params.uri));
    }

    async fn on_custom_notification(&self, notification: CustomNotification, _: NotificationContext<RoleClient>) {
        if notification.method != METHOD {
            return;
        }
        // What cannot be read is of a later server: it is not for us.
        if let Some(Ok(event)) = notification.params.map(serde_json::from_value) {
            // Nobody listens any more: the work is over.
            let _ = self.news.send(News::Event(event));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_stop_is_for_the_task_that_it_names() {
        let event = |params| serde_json::from_value::<ChannelEvent>(params).expect("an event");
        let stop = event(json!({"content": "Stop", "meta": {"chat_id": "t1", "kind": "stop", "message_id": "m", "more": 1}}));
        assert!(stop.stops("t1") && !stop.stops("t2"));
        assert!(!event(json!({"content": "Hello", "meta": {"chat_id": "t1", "kind": "reply"}})).stops("t1"));
        assert!(!event(json!({})).stops(""));
    }
}
