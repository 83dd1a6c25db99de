//! Tells that something has changed in a directory, whatever it was.

use std::path::Path;
use std::sync::Arc;

use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;

use crate::say::say;

/// Watches for as long as it lives.
pub(super) struct Watch {
    changed: Arc<Notify>,
    _watcher: Option<RecommendedWatcher>,
}

impl Watch {
    /// Begins to watch a directory. Where the system does not let us, changes are seen when it is looked at the next time.
    pub(super) fn new(directory: &Path) -> Self {
        let changed = Arc::new(Notify::new());
        let its = changed.clone();
        let watcher = notify::recommended_watcher(move |_| its.notify_one());
        let watching = watcher.and_then(|mut watcher| watcher.watch(directory, RecursiveMode::NonRecursive).map(|()| watcher));
        let watcher = match watching {
            Ok(watcher) => Some(watcher),
            Err(why) => {
                say(format_args!("{} cannot be watched, and is looked at every few seconds: {why}", directory.display()));
                None
            }
        };
        Self { changed, _watcher: watcher }
    }

    /// Returns once something has changed since it was last asked.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }
}
