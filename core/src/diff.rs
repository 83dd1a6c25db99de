//! What has changed between two texts, line by line, as a unified diff.

/// Lines around a change that did not change.
const CONTEXT: usize = 3;
/// Lines that differ, up to which the shortest change is looked for; beyond, what differs is replaced as a whole.
const LONGEST_SEARCH: usize = 400;

/// A line of both texts, of the old one or of the new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line<'a> {
    Both(&'a str),
    Old(&'a str),
    New(&'a str),
}

/// The change as a unified diff, without the names of files; empty if there is none.
pub fn unified(old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.split_inclusive('\n').collect(), new.split_inclusive('\n').collect());
    let lines = script(&old, &new);
    let mut text = String::new();
    let (mut at, mut old_line, mut new_line) = (0, 0, 0);
    for hunk in hunks(&lines) {
        for line in &lines[at..hunk.start] {
            debug_assert!(matches!(line, Line::Both(_)));
            old_line += 1;
            new_line += 1;
        }
        at = hunk.end;
        let (mut olds, mut news, mut body) = (0, 0, String::new());
        for line in &lines[hunk] {
            let (sign, content) = match *line {
                Line::Both(content) => (' ', content),
                Line::Old(content) => ('-', content),
                Line::New(content) => ('+', content),
            };
            olds += usize::from(sign != '+');
            news += usize::from(sign != '-');
            body.push(sign);
            body.push_str(content);
            if !content.ends_with('\n') {
                body.push_str("\n\\ No newline at end of file\n");
            }
        }
        text.push_str(&format!("@@ -{} +{} @@\n{body}", range(old_line, olds), range(new_line, news)));
        old_line += olds;
        new_line += news;
    }
    text
}

/// `12,3` as a hunk's head has it: where it begins, counted from 1, and how many lines; of none it names the line before.
fn range(before: usize, count: usize) -> String {
    match count {
        0 => format!("{before},0"),
        1 => (before + 1).to_string(),
        _ => format!("{},{count}", before + 1),
    }
}

/// Where the changes stand, each with its context; those that would meet are one.
fn hunks(lines: &[Line<'_>]) -> Vec<std::ops::Range<usize>> {
    let mut hunks: Vec<std::ops::Range<usize>> = Vec::new();
    let changed = lines.iter().enumerate().filter(|(_, line)| !matches!(line, Line::Both(_)));
    for (at, _) in changed {
        let (start, end) = (at.saturating_sub(CONTEXT), (at + 1 + CONTEXT).min(lines.len()));
        match hunks.last_mut() {
            Some(last) if start <= last.end => last.end = end,
            _ => hunks.push(start..end),
        }
    }
    hunks
}

/// Every line of both texts in order, each with where it stands.
fn script<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<Line<'a>> {
    let before = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (rest_old, rest_new) = (&old[before..], &new[before..]);
    let after = rest_old.iter().rev().zip(rest_new.iter().rev()).take_while(|(a, b)| a == b).count();
    let (mid_old, mid_new) = (&rest_old[..rest_old.len() - after], &rest_new[..rest_new.len() - after]);

    let mut lines: Vec<_> = old[..before].iter().copied().map(Line::Both).collect();
    lines.extend(shortest(mid_old, mid_new).unwrap_or_else(|| {
        let (olds, news) = (mid_old.iter().copied().map(Line::Old), mid_new.iter().copied().map(Line::New));
        olds.chain(news).collect()
    }));
    lines.extend(old[old.len() - after..].iter().copied().map(Line::Both));
    lines
}

/// The shortest change (Myers 1986), unless it is long. `reach[d]` holds how far into the old text `d` changes lead, by diagonal.
fn shortest<'a>(old: &[&'a str], new: &[&'a str]) -> Option<Vec<Line<'a>>> {
    let longest = (old.len() + new.len()).min(LONGEST_SEARCH);
    let mut reach: Vec<Vec<usize>> = Vec::new();
    for d in 0..=longest {
        let mut row = vec![0; 2 * d + 1];
        for k in (0..=2 * d).step_by(2) {
            // Diagonal x - y = k - d. Each step of a change leads here from a neighbour, then over lines that are alike.
            let mut x = step(reach.last(), d, k).0;
            while let (Some(a), Some(b)) = (old.get(x), (x + d).checked_sub(k).and_then(|y| new.get(y))) {
                if a != b {
                    break;
                }
                x += 1;
            }
            row[k] = x;
            if x >= old.len() && x + d >= new.len() + k {
                reach.push(row);
                return Some(walk_back(&reach, old, new));
            }
        }
        reach.push(row);
    }
    None
}

/// The best way to a diagonal with one change more: how far it leads into the old text before lines that are alike, and whether the
/// change adds a line.
fn step(last: Option<&Vec<usize>>, d: usize, k: usize) -> (usize, bool) {
    let Some(last) = last else { return (0, false) };
    // In the row before, the same diagonal stands one place earlier, and its neighbours at k - 2 and k.
    let (taken, added) = (k.checked_sub(2).map(|k| last[k] + 1), last.get(k).copied());
    debug_assert_eq!(last.len(), 2 * d - 1);
    match (taken, added) {
        (Some(taken), Some(added)) if added >= taken => (added, true),
        (Some(taken), _) => (taken, false),
        (None, added) => (added.unwrap_or_default(), true),
    }
}

fn walk_back<'a>(reach: &[Vec<usize>], old: &[&'a str], new: &[&'a str]) -> Vec<Line<'a>> {
    let mut lines = Vec::with_capacity(old.len() + new.len());
    let (mut x, mut y) = (old.len(), new.len());
    for d in (0..reach.len()).rev() {
        let k = x + d - y;
        let (from, adds) = step(d.checked_sub(1).map(|before| &reach[before]), d, k);
        while x > from {
            (x, y) = (x - 1, y - 1);
            lines.push(Line::Both(old[x]));
        }
        if d == 0 {
            break;
        }
        if adds {
            y -= 1;
            lines.push(Line::New(new[y]));
        } else {
            x -= 1;
            lines.push(Line::Old(old[x]));
        }
    }
    lines.reverse();
    lines
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The new text that a diff makes of an old one, as `patch` reads it.
    fn patched(old: &str, diff: &str) -> String {
        let (mut new, mut rest) = (String::new(), old.split_inclusive('\n'));
        let mut left = rest.clone().count();
        let mut lines = diff.split_inclusive('\n').peekable();
        while let Some(line) = lines.next() {
            if let Some(head) = line.strip_prefix("@@ -") {
                let range = head.split(' ').next().expect("a range");
                let (start, count) = range.split_once(',').unwrap_or((range, "1"));
                let start: usize = start.parse().expect("a line");
                let before = if count == "0" { start } else { start - 1 };
                let done = old.split_inclusive('\n').count() - left;
                for _ in done..before {
                    new.push_str(rest.next().expect("a line before the hunk"));
                    left -= 1;
                }
                continue;
            }
            let bare = lines.next_if(|next| next.starts_with('\\')).is_some();
            let (sign, content) = line.split_at(1);
            let content = if bare { content.trim_end_matches('\n') } else { content };
            if sign != "+" {
                assert_eq!(rest.next(), Some(content), "the diff's lines are the old text's");
                left -= 1;
            }
            if sign != "-" {
                new.push_str(content);
            }
        }
        new.extend(rest);
        new
    }

    #[test]
    fn a_change_reads_as_diff_writes_it() {
        let (old, new) = ("a\nb\nc\nd\ne\nf\ng\nh\n", "a\nb\nc\nd\nE\nf\ng\nh\ni");
        let expected = "@@ -2,7 +2,8 @@\n b\n c\n d\n-e\n+E\n f\n g\n h\n+i\n\\ No newline at end of file\n";
        assert_eq!(unified(old, new), expected);
        assert_eq!(unified("", "x\n"), "@@ -0,0 +1 @@\n+x\n");
        assert_eq!(unified("x\n", ""), "@@ -1 +0,0 @@\n-x\n");
        assert_eq!(unified("same", "same"), "");
    }

    #[test]
    fn changes_far_apart_are_hunks_of_their_own() {
        let text = |first: &str, last: &str| format!("{first}\n{}{last}\n", "x\n".repeat(20));
        let diff = unified(&text("a", "b"), &text("A", "B"));
        assert_eq!(diff, "@@ -1,4 +1,4 @@\n-a\n+A\n x\n x\n x\n@@ -19,4 +19,4 @@\n x\n x\n x\n-b\n+B\n");
    }

    #[test]
    fn long_texts_that_have_nothing_in_common_are_replaced() {
        let text = |word: &str| (0..20_000).map(|line| format!("{word}{line}\n")).collect::<String>();
        let diff = unified(&text("a"), &text("b"));
        assert!(diff.starts_with("@@ -1,20000 +1,20000 @@\n-a0\n-a1\n"));
        assert_eq!(patched(&text("a"), &diff), text("b"));
    }

    proptest! {
        #[test]
        fn a_diff_leads_from_the_old_text_to_the_new_one(old in "([ab]{0,1}\n?){0,24}", new in "([ab]{0,1}\n?){0,24}") {
            let diff = unified(&old, &new);
            prop_assert_eq!(patched(&old, &diff), new.clone(), "{}", diff);
            prop_assert_eq!(diff.is_empty(), old == new);
        }
    }
}
