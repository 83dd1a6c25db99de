//! What in a text its reader cannot see.

/// Characters that take no room, turn the direction of others, or look like nothing: what hides behind them, nobody notices.
pub fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}')
}

/// Those among them that no honest name holds. Joiners and the picture variant are parts of scripts and of emoji.
pub fn hides_in_a_name(c: char) -> bool {
    is_invisible(c) && !matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe0f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_seen_is_told_from_what_cannot() {
        assert!("\u{0}\n\u{85}\u{200b}\u{202e}\u{2066}\u{2028}\u{feff}\u{e0041}".chars().all(hides_in_a_name));
        assert!(!"Zoë 日本 🦀 👩‍💻 ❤️ می‌خواهم".chars().any(hides_in_a_name));
        assert!("👩‍💻".chars().any(is_invisible));
    }
}
