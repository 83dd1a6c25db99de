//! Attached files, and the digest of what a person was shown.

use sha2::{Digest, Sha256};

use super::Options;
use crate::id::AttachmentId;
use crate::json::through_json;
use crate::record;

/// What is known of an attached file; its bytes stand in the blob store.
#[derive(Clone, Debug, PartialEq, Eq)]
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

record!(Attachment { id, filename, mime_type, size, sha256 });
through_json!(Attachment);

/// What stands on a card when a person decides: exactly this is bound by a verdict.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    pub title: &'a str,
    pub body: &'a str,
    pub options: Option<&'a Options>,
    pub attachments: &'a [Attachment],
}

/// SHA-256 of what was shown, 64 hex digits.
///
/// Every part is written with its length before it, so that no two different cards share an encoding. Cards without options are
/// written as they were before there were any.
pub fn shown_digest(shown: Shown<'_>) -> String {
    let mut hash = Sha256::new();
    hash.update(if shown.options.is_some() { b"agentrq shown 2" } else { b"agentrq shown 1" });
    let mut part = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    part(shown.title.as_bytes());
    part(shown.body.as_bytes());
    if let Some(options) = shown.options {
        part(&[u8::from(options.multiple), u8::from(options.free_text)]);
        part(&(options.choices.len() as u64).to_be_bytes());
        for choice in &options.choices {
            part(choice.id.as_bytes());
            part(choice.label.as_bytes());
            part(choice.description.as_deref().unwrap_or_default().as_bytes());
            part(&[u8::from(choice.recommended)]);
        }
    }
    for attachment in shown.attachments {
        part(attachment.filename.as_bytes());
        part(attachment.sha256.as_bytes());
    }
    hex(&hash.finalize())
}

/// The digest of a file: SHA-256 of its bytes, in hex.
pub fn bytes_digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|nibble| char::from(DIGITS[usize::from(nibble)])).collect()
}

#[cfg(test)]
mod tests {
    use super::super::Choice;
    use super::*;

    fn digest(title: &str, body: &str) -> String {
        shown_digest(Shown { title, body, options: None, attachments: &[] })
    }

    #[test]
    fn moving_a_character_between_title_and_body_changes_the_digest() {
        assert_ne!(digest("ab", "c"), digest("a", "bc"));
        assert_eq!(digest("ab", "c"), digest("ab", "c"));
        assert_eq!(digest("ab", "c").len(), 64);
    }

    #[test]
    fn a_card_without_options_has_the_digest_that_it_always_had() {
        assert_eq!(digest("Approve: x", "y"), "0f61b2f5a854b9d8ff99b354402a0bd3c623504359939c90c25ae02091341894");
    }

    #[test]
    fn every_part_of_the_options_is_part_of_what_is_shown() {
        let choice = Choice { id: "a".into(), label: "A".into(), description: None, recommended: false };
        let other = Choice { id: "b".into(), label: "B".into(), ..choice.clone() };
        let options = Options { choices: vec![choice.clone(), other.clone()], multiple: false, free_text: true };
        let with = |choices: Vec<Choice>| Options { choices, ..options.clone() };
        let cards = [
            None,
            Some(options.clone()),
            Some(Options { multiple: true, ..options.clone() }),
            Some(Options { free_text: false, ..options.clone() }),
            Some(with(vec![other.clone(), choice.clone()])),
            Some(with(vec![choice.clone()])),
            Some(with(vec![Choice { label: "A!".into(), ..choice.clone() }, other.clone()])),
            Some(with(vec![Choice { id: "aa".into(), ..choice.clone() }, other.clone()])),
            Some(with(vec![Choice { description: Some("!".into()), ..choice.clone() }, other.clone()])),
            Some(with(vec![Choice { recommended: true, ..choice.clone() }, other])),
        ];
        let digest =
            |options: &Option<Options>| shown_digest(Shown { title: "Question: x", body: "", options: options.as_ref(), attachments: &[] });
        let digests: std::collections::BTreeSet<_> = cards.iter().map(digest).collect();
        assert_eq!(digests.len(), cards.len());
    }
}
