//! Text as it is searched: without case and without accents.

/// The plain letters behind U+00C0 to U+017F, and `-` where there is none.
const LATIN: &[u8; 192] = b"\
    aaaaaaaceeeeiiiidnooooo-ouuuuytsaaaaaaaceeeeiiiidnooooo-ouuuuyty\
    aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkklllllll\
    lllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";
/// The same for U+1E00 to U+1EFF.
const LATIN_ADDITIONAL: &[u8; 256] = b"\
    aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmm\
    mmmmnnnnnnnnoooooooopppprrrrrrrrssssssssssttttttttuuuuuuuuuuvvvv\
    wwwwwwwwwwxxxxyyzzzzzzhtwyas--s-aaaaaaaaaaaaaaaaaaaaaaaaeeeeeeee\
    eeeeeeeeiiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyy------";

/// Folds a text: `Crème Brûlée` and `creme brulee` are the same. Latin, Greek and Cyrillic letters lose their accents, all
/// others keep them, and what is two letters in one is written as two.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            'A'..='Z' => folded.push(c.to_ascii_lowercase()),
            '\0'..='\x7f' => folded.push(c),
            'ß' | 'ẞ' => folded.push_str("ss"),
            'æ' | 'Æ' => folded.push_str("ae"),
            'œ' | 'Œ' => folded.push_str("oe"),
            'þ' | 'Þ' => folded.push_str("th"),
            '\u{300}'..='\u{36f}' => {}
            '\u{c0}'..='\u{17f}' => push_plain(&mut folded, c, LATIN[c as usize - 0xc0]),
            '\u{1e00}'..='\u{1eff}' => push_plain(&mut folded, c, LATIN_ADDITIONAL[c as usize - 0x1e00]),
            _ => folded.push(without_accent(small(c))),
        }
    }
    folded
}

fn push_plain(folded: &mut String, c: char, plain: u8) {
    match plain {
        b'-' => folded.push(c),
        plain => folded.push(char::from(plain)),
    }
}

/// The small letter of a Greek, Cyrillic, Armenian or wide capital. All of Unicode's are a table of 12 KB, and few other scripts have any.
fn small(c: char) -> char {
    let distance = match c {
        'Ά' => 38,
        'Έ'..='Ί' => 37,
        'Ό' => 64,
        'Ύ'..='Ώ' => 63,
        '\u{391}'..='\u{3a1}' | '\u{3a3}'..='\u{3ab}' | '\u{410}'..='\u{42f}' | '\u{ff21}'..='\u{ff3a}' => 32,
        '\u{400}'..='\u{40f}' => 80,
        '\u{531}'..='\u{556}' => 48,
        '\u{4c0}' => 15,
        '\u{4c1}'..='\u{4ce}' => c as u32 & 1,
        '\u{460}'..='\u{481}' | '\u{48a}'..='\u{4bf}' | '\u{4d0}'..='\u{52f}' => !(c as u32) & 1,
        _ => 0,
    };
    char::from_u32(c as u32 + distance).unwrap_or(c)
}

fn without_accent(c: char) -> char {
    match c {
        'ά' => 'α',
        'έ' => 'ε',
        'ή' => 'η',
        'ί' | 'ϊ' | 'ΐ' => 'ι',
        'ό' => 'ο',
        'ύ' | 'ϋ' | 'ΰ' => 'υ',
        'ώ' => 'ω',
        'ς' => 'σ',
        'ё' => 'е',
        'й' => 'и',
        'ї' => 'і',
        other => other,
    }
}

/// The folded words of a question.
pub fn words(question: &str) -> Vec<String> {
    fold(question).split_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_accents_make_no_difference() {
        for (text, folded) in [
            ("Crème Brûlée", "creme brulee"),
            ("ÀÉÎÕÜ ñ Ç ÿ Ž ą ő", "aeiou n c y z a o"),
            ("Straße, Œuvre, Ærø", "strasse, oeuvre, aero"),
            ("Tiếng Việt Đà Nẵng", "tieng viet da nang"),
            ("e\u{301}", "e"),
            ("ΆΈΉ Όσος", "αεη οσοσ"),
            ("Ёлка Чай", "елка чаи"),
            ("東京 🦀 #12", "東京 🦀 #12"),
            ("×÷", "×÷"),
        ] {
            assert_eq!(fold(text), folded, "{text}");
        }
    }

    #[test]
    fn greek_cyrillic_armenian_and_wide_letters_are_made_small_as_unicode_makes_them() {
        for c in ('\u{386}'..='\u{3ce}').chain('\u{400}'..='\u{58f}').chain('\u{ff00}'..='\u{ff5e}') {
            assert_eq!(small(c).to_string(), c.to_lowercase().to_string(), "{c} {:x}", c as u32);
        }
    }

    #[test]
    fn folding_twice_changes_nothing() {
        for c in ('\u{0}'..='\u{24f}').chain('\u{370}'..='\u{52f}').chain('\u{1e00}'..='\u{1fff}') {
            let once = fold(&c.to_string());
            assert_eq!(fold(&once), once, "{c} {:x}", c as u32);
        }
    }

    #[test]
    fn a_question_is_words() {
        assert_eq!(words("  Crème #12\n"), ["creme", "#12"]);
    }
}
