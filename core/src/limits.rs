//! How large things may be. Each limit is enforced where the thing is decided, and each has a test.

/// Characters in a task's title.
pub const TITLE_CHARS: usize = 255;
/// Bytes of UTF-8 in a task's body or a message's text.
pub const TEXT_BYTES: usize = 256 * 1024;
/// Bytes in one attachment.
pub const ATTACHMENT_BYTES: u64 = 25 * 1024 * 1024;
/// Bytes, decoded, of all attachments that ride inside one tool call as base64.
pub const INLINE_BYTES: usize = 4 * 1024 * 1024;
/// Bytes that a file counts at least, where those of a workspace are added up: what is kept of an empty one is not nothing.
pub const ATTACHMENT_LEAST_BYTES: u64 = 1024;
/// Bytes of a workspace's database, files included, up to which agents may fill it. The rest is for people: an object's database has 10 GB.
pub const AGENTS_BYTES: u64 = 2 * 1024 * 1024 * 1024;
/// Browsers of one person that a workspace remembers, each by the name under which it numbers its commands. Any other begins anew.
pub const CLIENTS: u64 = 200;
/// Idempotency keys of one caller that are remembered, for a day.
pub const IDEMPOTENCY_KEYS: u64 = 5_000;
/// Deleted tasks that are remembered.
pub const TOMBSTONES: u64 = 2_000;
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
/// Bytes in the URI by which a client names a resource: names that are followed are kept.
pub const URI_BYTES: usize = 2_048;
/// Bytes in a text by which a client names a request, or its progress: both are kept while the request is under way.
pub const REQUEST_ID_BYTES: usize = 1_024;
/// Commands in one batch of a replica.
pub const BATCH: usize = 100;
/// Bytes of the commands that a replica puts into one batch, if they are more than one.
pub const BATCH_BYTES: usize = 512 * 1024;
/// Workspaces whose news come on one stream.
pub const WATCHED: usize = 50;
/// Items on one page of a list.
pub const PAGE: usize = 100;
/// Bytes of waiting items that ride on one tool result.
pub const RIDING_BYTES: usize = 20 * 1024;
/// Answers that a question may offer.
pub const CHOICES: usize = 12;
/// Characters in the id of such an answer.
pub const CHOICE_ID_CHARS: usize = 64;
/// Characters in its label.
pub const LABEL_CHARS: usize = 200;
/// Characters in its description.
pub const DESCRIPTION_CHARS: usize = 1_000;
/// Bytes of a body that a person changes and approves, and of the comment beside it: it is kept twice, in the body and with the verdict.
pub const EDITED_BYTES: usize = 64 * 1024;
/// Bytes of the diff that says what was changed; of a longer one the new text says more.
pub const DIFF_BYTES: usize = 32 * 1024;
/// Characters in the name of a list.
pub const LIST_NAME_CHARS: usize = 128;
/// Bytes of what is noted about a task.
pub const METADATA_BYTES: usize = 16 * 1024;
/// Tasks that one waits for, and tasks that wait for one.
pub const EDGES: usize = 1_000;
/// Bytes of a command or prompt that runs in the background: it goes with every news of its task.
pub const COMMAND_BYTES: usize = 8 * 1024;
/// Milliseconds that it may be given to run, at least and at most.
pub const RUN_MS: (u64, u64) = (1_000, 7 * 24 * 60 * 60 * 1_000);
/// The highest number that a process may end with.
pub const EXIT_CODE: u64 = u32::MAX as u64;
/// Bytes of output in one post.
pub const CHUNK_BYTES: u64 = 1024 * 1024;
/// Bytes of one task's output that are kept: of more, the oldest go.
pub const OUTPUT_BYTES: u64 = 1024 * 1024 * 1024;
/// Bytes of output that one workspace keeps in all.
pub const OUTPUTS_BYTES: u64 = 10 * 1024 * 1024 * 1024;
/// Bytes of output in one answer of TaskOutput, where nothing is said, and at most.
pub const OUTPUT_READ_BYTES: (u64, u64) = (30_000, 100_000);
/// Steps of a checklist.
pub const TODOS: usize = 200;
/// Bytes of all of them: they go with every news of their agent.
pub const TODOS_BYTES: usize = 32 * 1024;
/// Characters in one of them.
pub const TODO_CHARS: usize = 1_000;
/// Tasks in one import of lines.
pub const IMPORT_TASKS: usize = 100_000;
/// What of them waits for what.
pub const IMPORT_ARROWS: usize = 200_000;
/// Bytes of one import of lines, without those of attached files.
pub const IMPORT_BYTES: u64 = 256 * 1024 * 1024;
/// Places in which its tasks stand: one for each, and one more wherever what was said of a task does not stand behind it.
pub const IMPORT_PLACES: usize = 500_000;
/// Bytes of one task in it, with its messages.
pub const IMPORT_THREAD_BYTES: u64 = 16 * 1024 * 1024;
/// Tasks in one import of an archive.
pub const ARCHIVE_TASKS: usize = 10_000;
/// Bytes of one, without those of attached files and of what was printed.
pub const ARCHIVE_BYTES: u64 = 16 * 1024 * 1024;
/// Bytes of one line or file of either.
pub const IMPORT_LINE_BYTES: usize = 4 * 1024 * 1024;
/// Workflows of one workspace.
pub const WORKFLOWS: usize = 100;
/// Bytes of one workflow, as JSON.
pub const WORKFLOW_BYTES: usize = 64 * 1024;
/// Characters in the name of a workflow, of a step or of a parameter.
pub const WORKFLOW_NAME_CHARS: usize = 64;
/// Steps of a workflow.
pub const WORKFLOW_STEPS: usize = 100;
/// Parameters of a workflow.
pub const WORKFLOW_PARAMETERS: usize = 20;
/// Values among which one may be chosen.
pub const WORKFLOW_VALUES: usize = 50;
/// Bytes of a value that is put in for a parameter.
pub const WORKFLOW_VALUE_BYTES: usize = 4 * 1024;
/// Bytes of all texts of a run: a value may stand in them many times.
pub const WORKFLOW_RUN_BYTES: usize = 512 * 1024;
