//! Reads a call of this dialect: arguments in, a typed call out, or what is wrong with an example that is right.

use serde_json::{Map, Value};

use super::definitions;
use crate::limits;
use crate::mcp::tool::{Args, TaskRef, WrongArgument};

/// Milliseconds that a call waits for the end of a task, where it does not say how long.
const WAITS_MS: u64 = 30_000;
/// The longest that a call may ask to wait. It is answered sooner: clients give up on calls that take longer than some minutes.
const WAITS_AT_MOST_MS: u64 = 600_000;

/// A call whose arguments are right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// `waits_ms`: how long the answer may wait for the end of the task; 0 where it shall not.
    Output {
        task: TaskRef,
        part: Part,
        waits_ms: u64,
    },
    Stop {
        task: TaskRef,
    },
}

/// Which part of an output is wanted: so many bytes of its end, or from a byte on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Tail { bytes: u64 },
    From { offset: u64, bytes: u64 },
}

impl Call {
    /// The tool that is called.
    pub fn tool(&self) -> &'static str {
        match self {
            Self::Output { .. } => "TaskOutput",
            Self::Stop { .. } => "TaskStop",
        }
    }
}

/// Reads a call. `None`: this dialect has no tool of that name.
///
/// # Errors
/// What is wrong, followed by a call that is right.
pub fn read(tool: &str, arguments: &Map<String, Value>) -> Option<Result<Call, String>> {
    let args = Args(arguments);
    let call = match tool {
        "TaskOutput" => output(&args),
        "TaskStop" => args.task(&["task_id", "taskId", "shell_id", "id"]).map(|task| Call::Stop { task }),
        _ => return None,
    };
    Some(call.map_err(|wrong| wrong.told(tool, &definitions())))
}

fn output(args: &Args<'_>) -> Result<Call, WrongArgument> {
    let task = args.task(&["task_id", "taskId", "id"])?;
    let (usual, most) = limits::OUTPUT_READ_BYTES;
    // The longest character has four bytes.
    let bytes = |names: &[&'static str]| match args.number(names)? {
        Some(bytes) if !(4..=most).contains(&bytes) => {
            Err(WrongArgument(format!("`{}` is {bytes}; it may be 4 to {most} bytes", names[0])))
        }
        bytes => Ok(bytes),
    };
    let (tail, limit) = (bytes(&["tail"])?, bytes(&["limit"])?);
    let part = match (args.number(&["offset"])?, tail) {
        (Some(_), Some(_)) => return Err(WrongArgument("`offset` and `tail` are two places to begin: give one".to_owned())),
        (Some(offset), None) => Part::From { offset, bytes: limit.unwrap_or(usual) },
        (None, tail) => Part::Tail { bytes: tail.or(limit).unwrap_or(usual) },
    };
    let waits_ms = args.number(&["timeout", "timeout_ms", "timeoutMs"])?.unwrap_or(WAITS_MS);
    if waits_ms > WAITS_AT_MOST_MS {
        return Err(WrongArgument(format!("`timeout` is {waits_ms} ms; it may be up to {WAITS_AT_MOST_MS}")));
    }
    let blocks = args.truth(&["block"])?.unwrap_or(true);
    Ok(Call::Output { task, part, waits_ms: if blocks { waits_ms } else { 0 } })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn call(tool: &str, arguments: Value) -> Result<Call, String> {
        let Value::Object(arguments) = arguments else { panic!("an object") };
        read(tool, &arguments).expect("a known tool")
    }

    #[test]
    fn what_is_not_said_is_the_end_of_the_output_once_the_task_has_ended() {
        let (task, part) = (TaskRef::Number(3), Part::Tail { bytes: 30_000 });
        assert_eq!(call("TaskOutput", json!({"task_id": 3})), Ok(Call::Output { task, part, waits_ms: 30_000 }));
        assert_eq!(call("TaskOutput", json!({"taskId": "3", "block": false})), Ok(Call::Output { task, part, waits_ms: 0 }));
        assert_eq!(call("TaskStop", json!({"shell_id": "#3"})), Ok(Call::Stop { task }));
    }

    #[test]
    fn a_part_begins_at_one_place_and_is_no_longer_than_a_model_should_read() {
        let part = |said: Value| match call("TaskOutput", said)? {
            Call::Output { part, .. } => Ok(part),
            Call::Stop { .. } => Err("another call".to_owned()),
        };
        assert_eq!(part(json!({"task_id": 3, "offset": 10})), Ok(Part::From { offset: 10, bytes: 30_000 }));
        assert_eq!(part(json!({"task_id": 3, "offset": "0", "limit": 100_000})), Ok(Part::From { offset: 0, bytes: 100_000 }));
        assert_eq!(part(json!({"task_id": 3, "tail": 500})), Ok(Part::Tail { bytes: 500 }));
        for (wrong, why) in [
            (json!({"task_id": 3, "limit": 100_001}), "`limit` is 100001; it may be 4 to 100000 bytes"),
            (json!({"task_id": 3, "tail": 3}), "`tail` is 3"),
            (json!({"task_id": 3, "tail": 4, "offset": 1}), "two places to begin"),
            (json!({"task_id": 3, "timeout": 600_001}), "`timeout` is 600001 ms; it may be up to 600000"),
            (json!({}), "`task_id` is missing"),
        ] {
            let said = part(wrong).expect_err(why);
            assert!(said.contains(why) && said.contains("A call that is right: TaskOutput("), "{said}");
        }
    }
}
