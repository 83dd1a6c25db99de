//! What in a text its reader cannot see.

/// Characters that take no room, turn the direction of others, or look like nothing: what hides behind them, nobody notices.
pub fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Those among them that no honest name holds. Joiners and the picture variant are parts of scripts and of emoji.
pub fn hides_in_a_name(c: char) -> bool {
    is_invisible(c) && !matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe0f}')
}

/// Those that no honest line of words holds. The marks that set the direction of a neighbour belong to scripts that run from right to left.
pub fn hides_in_a_line(c: char) -> bool {
    hides_in_a_name(c) && !matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}')
}

/// A text as its readers see it, for telling two from each other: without what is invisible, every white space as one space.
pub fn as_seen(text: &str) -> String {
    let visible: String = text.chars().filter(|&c| c.is_whitespace() || !is_invisible(c)).collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Where in a text of any number of lines something hides, with the character. Joiners and the picture variant hide where they join
/// nothing: behind a letter of plain English, which has no other form.
pub fn hidden_in(text: &str) -> impl Iterator<Item = (usize, char)> {
    let mut before: Option<char> = None;
    text.char_indices().filter(move |&(at, c)| {
        let behind = before.replace(c);
        match c {
            '\t' | '\n' | '\r' | '\u{c}' => false,
            // A digit in its box: 1️⃣
            '\u{fe0f}' if behind.is_some_and(|it| it.is_ascii_digit() || it == '#' || it == '*') => {
                !text[at..].starts_with("\u{fe0f}\u{20e3}")
            }
            '\u{200c}' | '\u{200d}' | '\u{fe0f}' => behind.is_none_or(|it| it.is_ascii()),
            _ => is_invisible(c),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_seen_is_told_from_what_cannot() {
        assert!("\u{0}\n\u{85}\u{200b}\u{202e}\u{2066}\u{2028}\u{2800}\u{3164}\u{feff}\u{e0041}\u{e0100}".chars().all(hides_in_a_name));
        assert!(!"Zoë 日本 🦀 👩‍💻 ❤️ می‌خواهم".chars().any(hides_in_a_name));
        assert!("👩‍💻".chars().any(is_invisible));
    }

    #[test]
    fn what_hides_in_a_text_is_told_from_what_its_script_needs() {
        for honest in ["", "rm x\r\n\ty", "Zoë 日本 🦀 👩‍💻 ❤️ 1️⃣ می‌خواهم", "اعتماد: حذف\n\tالجلسات"]
        {
            assert_eq!(hidden_in(honest).next(), None, "{honest:?}");
        }
        for (text, hidden) in [
            ("rm x\u{202e}", '\u{202e}'),
            ("a\u{e0100}b", '\u{e0100}'),
            ("a\u{200f}b\u{202e}", '\u{200f}'),
            ("rm\u{200d} -rf", '\u{200d}'),
            ("1\u{fe0f}", '\u{fe0f}'),
            ("\u{200c}", '\u{200c}'),
            ("x\u{0}", '\0'),
        ] {
            assert_eq!(hidden_in(text).map(|(_, c)| c).next(), Some(hidden), "{text:?}");
        }
    }

    #[test]
    fn what_hides_is_found_where_it_stands() {
        assert_eq!(hidden_in("é\u{200b}x\u{202e}").collect::<Vec<_>>(), [(2, '\u{200b}'), (6, '\u{202e}')]);
    }

    #[test]
    fn a_text_is_seen_without_what_hides_in_it() {
        assert_eq!(as_seen(" Keep\u{200b}\u{a0} it\u{202e}\n"), "Keep it");
        assert_eq!(as_seen("\u{2800}\u{3164}"), "");
    }
}
