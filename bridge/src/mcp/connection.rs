//! A link to a workspace: it connects when it is needed, keeps the stream of its session open, and connects anew when it was cut.

use std::time::Duration;

use rmcp::model::{CallToolRequestParams, ErrorCode, JsonObject, ReadResourceRequestParams, ResourceContents, SubscribeRequestParams};
use rmcp::service::RunningService;
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{ClientLifecycleMode, ClientServiceExt as _, Peer, RoleClient, ServiceError};
use serde_json::Value;
use tokio::sync::{Mutex, mpsc};
use tokio::time::timeout;

use super::alone;
use super::channel::{Ear, Told};
use super::failure::{self, Failure, Refused};
use super::line::{Line, Patient};
use crate::address::Address;
use crate::backoff::Backoff;

/// No answer for so long is none.
const ANSWER: Duration = Duration::from_secs(30);
/// As long as the server may take to hear that we leave; it finds out by itself as well.
const FAREWELL: Duration = Duration::from_secs(1);

/// A link to a workspace.
#[derive(Debug)]
pub struct Link {
    address: Address,
    config: StreamableHttpClientTransportConfig,
    line: Line,
    ear: Ear,
    /// The resource that each session follows.
    followed: Option<String>,
    place: Mutex<Place>,
}

/// Where the connection is, if there is one. It is held while one is made: so one is made, whoever needs it first.
#[derive(Debug, Default)]
struct Place {
    connection: Option<RunningService<RoleClient, Ear>>,
    /// How many have been made.
    made: u64,
}

impl Link {
    /// A link that connects with its first call, and what is told over it.
    pub fn new(address: &Address, http: reqwest::Client) -> (Self, Told) {
        let mut config = StreamableHttpClientTransportConfig::with_uri(address.mcp().as_str()).auth_header(address.token().reveal());
        config.retry_config = std::sync::Arc::new(Patient);
        let (news, told) = mpsc::unbounded_channel();
        (
            Self {
                address: address.clone(),
                config,
                line: Line { http, news: news.clone() },
                ear: Ear { news },
                followed: None,
                place: Mutex::default(),
            },
            told,
        )
    }

    /// The same link, which is told of changes of a resource. What was changed while no session was there it is not told.
    pub fn following(self, uri: impl Into<String>) -> Self {
        Self { followed: Some(uri.into()), ..self }
    }

    /// Calls a tool until there is an answer, however long that takes. `troubles` hears each time that there was none.
    ///
    /// # Errors
    /// The answer is no.
    pub async fn call(&self, tool: &'static str, arguments: &JsonObject, mut troubles: impl FnMut(&str)) -> Result<Value, Refused> {
        let mut backoff = Backoff::default();
        loop {
            match self.try_call(tool, arguments).await {
                Ok(answer) => return Ok(answer),
                Err(Failure::Refused(refused)) => return Err(refused),
                Err(Failure::Unreachable { why, after }) => {
                    troubles(&why);
                    tokio::time::sleep(backoff.wait_at_least(after)).await;
                }
            }
        }
    }

    /// Calls a tool once, and answers with its structured content.
    ///
    /// # Errors
    /// The answer is no, or there is none.
    pub async fn try_call(&self, tool: &'static str, arguments: &JsonObject) -> Result<Value, Failure> {
        let params = CallToolRequestParams::new(tool).with_arguments(arguments.clone());
        let result = self.ask(async |peer| peer.call_tool(params).await).await?;
        failure::content(result.map_err(|error| Failure::of_call(&error))?)
    }

    /// Calls a tool for the last time, and ends the session beside that: the call names none, so that neither waits for the other. Where nothing comes
    /// of it, it is called as ever.
    ///
    /// # Errors
    /// The answer is no.
    pub async fn call_and_close(&self, tool: &'static str, arguments: &JsonObject, troubles: impl FnMut(&str)) -> Result<Value, Refused> {
        let alone = timeout(ANSWER, alone::call(&self.line.http, &self.address, tool, arguments));
        match tokio::join!(alone, self.close()).0 {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(Failure::Refused(refused))) => Err(refused),
            Ok(Err(Failure::Unreachable { .. })) | Err(_) => {
                let answer = self.call(tool, arguments, troubles).await;
                self.close().await;
                answer
            }
        }
    }

    /// Reads a resource, however long it takes until there is an answer. `None`: it is not there. `troubles` hears each time that there was no answer.
    ///
    /// # Errors
    /// The answer is no.
    pub async fn read(&self, uri: &str, mut troubles: impl FnMut(&str)) -> Result<Option<Value>, Refused> {
        let mut backoff = Backoff::default();
        loop {
            match self.try_read(uri).await {
                Ok(answer) => return Ok(answer),
                Err(Failure::Refused(refused)) => return Err(refused),
                Err(Failure::Unreachable { why, after }) => {
                    troubles(&why);
                    tokio::time::sleep(backoff.wait_at_least(after)).await;
                }
            }
        }
    }

    async fn try_read(&self, uri: &str) -> Result<Option<Value>, Failure> {
        let params = ReadResourceRequestParams::new(uri);
        let contents = match self.ask(async |peer| peer.read_resource(params).await).await? {
            Ok(result) => result.contents,
            Err(ServiceError::McpError(error)) if error.code == ErrorCode::RESOURCE_NOT_FOUND => return Ok(None),
            Err(error) => return Err(Failure::of_call(&error)),
        };
        match contents.first() {
            Some(ResourceContents::TextResourceContents { text, .. }) => {
                serde_json::from_str(text).map(Some).map_err(|why| Refused::new(format!("what stands in {uri} is no JSON: {why}")).into())
            }
            _ => Err(Refused::new(format!("nothing stands in {uri}")).into()),
        }
    }

    /// Asks something on the connection, which is made if there is none.
    async fn ask<T>(
        &self,
        what: impl AsyncFnOnce(&Peer<RoleClient>) -> Result<T, ServiceError>,
    ) -> Result<Result<T, ServiceError>, Failure> {
        let (peer, number) = self.peer().await?;
        let Ok(result) = timeout(ANSWER, what(&peer)).await else {
            // Whatever it hangs on, a new one does not.
            let mut place = self.place.lock().await;
            place.connection = place.connection.take().filter(|_| place.made != number);
            return Err(Failure::unreachable("no answer"));
        };
        Ok(result)
    }

    /// The other side of the connection, and which connection it is.
    async fn peer(&self) -> Result<(Peer<RoleClient>, u64), Failure> {
        let mut place = self.place.lock().await;
        let there = place.connection.take().filter(|connection| !connection.is_closed() && !connection.is_transport_closed());
        let connection = match there {
            Some(connection) => connection,
            None => {
                place.made += 1;
                self.connect().await?
            }
        };
        let made = place.made;
        Ok((place.connection.insert(connection).peer().clone(), made))
    }

    async fn connect(&self) -> Result<RunningService<RoleClient, Ear>, Failure> {
        let transport = StreamableHttpClientTransport::with_client(self.line.clone(), self.config.clone());
        // The revisions with sessions: their stream is what the server pings, and so this agent's presence.
        let connecting = self.ear.clone().serve_with_lifecycle(transport, ClientLifecycleMode::Initialize);
        let connection = timeout(ANSWER, connecting).await.map_err(|_| Failure::unreachable("no answer"))?;
        let connection = connection.map_err(|error| Failure::of_handshake(&error))?;
        if let Some(uri) = &self.followed {
            follow(connection.peer(), uri).await?;
        }
        Ok(connection)
    }

    /// Ends the session.
    pub async fn close(&self) {
        if let Some(mut connection) = self.place.lock().await.connection.take() {
            // A farewell that does not arrive changes nothing for us.
            let _ = connection.close_with_timeout(FAREWELL).await;
        }
    }
}

/// Has the server tell of changes of a resource, on the stream of this session.
#[allow(deprecated, reason = "the revisions with sessions have this method for it, and a stream that lasts comes with them alone")]
async fn follow(peer: &Peer<RoleClient>, uri: &str) -> Result<(), Failure> {
    let following = timeout(ANSWER, peer.subscribe(SubscribeRequestParams::new(uri))).await;
    following.map_err(|_| Failure::unreachable("no answer"))?.map_err(|error| Failure::of_call(&error))
}
