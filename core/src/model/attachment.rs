//! Attached files, and the digest of what a person was shown.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::id::AttachmentId;

/// What is known of an attached file; its bytes stand in the blob store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attachment {
    pub id: AttachmentId,
    pub filename: String,
    /// As the sender gave it; downloads decide for themselves what is safe.
    pub mime_type: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of the bytes, 64 hex digits.
    pub sha256: String,
}

/// What stands on a card when a person decides: exactly this is bound by a verdict.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    pub title: &'a str,
    pub body: &'a str,
    pub attachments: &'a [Attachment],
}

/// SHA-256 of what was shown, 64 hex digits.
///
/// Every part is written with its length before it, so that no two different cards share an encoding.
pub fn shown_digest(shown: Shown<'_>) -> String {
    let mut hash = Sha256::new();
    hash.update(b"agentrq shown 1");
    let mut part = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    part(shown.title.as_bytes());
    part(shown.body.as_bytes());
    for attachment in shown.attachments {
        part(attachment.filename.as_bytes());
        part(attachment.sha256.as_bytes());
    }
    hex(&hash.finalize())
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|nibble| char::from(DIGITS[usize::from(nibble)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(title: &str, body: &str) -> String {
        shown_digest(Shown { title, body, attachments: &[] })
    }

    #[test]
    fn moving_a_character_between_title_and_body_changes_the_digest() {
        assert_ne!(digest("ab", "c"), digest("a", "bc"));
        assert_eq!(digest("ab", "c"), digest("ab", "c"));
        assert_eq!(digest("ab", "c").len(), 64);
    }
}
