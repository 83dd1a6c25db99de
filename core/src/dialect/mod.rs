//! The vocabularies in which agents speak. A dialect only translates: words to commands, outcomes to words.

pub mod hitl;
