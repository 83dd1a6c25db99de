//! What the commands run on: one thread, which waits for everything at once.

use std::io;

/// Runs something to its end.
///
/// # Errors
/// Its own, or that the system gives us nothing to run it on.
pub fn block_on<T, E: From<io::Error>>(what: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let result = runtime.block_on(what);
    // What is looked up in the DNS cannot be called off, and nobody waits for it now.
    runtime.shutdown_background();
    result
}
