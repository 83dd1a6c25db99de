//! Bytes of an output as text for people: whole characters, whatever the bytes are cut into.

/// As much of `bytes` as is whole characters, and how many bytes that is. A character whose end may still come is left for later; what is
/// no UTF-8 at all becomes `U+FFFD`.
pub fn text(bytes: &[u8], rest: Rest) -> (String, usize) {
    let used = match rest {
        Rest::MayCome => bytes.len() - unfinished(bytes),
        Rest::Nothing => bytes.len(),
    };
    (String::from_utf8_lossy(bytes.get(..used).unwrap_or(bytes)).into_owned(), used)
}

/// Does anything follow on some bytes?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    MayCome,
    Nothing,
}

/// Bytes at the end that begin a character and do not end it.
fn unfinished(bytes: &[u8]) -> usize {
    // A character has four bytes at most, of which up to three may be here.
    let last = bytes.iter().rev().take(3).position(|byte| byte & 0b1100_0000 != 0b1000_0000);
    let Some(behind) = last else { return 0 };
    let begins = bytes.get(bytes.len() - behind - 1).copied().unwrap_or_default();
    let length = match begins {
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => return 0,
    };
    if behind + 1 < length { behind + 1 } else { 0 }
}

/// How many bytes at the beginning are the end of a character that began before them.
pub fn beheaded(bytes: &[u8]) -> usize {
    bytes.iter().take(3).take_while(|byte| **byte & 0b1100_0000 == 0b1000_0000).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn however_a_text_is_cut_its_pieces_are_the_text(said in "\\PC{0,40}", cuts in proptest::collection::vec(0..8usize, 0..40)) {
            let (mut got, mut held, mut bytes) = (String::new(), Vec::new(), said.as_bytes());
            for cut in cuts.into_iter().chain([usize::MAX]) {
                let (now, later) = bytes.split_at(cut.min(bytes.len()));
                bytes = later;
                held.extend_from_slice(now);
                let (text, used) = text(&held, Rest::MayCome);
                got.push_str(&text);
                held.drain(..used);
            }
            prop_assert_eq!(got, said);
            prop_assert!(held.is_empty());
        }

        #[test]
        fn no_bytes_are_held_back_for_ever(bytes in proptest::collection::vec(any::<u8>(), 0..20)) {
            let (_, used) = text(&bytes, Rest::MayCome);
            prop_assert!(bytes.len() - used <= 3);
            prop_assert_eq!(text(&bytes, Rest::Nothing).1, bytes.len());
        }
    }

    #[test]
    fn what_begins_within_a_character_begins_with_the_next() {
        let bytes = "aé😀b".as_bytes();
        assert_eq!([0, 1, 2, 3, 4, 5, 6].map(|from| beheaded(&bytes[from..])), [0, 0, 1, 0, 3, 2, 1]);
        assert_eq!(text(b"\xff\xfe", Rest::MayCome), ("\u{fffd}\u{fffd}".to_owned(), 2));
    }
}
