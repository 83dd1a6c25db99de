//! What a decision may look at, in SQL: core's view over the object's own database.

use agentrq_core::id::{AttachmentId, DeliveryId, MessageId, TaskId};
use agentrq_core::model::{Agent, AgentName, Attachment, Delivery, ListName, Message, Task, Workflow, Workspace};
use agentrq_core::view::{Look, UNSEEN_AT_ONCE, Unseen, View, Waits};

use super::SqlStore;
use crate::sql::{Sql, SqlError, Value};
use crate::workspace::{blobs, templates, works};

const CLAIMABLE: &str = "SELECT json FROM tasks WHERE status = 'notstarted' AND assignee = 'agent' AND is_listed = 0";

impl<S: Sql> View for SqlStore<S> {
    fn head(&self) -> u64 {
        self.head.borrow().seq
    }

    fn next_number(&self) -> Option<u64> {
        Some(self.last_number.get() + 1)
    }

    fn workspace(&self) -> Look<Workspace> {
        let found = self.one("SELECT json FROM workspace", &[]);
        self.look(found.and_then(|found| found.ok_or_else(|| SqlError("the workspace has no row".to_owned()))))
    }

    fn task(&self, id: TaskId) -> Look<Option<Task>> {
        self.find(|known| &mut known.tasks, id, "SELECT json FROM tasks WHERE id = ?")
    }

    fn message(&self, id: MessageId) -> Look<Option<Message>> {
        self.find(|known| &mut known.messages, id, "SELECT json FROM messages WHERE id = ?")
    }

    fn attachment(&self, id: AttachmentId) -> Look<Option<Attachment>> {
        self.look(blobs::find(&self.sql, id))
    }

    fn delivery(&self, id: DeliveryId) -> Look<Option<Delivery>> {
        self.find(|known| &mut known.deliveries, id, "SELECT json FROM deliveries WHERE id = ?")
    }

    fn agent(&self, name: &AgentName) -> Look<Option<Agent>> {
        self.look(self.one("SELECT json FROM agents WHERE name = ?", &[name.as_str().into()]))
    }

    fn claimable(&self, agent: &AgentName) -> Look<Option<Task>> {
        let name: Value = agent.as_str().into();
        // Two looks, each over the index: its own and unowned ones first, then anyone's.
        let own = format!("{CLAIMABLE} AND (agent = ? OR agent IS NULL) ORDER BY number LIMIT 1");
        let found = match self.one(&own, &[name]) {
            Ok(None) => self.one(&format!("{CLAIMABLE} ORDER BY number LIMIT 1"), &[]),
            found => found,
        };
        self.look(found)
    }

    fn unseen(&self, which: Unseen<'_>) -> Look<Vec<Delivery>> {
        let found = match which {
            Unseen::QueuedFor(agent) => self.of_agent_or_nobody("state = 'queued'", &[], agent),
            // That it is not seen follows, but SQLite's planner does not know: told so, it takes the index.
            Unseen::OwedTo { agent, session } => self.of_agent_or_nobody(
                "state <> 'seen' AND state IN ('sent', 'received') AND redelivered = 0 AND session <> ?",
                &[session.to_string().into()],
                agent,
            ),
            Unseen::OfTask(task) => self.many(
                &format!(
                    "SELECT json FROM deliveries WHERE state IN ('queued', 'sent', 'received') AND task = ? ORDER BY queued_at, id LIMIT {UNSEEN_AT_ONCE}"
                ),
                &[task.to_string().into()],
            ),
        };
        self.look(found)
    }

    fn next_in_list(&self, list: &ListName) -> Option<u64> {
        match self.look(works::next_number(&self.sql, list)) {
            Look::Known(number) => Some(number),
            Look::Unknown => None,
        }
    }

    fn with_uid(&self, list: &ListName, uid: &str) -> Look<Option<Task>> {
        self.look(self.one(works::WITH_UID, &[list.as_str().into(), uid.into()]))
    }

    fn waits(&self, blockers: &[TaskId]) -> Look<Waits> {
        if blockers.is_empty() {
            return Look::Known(Waits::default());
        }
        self.look(works::waits(&self.sql, blockers))
    }

    fn dependents(&self, task: TaskId) -> Look<Vec<TaskId>> {
        self.look(works::dependents(&self.sql, task))
    }

    fn way(&self, from: &[TaskId], to: &[TaskId], around: TaskId) -> Look<Option<Vec<TaskId>>> {
        self.look(self.graph.with(&self.sql, |graph| graph.way(from, to, around)))
    }

    fn up_for_grabs(&self, list: &ListName) -> Look<Option<Task>> {
        self.look(self.one(works::FREE, &[list.as_str().into()]))
    }

    fn waiting_for_work(&self, list: &ListName) -> Look<Vec<Agent>> {
        self.look(self.many(&works::waiting(), &[list.as_str().into()]))
    }

    fn held_by(&self, agent: &AgentName) -> Look<Vec<Task>> {
        self.look(self.many(&works::held(), &[agent.as_str().into()]))
    }

    fn workflow(&self, name: &str) -> Look<Option<(Workflow, u64)>> {
        self.look(templates::find(&self.sql, name).map(|found| found.map(|kept| (kept.workflow, kept.revision))))
    }
}

impl<S: Sql> SqlStore<S> {
    /// Deliveries for one agent and for nobody in particular, in order. Each kind is walked along its index and no further than it is
    /// taken, however many there are.
    fn of_agent_or_nobody(&self, condition: &str, args: &[Value], agent: &AgentName) -> Result<Vec<Delivery>, SqlError> {
        let part = |whose: &str| {
            format!(
                "SELECT * FROM (SELECT json, queued_at, id FROM deliveries WHERE {condition} AND {whose} ORDER BY queued_at, id LIMIT {UNSEEN_AT_ONCE})"
            )
        };
        let both = format!(
            "SELECT json FROM ({} UNION ALL {}) ORDER BY queued_at, id LIMIT {UNSEEN_AT_ONCE}",
            part("agent = ?"),
            part("agent IS NULL")
        );
        self.many(&both, &[args, &[agent.as_str().into()], args].concat())
    }
}
