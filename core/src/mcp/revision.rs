//! The revisions of the protocol, and which one a conversation is held in.
//!
//! Up to 2025-11-25 a conversation begins with a handshake, `initialize`; from 2026-07-28 on each request says by itself how it is to be
//! read. Source: modelcontextprotocol.io, "Lifecycle, version negotiation" (2025-11-25) and "Versioning and compatibility" (2026-07-28).

use std::fmt;

/// A revision, in the order of their dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Revision {
    /// HTTP+SSE.
    V2024_11_05,
    /// Streamable HTTP, with sessions; the only one with batches.
    V2025_03_26,
    /// Structured results; the revision stands in a header of each request.
    V2025_06_18,
    /// A stream begins with an id, so that it can be resumed from its first byte on.
    V2025_11_25,
    /// Stateless: each request bears what it needs, there is no handshake, no session, and no stream but that of a request.
    V2026_07_28,
}

use Revision::{V2024_11_05, V2025_03_26, V2025_06_18, V2025_11_25, V2026_07_28};

impl Revision {
    pub const ALL: [Self; 5] = [V2024_11_05, V2025_03_26, V2025_06_18, V2025_11_25, V2026_07_28];
    /// What a request over HTTP is taken to be that names no revision ("Transports, protocol version header").
    pub const ASSUMED: Self = V2025_03_26;
    /// The latest that begins with a handshake.
    pub const LATEST_HANDSHAKE: Self = V2025_11_25;

    pub fn name(self) -> &'static str {
        match self {
            V2024_11_05 => "2024-11-05",
            V2025_03_26 => "2025-03-26",
            V2025_06_18 => "2025-06-18",
            V2025_11_25 => "2025-11-25",
            V2026_07_28 => "2026-07-28",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|revision| revision.name() == name)
    }

    /// Does each request say by itself how it is to be read?
    pub fn is_stateless(self) -> bool {
        self >= V2026_07_28
    }

    /// Does a stream begin with an event that has an id and no data? Clients of earlier revisions take its data for a message.
    pub fn primes_streams(self) -> bool {
        self >= V2025_11_25
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The revision to answer `initialize` with: the client's, if it is one that begins so, else the latest that does.
pub fn negotiate(asked: &str) -> Revision {
    Revision::parse(asked).filter(|known| !known.is_stateless()).unwrap_or(Revision::LATEST_HANDSHAKE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_revision_is_echoed_and_an_unknown_one_gets_the_latest() {
        assert_eq!(negotiate("2024-11-05"), V2024_11_05);
        assert_eq!(negotiate("2025-11-25"), V2025_11_25);
        assert_eq!(negotiate("2026-07-28"), V2025_11_25);
        assert_eq!(negotiate(""), V2025_11_25);
    }

    #[test]
    fn revisions_are_ordered_by_their_dates() {
        let names = Revision::ALL.map(Revision::name);
        assert!(names.is_sorted());
        assert!(Revision::ALL.is_sorted());
        assert_eq!(names.map(Revision::parse), Revision::ALL.map(Some));
    }
}
