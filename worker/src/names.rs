//! The form of the names that the server mints: a random half and a MAC of it. Whether one really was minted here, the gate knows.

/// Characters of 63 bits in base62.
pub const HALF: usize = 11;

/// Has the text the form of an id with a MAC: 22 base62 characters?
pub fn is_minted_form(text: &str) -> bool {
    text.len() == 2 * HALF && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
