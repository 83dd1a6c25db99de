//! What the server is told of a command whose task is claimed: its output, and then how it ended.

use serde_json::Value;
use tokio::sync::watch;

use super::spool::Spool;
use super::stop::Stop;
use super::supervise::Ended;
use super::troubles::Troubles;
use super::upload::{Output, SILENCE, upload};
use crate::address::Address;
use crate::mcp::{Link, Refused};
use crate::say::say;
use crate::task::Task;

/// What becomes of a command that nobody can watch or stop any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unwatched {
    /// It is its user's own, and goes on.
    GoesOn,
    /// It was run for others, and ends.
    Stops,
}

/// What a report works with.
#[derive(Debug)]
pub struct Report<'a> {
    pub address: &'a Address,
    pub http: &'a reqwest::Client,
    pub link: &'a Link,
    pub task: &'a Task,
    pub spool: &'a Spool,
    pub stop: &'a Stop,
    pub troubles: &'a Troubles,
    pub unwatched: Unwatched,
}

impl Report<'_> {
    /// Sends the output, and then how it ended. It returns when that is done or refused; where the server cannot be reached, it goes on trying.
    pub async fn deliver(self, ended: watch::Receiver<Option<Ended>>) {
        let Some(ended) = self.output(ended).await else { return };
        let said = self.link.call("TaskUpdate", &self.task.ended(ended.outcome(), ended.exit_code), |why| self.troubles.heard(why)).await;
        delivered(said);
    }

    /// The same, and ends the session.
    pub async fn deliver_and_close(self, ended: watch::Receiver<Option<Ended>>) {
        let Some(ended) = self.output(ended).await else { return self.link.close().await };
        let end = self.task.ended(ended.outcome(), ended.exit_code);
        delivered(self.link.call_and_close("TaskUpdate", &end, |why| self.troubles.heard(why)).await);
    }

    /// Sends the output, and answers with how it ended.
    async fn output(&self, mut ended: watch::Receiver<Option<Ended>>) -> Option<Ended> {
        let mut url = self.address.output_of(&self.task.id);
        if let Some(fence) = self.task.fence {
            url.query_pairs_mut().append_pair("fence", &fence.to_string());
        }
        let output = Output { http: self.http.clone(), url, token: self.address.token().clone(), silence: SILENCE };
        if let Err(why) = upload(&output, self.spool, self.stop, |why| self.troubles.heard(why)).await {
            self.spool.abandon();
            say(format_args!("the command's output is not sent any more: {why}"));
            if self.unwatched == Unwatched::Stops {
                self.stop.ask();
            }
        }
        ended.wait_for(Option::is_some).await.ok().and_then(|ended| *ended)
    }
}

fn delivered(said: Result<Value, Refused>) {
    if let Err(refused) = said {
        say(format_args!("how the command ended was refused: {refused}"));
    }
}
