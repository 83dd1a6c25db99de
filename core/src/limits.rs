//! How large things may be. Each limit is enforced where the thing is decided, and each has a test.

/// Characters in a task's title.
pub const TITLE_CHARS: usize = 255;
/// Bytes of UTF-8 in a task's body or a message's text.
pub const TEXT_BYTES: usize = 256 * 1024;
/// Bytes in one attachment.
pub const ATTACHMENT_BYTES: u64 = 25 * 1024 * 1024;
/// Bytes, decoded, of all attachments that ride inside one tool call as base64.
pub const INLINE_BYTES: usize = 4 * 1024 * 1024;
/// Attachments on one message.
pub const ATTACHMENTS: usize = 20;
/// Characters in an attachment's file name.
pub const FILENAME_CHARS: usize = 255;
/// Characters in the name of a workspace.
pub const WORKSPACE_NAME_CHARS: usize = 80;
/// Bytes in the mission of a workspace.
pub const MISSION_BYTES: usize = 16 * 1024;
/// Characters in the name or display name of an agent.
pub const NAME_CHARS: usize = 64;
/// Characters in the reason of a status.
pub const REASON_CHARS: usize = 2_000;
/// Commands in one batch of a replica.
pub const BATCH: usize = 100;
/// Items on one page of a list.
pub const PAGE: usize = 100;
/// Bytes of waiting items that ride on one tool result.
pub const RIDING_BYTES: usize = 20 * 1024;
