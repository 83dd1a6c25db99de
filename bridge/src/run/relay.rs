//! The command as others see it: its task, its output and how it ended, brought to the server whenever that can be reached.

use tokio::sync::watch;

use super::{PageLink, Plan};
use crate::job::report::{Report, Unwatched};
use crate::job::spool::Spool;
use crate::job::stop::Stop;
use crate::job::supervise::Ended;
use crate::job::troubles::Troubles;
use crate::mcp::{Link, News, Refused, Told};
use crate::say::say;
use crate::task::{self, Task};

/// What the relay works with.
#[derive(Debug)]
pub struct Relay<'a> {
    pub plan: &'a Plan,
    pub http: reqwest::Client,
    pub spool: &'a Spool,
    pub stop: &'a Stop,
    /// How the command ended, once it has.
    pub ended: watch::Receiver<Option<Ended>>,
}

impl Relay<'_> {
    /// Brings everything to the server. It returns when that is done or refused; where the server cannot be reached, it goes on trying.
    pub async fn run(self) {
        let address = &self.plan.address;
        let (link, mut news) = Link::new(address, self.http.clone());
        let troubles = Troubles::new(address.origin());
        match self.begin(&link, &troubles).await {
            Ok(task) => {
                let report = Report {
                    address,
                    http: &self.http,
                    link: &link,
                    task: &task,
                    spool: self.spool,
                    stop: self.stop,
                    troubles: &troubles,
                    unwatched: Unwatched::GoesOn,
                };
                tokio::select! {
                    () = report.deliver_and_close(self.ended.clone()) => {}
                    () = self.listen(&mut news, &task) => {}
                }
            }
            Err(refused) => {
                self.spool.abandon();
                say(format_args!("no task was made of the command: {refused}"));
                link.close().await;
            }
        }
    }

    /// Makes the task, which runs already.
    async fn begin(&self, link: &Link, troubles: &Troubles) -> Result<Task, Refused> {
        let plan = self.plan;
        let arguments = task::create(&plan.command, plan.title.as_deref(), plan.timeout, plan.address.agent(), &task::own_uid());
        let created = link.call("TaskCreate", &arguments, |why| troubles.heard(why)).await?;
        let task = Task::created(&created)?;
        if plan.link == PageLink::Printed {
            say(plan.address.page_of(&task.id));
        }
        Ok(task)
    }

    /// Hears on the session's stream that the command shall stop, for as long as somebody waits for this.
    async fn listen(&self, news: &mut Told, task: &Task) {
        while let Some(one) = news.recv().await {
            if matches!(one, News::Event(event) if event.stops(&task.id)) {
                self.stop.ask();
            }
        }
        std::future::pending().await
    }
}

/// What is said when nobody waits any longer and the server has not got everything.
pub fn undelivered(spool: &Spool) -> String {
    match spool.unsent() {
        0 => "that the command ended was not delivered".to_owned(),
        unsent => format!("{unsent} bytes of the command's output, and that it ended, were not delivered"),
    }
}
