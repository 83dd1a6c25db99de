//! The revisions of the protocol that are spoken with a handshake.
//!
//! Source: modelcontextprotocol.io, "Lifecycle, version negotiation": the server answers with the client's revision if
//! it speaks it, else with the latest it does.

/// Handshake revisions, oldest first.
pub const HANDSHAKE: [&str; 4] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];

/// The revision to answer `initialize` with.
pub fn negotiate(asked: &str) -> &'static str {
    let [.., latest] = HANDSHAKE;
    HANDSHAKE.into_iter().find(|known| *known == asked).unwrap_or(latest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_revision_is_echoed_and_an_unknown_one_gets_the_latest() {
        assert_eq!(negotiate("2024-11-05"), "2024-11-05");
        assert_eq!(negotiate("2025-11-25"), "2025-11-25");
        assert_eq!(negotiate("2026-07-28"), "2025-11-25");
        assert_eq!(negotiate(""), "2025-11-25");
    }
}
