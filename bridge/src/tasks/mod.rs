//! Tasks of a list, for programs that share one with agents: over Claude Code's files, over a workspace, or in memory.
//!
//! The rules are those of core and the words those of Claude Code's task tools, wherever the list is: a store takes a call of a tool and answers with its
//! structured value, or says no with the problem's stable code.
//!
//! ```
//! use agentrq_bridge::tasks::{MemoryStore, NewTask, TaskChange, TaskManager, TaskStatus};
//!
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! let tasks = TaskManager::new(MemoryStore::new("main", "planner")?);
//! let first = tasks.create(NewTask::called("Design the schema")).await?;
//! let second = tasks.create(NewTask { blocked_by: vec![first.number], ..NewTask::called("Write the migration") }).await?;
//!
//! let mine = tasks.next(None).await?.expect("one is free");
//! assert_eq!(mine.number, first.number);
//! tasks.update(mine.number, TaskChange { status: Some(TaskStatus::Completed), ..TaskChange::default() }).await?;
//! assert_eq!(tasks.next(None).await?.map(|task| task.number), Some(second.number));
//!
//! let missing = tasks.get(99).await.expect_err("it was never made");
//! assert_eq!(missing.code, "task_not_found");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod board;
mod error;
#[cfg(unix)]
mod file;
mod manager;
mod memory;
#[cfg(not(unix))]
mod no_file;
#[cfg(unix)]
mod workspace;

pub use agentrq_core::interchange::claude_file::FileStatus as TaskStatus;
pub use error::{FILE_STORE_NOT_SUPPORTED, TaskError};
#[cfg(unix)]
pub use file::FileStore;
pub use manager::{NewTask, Task, TaskChange, TaskManager, TaskStore};
pub use memory::MemoryStore;
#[cfg(not(unix))]
pub use no_file::FileStore;
#[cfg(unix)]
pub use workspace::WorkspaceStore;
