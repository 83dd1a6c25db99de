//! Claims a command: of all that want to run it, one does. Several machines may share one name, so that the name alone does not say whose a
//! claim is, and a claim whose answer was lost is told by a mark of its own.

use rmcp::model::JsonObject;
use serde_json::{Value, json};

use super::Desk;
use super::look::{Before, Candidate};
use crate::backoff::Backoff;
use crate::mcp::Failure;
use crate::say::say;
use crate::task::{Task, object};

/// Where the mark stands in a task's metadata.
const MARK: &str = "claim";
/// Another has it. Nothing is wrong.
const HELD: &str = "task_held";

/// Whose a task is, as far as an answer tells.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Whose {
    Ours(Task),
    Nobodys,
    Anothers,
}

/// Claims a command, however long it takes until there is an answer. `None`: it is another's, not free yet, or not to be had.
pub async fn claim(desk: &Desk, candidate: &Candidate) -> Option<Task> {
    let asked = JsonObject::from_iter([("taskId".to_owned(), json!(candidate.id))]);
    if candidate.before == Before::Something {
        let shown = desk.link.call("TaskGet", &asked, |why| desk.troubles.heard(why)).await;
        shown.ok().filter(is_free)?;
    }
    let mark = format!("{:032x}", fastrand::u128(..));
    let mut claims = object(json!({"status": "running", "owner": desk.plan.address.agent(), "metadata": {MARK: mark}}));
    claims.extend(asked.clone());
    let mut backoff = Backoff::default();
    loop {
        let failure = match desk.link.try_call("TaskUpdate", &claims).await {
            Ok(answer) => return taken(&answer, &candidate.id),
            Err(failure) => failure,
        };
        let after = match failure {
            Failure::Refused(refused) => {
                if refused.code.as_deref() != Some(HELD) {
                    say(format_args!("#{} is not to be had: {refused}", candidate.number));
                }
                return None;
            }
            Failure::Unreachable { why, after } => {
                desk.troubles.heard(&why);
                after
            }
        };
        tokio::time::sleep(backoff.wait_at_least(after)).await;
        // It may have been done all the same.
        let shown = desk.link.call("TaskGet", &asked, |why| desk.troubles.heard(why)).await;
        match shown.map_or(Whose::Anothers, |task| whose(&task, &candidate.id, &mark)) {
            Whose::Ours(task) => return Some(task),
            Whose::Anothers => return None,
            Whose::Nobodys => {}
        }
    }
}

/// Is all done that it waited for? A list does not tell, the task itself does.
fn is_free(task: &Value) -> bool {
    task.get("wave").is_some_and(|wave| !wave.is_null())
}

/// Reads the answer to a claim: if it has moved nothing, another had moved it before, under whichever name.
fn taken(answer: &Value, id: &str) -> Option<Task> {
    let was = answer.get("statusChange").and_then(|change| change.get("from")).and_then(Value::as_str);
    if was != Some("pending") {
        return None;
    }
    let fence = answer.get("task").and_then(|task| task.get("fence")).and_then(Value::as_u64);
    Some(Task { id: id.to_owned(), fence })
}

fn whose(task: &Value, id: &str, mark: &str) -> Whose {
    let marked = task.get("metadata").and_then(|noted| noted.get(MARK)).and_then(Value::as_str);
    match task.get("background").and_then(|job| job.get("status")).and_then(Value::as_str) {
        Some("pending") => Whose::Nobodys,
        Some("running") if marked == Some(mark) => {
            Whose::Ours(Task { id: id.to_owned(), fence: task.get("fence").and_then(Value::as_u64) })
        }
        _ => Whose::Anothers,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_that_has_moved_the_task_is_ours_and_one_that_came_second_is_not() {
        let moved = json!({"statusChange": {"from": "pending", "to": "in_progress"}, "task": {"fence": 4, "owner": "me"}});
        assert_eq!(taken(&moved, "a"), Some(Task { id: "a".into(), fence: Some(4) }));
        assert_eq!(taken(&json!({"task": {"fence": 4, "owner": "me"}}), "a"), None);
    }

    #[test]
    fn a_claim_whose_answer_was_lost_is_told_by_its_mark() {
        let with = |status, mark| json!({"background": {"status": status}, "metadata": {"claim": mark}, "fence": 2});
        assert_eq!(whose(&with("running", "m"), "a", "m"), Whose::Ours(Task { id: "a".into(), fence: Some(2) }));
        assert_eq!(whose(&with("running", "other"), "a", "m"), Whose::Anothers);
        assert_eq!(whose(&with("completed", "m"), "a", "m"), Whose::Anothers);
        assert_eq!(whose(&with("pending", "other"), "a", "m"), Whose::Nobodys);
    }
}
