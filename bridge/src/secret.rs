//! The token stands in our environment and in our memory: the commands that we run, which are the same user's, are not to read it there.

/// Keeps this process's environment and memory (`/proc/PID/environ`, `/proc/PID/mem`, ptrace) to itself and to root (prctl(2), `PR_SET_DUMPABLE`). A
/// program that it executes is as open as any. Elsewhere than on Linux nothing is to be had without being asked for.
pub fn keep() {
    #[cfg(target_os = "linux")]
    {
        // Where the system refuses that, all is as it was.
        let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use rustix::process::{DumpableBehavior, dumpable_behavior};

    #[test]
    fn what_this_process_knows_is_not_for_others_of_its_user() {
        super::keep();
        assert_eq!(dumpable_behavior(), Ok(DumpableBehavior::NotDumpable));
    }
}
