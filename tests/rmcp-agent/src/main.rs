//! An agent: the official Rust SDK over Streamable HTTP. It does what lines of JSON on stdin order, and prints what comes of it
//! (see tests/lib/process-agent.mjs).

use std::error::Error;

use rmcp::model::{
    CallToolRequestParams, ClientCapabilities, ClientConfig, CustomNotification, Implementation, JsonObject, ProtocolVersion,
    ReadResourceRequestParams, ResourceUpdatedNotificationParam, ServerNotification, SubscribeRequestParams, SubscriptionFilter,
};
use rmcp::service::{NotificationContext, ServerSink};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::{ClientHandler, ClientLifecycleMode, ClientServiceExt, RoleClient};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader, stdin};

type Failure = Box<dyn Error + Send + Sync>;

/// Notes what the server tells.
struct Notes {
    config: ClientConfig,
}

impl ClientHandler for Notes {
    fn get_info(&self) -> ClientConfig {
        self.config.clone()
    }

    async fn on_custom_notification(&self, notification: CustomNotification, _: NotificationContext<RoleClient>) {
        if notification.method == "notifications/claude/channel" {
            say(&json!({"heard": notification.params}));
        }
    }

    async fn on_resource_updated(&self, params: ResourceUpdatedNotificationParam, _: NotificationContext<RoleClient>) {
        say(&json!({"updated": params.uri}));
    }
}

#[derive(Deserialize)]
struct Order {
    id: u64,
    #[serde(flatten)]
    act: Act,
}

#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "lowercase")]
enum Act {
    Call { tool: String, arguments: JsonObject },
    Read { uri: String },
    Watch { uri: String },
}

fn say(message: &Value) {
    println!("{message}");
}

async fn carry_out(server: &ServerSink, act: Act) -> Result<Value, Failure> {
    Ok(match act {
        Act::Call { tool, arguments } => {
            serde_json::to_value(server.call_tool(CallToolRequestParams::new(tool).with_arguments(arguments)).await?)?
        }
        Act::Read { uri } => serde_json::to_value(server.read_resource(ReadResourceRequestParams::new(uri)).await?)?,
        Act::Watch { uri } => {
            watch(server, uri).await?;
            Value::Null
        }
    })
}

/// From here on, changes of a resource are told: by a subscription of its own, or before 2026-07-28 on the session's stream.
async fn watch(server: &ServerSink, uri: String) -> Result<(), Failure> {
    if revision(server)?.has_initialize() {
        #[expect(deprecated, reason = "it is what the older revisions have")]
        server.subscribe(SubscribeRequestParams::new(uri)).await?;
        return Ok(());
    }
    let mut subscription = server.listen(SubscriptionFilter::builder().resource_subscription(uri).build()).await?;
    tokio::spawn(async move {
        while let Ok(Some(notification)) = subscription.next().await {
            if let ServerNotification::ResourceUpdatedNotification(update) = notification {
                say(&json!({"updated": update.params.uri}));
            }
        }
    });
    Ok(())
}

fn revision(server: &ServerSink) -> Result<ProtocolVersion, Failure> {
    Ok(server.peer_info().ok_or("the server has not said what it speaks")?.protocol_version.clone())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let args: Vec<_> = std::env::args().skip(1).collect();
    let [url, name, mode] = args.as_slice() else { return Err("usage: rmcp-agent URL NAME legacy|auto".into()) };
    let lifecycle = match mode.as_str() {
        "legacy" => ClientLifecycleMode::Initialize,
        "auto" => ClientLifecycleMode::Auto { preferred_versions: vec![ProtocolVersion::LATEST], legacy_version: None },
        other => return Err(format!("the mode is legacy or auto, not {other}").into()),
    };
    let notes = Notes { config: ClientConfig::new(ClientCapabilities::default(), Implementation::new(name, "1.0.0")) };
    let client = notes.serve_with_lifecycle(StreamableHttpClientTransport::from_uri(url.as_str()), lifecycle).await?;
    say(&json!({"revision": revision(client.peer())?}));

    let mut lines = BufReader::new(stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        let Order { id, act } = serde_json::from_str(&line)?;
        let server = client.peer().clone();
        tokio::spawn(async move {
            match carry_out(&server, act).await {
                Ok(result) => say(&json!({"id": id, "result": result})),
                // The test decides what a failure means.
                Err(error) => say(&json!({"id": id, "error": error.to_string()})),
            }
        });
    }
    client.cancel().await?;
    Ok(())
}
