//! Reads a call of this dialect: arguments in, a typed call out, or what is wrong with an example that is right.

use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Map, Value};

use super::{definitions, options};
use crate::command::Asks;
use crate::id::{AttachmentId, DeliveryId, MessageId};
use crate::lifecycle::Status;
use crate::limits;
use crate::mcp::tool::{Args, TaskRef, WrongArgument, clipped};
use crate::model::{Assignee, Options};

/// The longest a call may wait, in seconds: Claude Code gives up on a silent call after five minutes.
const LONGEST_WAIT: u64 = 230;
const DEFAULT_PAGE: u64 = 20;

/// A call whose arguments are right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    CreateTask { title: String, body: String, assignee: Assignee, attachments: Vec<InlineAttachment>, options: Option<Options> },
    UpdateTaskStatus { task: TaskRef, status: Status, reason: Option<String> },
    Reply { task: TaskRef, text: String, in_reply_to: Option<MessageId>, asks: Asks, attachments: Vec<InlineAttachment> },
    GetWorkspace,
    GetTaskMessages { task: TaskRef, cursor: Option<String>, limit: usize, order: Order },
    DownloadAttachment { attachment: AttachmentId },
    GetNextTask,
    WaitForMessages { acknowledge: Vec<DeliveryId>, timeout_s: u64 },
}

impl Call {
    /// The tool that is called.
    pub fn tool(&self) -> &'static str {
        match self {
            Self::CreateTask { .. } => "createTask",
            Self::UpdateTaskStatus { .. } => "updateTaskStatus",
            Self::Reply { .. } => "reply",
            Self::GetWorkspace => "getWorkspace",
            Self::GetTaskMessages { .. } => "getTaskMessages",
            Self::DownloadAttachment { .. } => "downloadAttachment",
            Self::GetNextTask => "getNextTask",
            Self::WaitForMessages { .. } => "waitForMessages",
        }
    }
}

/// A file as an agent names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InlineAttachment {
    /// Bytes in the call. The id an agent made up for them is replaced by a minted one.
    Bytes { filename: String, mime_type: String, bytes: Vec<u8> },
    /// Uploaded before.
    Uploaded(AttachmentId),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    OldestFirst,
    NewestFirst,
}

/// Reads a call. `None`: this dialect has no tool of that name.
///
/// # Errors
/// What is wrong, followed by a call that is right.
pub fn read(tool: &str, arguments: &Map<String, Value>) -> Option<Result<Call, String>> {
    let call = arguments_of(tool, &Args(arguments))?;
    Some(call.map_err(|wrong| wrong.told(tool, &definitions(""))))
}

fn arguments_of(tool: &str, args: &Args<'_>) -> Option<Result<Call, WrongArgument>> {
    Some(match tool {
        "createTask" => create_task(args),
        "updateTaskStatus" => update_task_status(args),
        "reply" => reply(args),
        "getWorkspace" => Ok(Call::GetWorkspace),
        "getTaskMessages" => get_task_messages(args),
        "downloadAttachment" => {
            args.attachment(&["attachment_id", "attachmentId", "id"]).map(|attachment| Call::DownloadAttachment { attachment })
        }
        "getNextTask" => Ok(Call::GetNextTask),
        "waitForMessages" => wait_for_messages(args),
        _ => return None,
    })
}

fn create_task(args: &Args<'_>) -> Result<Call, WrongArgument> {
    let assignees = [("human", Assignee::Human), ("agent", Assignee::Agent)];
    Ok(Call::CreateTask {
        title: args.required_text(&["title"])?,
        body: args.text(&["body"])?.unwrap_or_default(),
        assignee: args.word(&["assignee"], &assignees)?.unwrap_or(Assignee::Agent),
        attachments: attachments(args)?,
        options: options::read(args)?,
    })
}

fn update_task_status(args: &Args<'_>) -> Result<Call, WrongArgument> {
    let statuses =
        [("notstarted", Status::Pending), ("ongoing", Status::Active), ("completed", Status::Completed), ("rejected", Status::Rejected)];
    Ok(Call::UpdateTaskStatus {
        task: args.task(&["task_id", "taskId"])?,
        status: args.word(&["status"], &statuses)?.ok_or_else(|| crate::mcp::tool::missing(&["status"]))?,
        reason: args.text(&["reason"])?,
    })
}

fn reply(args: &Args<'_>) -> Result<Call, WrongArgument> {
    let asks = match args.truth(&["needs_answer", "needsAnswer"])? {
        None => Asks::Unsaid,
        Some(true) => Asks::Answer,
        Some(false) => Asks::Nothing,
    };
    let attachments = attachments(args)?;
    let text = args.text(&["text"])?;
    if text.is_none() && attachments.is_empty() {
        return Err(crate::mcp::tool::missing(&["text"]));
    }
    Ok(Call::Reply {
        task: args.task(&["chat_id", "chatId", "task_id", "taskId"])?,
        text: text.unwrap_or_default(),
        in_reply_to: args.message(&["in_reply_to", "inReplyTo"])?,
        asks,
        attachments,
    })
}

fn get_task_messages(args: &Args<'_>) -> Result<Call, WrongArgument> {
    let orders = [("asc", Order::OldestFirst), ("desc", Order::NewestFirst)];
    let limit = args.number(&["limit"])?.unwrap_or(DEFAULT_PAGE);
    if !(1..=limits::PAGE as u64).contains(&limit) {
        return Err(WrongArgument(format!("`limit` is {limit}; it may be 1 to {}", limits::PAGE)));
    }
    Ok(Call::GetTaskMessages {
        task: args.task(&["task_id", "taskId"])?,
        cursor: args.text(&["cursor"])?,
        limit: limit as usize,
        order: args.word(&["order"], &orders)?.unwrap_or(Order::OldestFirst),
    })
}

/// The cursor of a waiting call's answer names what it held: ids joined by dots.
fn wait_for_messages(args: &Args<'_>) -> Result<Call, WrongArgument> {
    let named = args
        .list(&["acknowledge", "acknowledged", "message_ids"])?
        .iter()
        .map(|value| value.as_str().ok_or_else(|| WrongArgument("`acknowledge` must be a list of message_ids".to_owned())));
    let cursor = args.text(&["cursor"])?.unwrap_or_default();
    let ids = cursor.split('.').filter(|id| !id.is_empty()).map(Ok).chain(named);
    let acknowledge =
        ids.map(|id| id?.trim().parse().map_err(|error| WrongArgument(format!("`cursor`: {error}")))).collect::<Result<Vec<_>, _>>()?;
    if acknowledge.len() > limits::PAGE {
        return Err(WrongArgument(format!("`acknowledge` names {}; {} are allowed", acknowledge.len(), limits::PAGE)));
    }
    let timeout_s = args.number(&["timeout_seconds", "timeoutSeconds", "timeout"])?.unwrap_or(LONGEST_WAIT);
    Ok(Call::WaitForMessages { acknowledge, timeout_s: timeout_s.min(LONGEST_WAIT) })
}

fn attachments(args: &Args<'_>) -> Result<Vec<InlineAttachment>, WrongArgument> {
    let list = args.list(&["attachments"])?;
    if list.len() > limits::ATTACHMENTS {
        return Err(WrongArgument(format!("{} attachments; {} are allowed", list.len(), limits::ATTACHMENTS)));
    }
    let mut bytes_in_all = 0;
    let mut found = Vec::with_capacity(list.len());
    for value in list {
        let attachment = attachment(value)?;
        if let InlineAttachment::Bytes { bytes, .. } = &attachment {
            bytes_in_all += bytes.len();
        }
        if bytes_in_all > limits::INLINE_BYTES {
            return Err(WrongArgument(format!(
                "attachments hold more than {} bytes in all: upload larger files by the URL in the tool's description",
                limits::INLINE_BYTES
            )));
        }
        found.push(attachment);
    }
    Ok(found)
}

fn attachment(value: &Value) -> Result<InlineAttachment, WrongArgument> {
    let uploaded = |id: &str| {
        id.parse()
            .map(InlineAttachment::Uploaded)
            .map_err(|_| WrongArgument(format!("attachment {:?} has no `data` and is no id of an upload", clipped(id))))
    };
    let fields = match value {
        Value::String(id) => return uploaded(id),
        Value::Object(fields) => Args(fields),
        _ => return Err(WrongArgument("an attachment is {\"filename\", \"mimeType\", \"data\"} or the id of an upload".to_owned())),
    };
    let Some(data) = fields.text(&["data"])? else {
        return uploaded(&fields.required_text(&["id"])?);
    };
    let id = fields.text(&["id"])?;
    let filename = fields.text(&["filename", "file_name", "fileName", "name"])?.or(id).unwrap_or_else(|| "file".to_owned());
    let filename = crate::decide::check_filename(&filename).map_err(|why| WrongArgument(why.to_string()))?;
    let mime_type = fields.text(&["mimeType", "mime_type"])?.unwrap_or_else(|| "application/octet-stream".to_owned());
    if mime_type.len() > 127 || !mime_type.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        return Err(WrongArgument(format!("`mimeType` of {filename} is no media type such as text/plain")));
    }
    let bytes = decode(&data).ok_or_else(|| WrongArgument(format!("`data` of {filename} is not base64")))?;
    Ok(InlineAttachment::Bytes { filename, mime_type, bytes })
}

/// Base64 as agents write it: padded or not, with line breaks, plain or URL-safe.
fn decode(data: &str) -> Option<Vec<u8>> {
    let lenient = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let compact: Vec<u8> = data.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let alphabet =
        if compact.iter().any(|byte| matches!(byte, b'-' | b'_')) { &base64::alphabet::URL_SAFE } else { &base64::alphabet::STANDARD };
    GeneralPurpose::new(alphabet, lenient).decode(compact).ok()
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
    fn a_task_without_an_assignee_is_the_agents_own() {
        let read = call("createTask", json!({"title": "Plan"}));
        assert!(matches!(read, Ok(Call::CreateTask { assignee: Assignee::Agent, .. })));
    }

    #[test]
    fn a_wrong_call_is_answered_with_what_is_wrong_and_one_that_is_right() {
        let cases = [
            ("createTask", json!({}), "`title` is missing"),
            ("createTask", json!({"title": "x", "options": [{"id": "a"}]}), "`label` of an option is missing"),
            ("createTask", json!({"title": "x", "assignee": "robot"}), "it may be \"human\", \"agent\""),
            ("updateTaskStatus", json!({"task_id": 1, "status": "done"}), "\"notstarted\", \"ongoing\", \"completed\", \"rejected\""),
            ("updateTaskStatus", json!({"task_id": "?", "status": "ongoing"}), "named by its id"),
            ("reply", json!({"chat_id": 1}), "`text` is missing"),
            ("getTaskMessages", json!({"task_id": 1, "limit": 101}), "1 to 100"),
            ("createTask", json!({"title": "x", "attachments": [{"filename": "a", "data": "%%"}]}), "not base64"),
            ("createTask", json!({"title": "x", "attachments": [{"filename": "a/b", "data": ""}]}), "no slash"),
        ];
        for (tool, arguments, expected) in cases {
            let why = call(tool, arguments).expect_err(expected);
            assert!(why.contains(expected), "{why}");
            assert!(why.contains(&format!("A call that is right: {tool}(")), "{why}");
        }
    }

    #[test]
    fn more_than_four_mebibytes_do_not_ride_in_a_call() {
        let file = |bytes: usize| json!({"filename": "a.bin", "data": "A".repeat(bytes.div_ceil(3) * 4)});
        let two = |bytes: usize| call("reply", json!({"chat_id": 1, "text": "x", "attachments": [file(bytes), file(bytes)]}));
        assert!(two(limits::INLINE_BYTES / 2 - 8).is_ok());
        assert!(two(limits::INLINE_BYTES / 2 + 8).expect_err("too large").contains("upload larger files"));
    }

    #[test]
    fn twenty_attachments_are_allowed_and_one_more_is_not() {
        let with = |count: usize| {
            let attachments = vec![json!({"filename": "a", "data": ""}); count];
            call("createTask", json!({"title": "x", "attachments": attachments}))
        };
        assert!(with(limits::ATTACHMENTS).is_ok());
        assert!(with(limits::ATTACHMENTS + 1).expect_err("too many").contains("20 are allowed"));
    }

    #[test]
    fn base64_is_read_in_every_common_form() {
        for data in ["aGk/", "aGk_", " aG\nk/ "] {
            assert_eq!(decode(data), Some(b"hi?".to_vec()), "{data:?}");
        }
        assert_eq!(decode("aGk"), decode("aGk="));
        assert_eq!(decode("a"), None);
    }

    #[test]
    fn a_waiting_call_acknowledges_what_its_cursor_names() {
        let read = call("waitForMessages", json!({"cursor": "0ZRgCquBZ7R.0ZRgCquBZ7S", "timeout_seconds": 999}));
        let Ok(Call::WaitForMessages { acknowledge, timeout_s }) = read else { panic!("{read:?}") };
        assert_eq!((acknowledge.len(), timeout_s), (2, LONGEST_WAIT));
        assert!(call("waitForMessages", json!({"cursor": "yesterday"})).is_err());
    }
}
