//! Parameters in texts: `{{name}}` stands for a value, which is put in once and never looked into again.
//!
//! In a command a value is one word of a POSIX shell, quoted, so that nothing of it is ever read as code. That holds only where a word may
//! stand: a template whose command has a parameter in quotes, in a comment or in another language within is refused.

use std::collections::BTreeMap;

/// A piece of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    Text(&'a str),
    Value(&'a str),
}

/// What a value becomes where it is put in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    AsIs,
    ShellWord,
}

/// The pieces of a text. What looks like a parameter and has no name, such as `{{.Names}}`, is text.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let (mut pieces, mut from, mut at) = (Vec::new(), 0, 0);
    while let Some(open) = text[at..].find("{{").map(|found| at + found) {
        let named = text[open + 2..].split_once("}}").map(|(inside, _)| inside).filter(|inside| is_name(inside.trim()));
        let Some(inside) = named else {
            at = open + 1;
            continue;
        };
        if open > from {
            pieces.push(Piece::Text(&text[from..open]));
        }
        pieces.push(Piece::Value(inside.trim()));
        at = open + inside.len() + 4;
        from = at;
    }
    if from < text.len() {
        pieces.push(Piece::Text(&text[from..]));
    }
    pieces
}

/// Letters, digits, `_` and `-`, and no digit first.
pub(super) fn is_name(text: &str) -> bool {
    let rest = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && text.chars().all(rest)
}

/// The text with the values in their places. Every name in it has one: that was checked when the template was stored.
pub(super) fn fill(text: &str, values: &BTreeMap<String, String>, form: Form) -> String {
    let value = |name: &str| values.get(name).map(String::as_str).unwrap_or_default();
    let filled = pieces(text).into_iter().map(|piece| match (piece, form) {
        (Piece::Text(text), _) => text.to_owned(),
        (Piece::Value(name), Form::AsIs) => value(name).to_owned(),
        (Piece::Value(name), Form::ShellWord) => shell_word(value(name)),
    });
    filled.collect()
}

/// A value as one word: between single quotes nothing means anything but the quote that ends them.
fn shell_word(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

/// Where in a command something stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Nothing,
    Single,
    Double,
}

/// Refuses a command in which a value would not be a word by itself, or would come to be read a second time. One without parameters is its
/// author's own, and may be whatever a shell takes.
pub(super) fn check_command(command: &str) -> Result<(), String> {
    let pieces = pieces(command);
    if !pieces.iter().any(|piece| matches!(piece, Piece::Value(_))) {
        return Ok(());
    }
    let (mut within, mut is_escaped, mut begins_word) = (Within::Nothing, false, true);
    let mut last = ' ';
    for piece in pieces {
        let text = match piece {
            Piece::Value(name) if within != Within::Nothing => {
                return Err(format!(
                    "{{{{{name}}}}} stands in quotes; a value is put in as one word that is quoted already: leave the quotes out"
                ));
            }
            Piece::Value(name) if is_escaped || last == '$' => {
                return Err(format!("{{{{{name}}}}} stands right behind {}: put a space between", if is_escaped { "\\" } else { "$" }));
            }
            Piece::Value(_) => {
                (begins_word, last) = (false, '\'');
                continue;
            }
            Piece::Text(text) => text,
        };
        for c in text.chars() {
            // A shell reads on as if neither were there, and a comment could begin behind them.
            if is_escaped && c == '\n' {
                return Err("it has parameters, and a line that goes on: write it as one line".to_owned());
            }
            if is_escaped {
                (is_escaped, begins_word, last) = (false, false, ' ');
                continue;
            }
            let read_again = match (within, last, c) {
                (Within::Single, ..) => None,
                (_, _, '`') => Some("`"),
                (_, '$', '(' | '{' | '[') => Some("$( or ${"),
                (Within::Double, ..) => None,
                (_, '$', '\'' | '"') => Some("$' or $\""),
                (_, '<', '<') => Some("<<"),
                (_, '(', '(') => Some("(("),
                (_, '[', '[') => Some("[["),
                (_, _, '#') if begins_word => Some("a comment"),
                _ => None,
            };
            if let Some(what) = read_again {
                return Err(format!(
                    "it has parameters, and {what} in which a value could be read as code: put that into a script of its own"
                ));
            }
            match (within, c) {
                (Within::Single, '\'') | (Within::Double, '"') => within = Within::Nothing,
                (Within::Nothing, '\'') => within = Within::Single,
                (Within::Nothing, '"') => within = Within::Double,
                (Within::Nothing | Within::Double, '\\') => is_escaped = true,
                _ => {}
            }
            begins_word = within == Within::Nothing && (c.is_whitespace() || matches!(c, ';' | '&' | '|' | '(' | ')' | '<' | '>'));
            last = c;
        }
    }
    match within {
        Within::Nothing if !is_escaped => Ok(()),
        _ => Err("a quote in it is not closed".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    fn values(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    /// The words that a real shell makes of a command's arguments, if it is one.
    fn words(command: &str) -> Option<Vec<String>> {
        let out = Command::new("sh").arg("-c").arg(command).env_clear().output().expect("there is a shell");
        let text = String::from_utf8(out.stdout).expect("text");
        out.status.success().then(|| text.split_terminator('\u{1}').map(str::to_owned).collect())
    }

    fn shell(command: &str) -> Vec<String> {
        words(command).unwrap_or_else(|| panic!("no command: {command}"))
    }

    /// The command that shows the words it was given.
    fn shows(words: &str) -> String {
        format!(r"printf '%s\001' {words}")
    }

    #[test]
    fn a_value_is_put_in_once_and_what_it_holds_is_not_looked_into() {
        let values = values(&[("a", "{{b}}"), ("b", "x"), ("two-words", "1 2")]);
        assert_eq!(fill("{{a}} {{ b }}{{b}} {{two-words}}!", &values, Form::AsIs), "{{b}} xx 1 2!");
        assert_eq!(fill("{{a}}{{b}}", &values, Form::ShellWord), "'{{b}}''x'");
    }

    #[test]
    fn what_has_no_name_between_its_braces_is_text() {
        for text in ["{{.Names}}", "{{}}", "{{ a b }}", "{{1a}}", "{{a", "{ {a}}", "a}}", "{", "{{"] {
            assert_eq!(pieces(text), [Piece::Text(text)], "{text}");
        }
        assert_eq!(pieces("{{{a}}}"), [Piece::Text("{"), Piece::Value("a"), Piece::Text("}")]);
        assert_eq!(pieces("{{x {{a}}é"), [Piece::Text("{{x "), Piece::Value("a"), Piece::Text("é")]);
    }

    #[test]
    fn hostile_values_are_words_to_a_real_shell_and_nothing_else() {
        for value in [
            "",
            " ",
            "'",
            "''",
            "'; echo pwned; '",
            "$(echo pwned)",
            "`echo pwned`",
            "\\",
            "\\'",
            "'\\''",
            "a\nb",
            "a;b",
            "&&",
            "|",
            ">x",
            "*",
            "~",
            "!!",
            "$HOME",
            "${HOME}",
            "-n",
            "#",
            "\"",
            "\"$(echo pwned)\"",
            "\u{202e}",
            "%s",
            "a\tb",
        ] {
            let values = values(&[("v", value)]);
            for (template, expected) in
                [("{{v}}", value.to_owned()), ("--name={{v}}", format!("--name={value}")), ("a{{v}}{{v}}b", format!("a{value}{value}b"))]
            {
                let command = shows(&fill(template, &values, Form::ShellWord));
                assert_eq!(shell(&command), [expected], "{command}");
            }
        }
    }

    #[test]
    fn a_command_is_refused_where_a_value_would_not_be_a_word_by_itself() {
        for (command, says) in [
            ("echo \"{{v}}\"", "stands in quotes"),
            ("echo '{{v}}'", "stands in quotes"),
            ("echo \"a 'b' {{v}}\"", "stands in quotes"),
            ("echo \\{{v}}", "right behind \\"),
            ("echo ${{v}}", "right behind $"),
            ("echo `date` {{v}}", "` in which"),
            ("echo $(date {{v}})", "$( or ${"),
            ("echo \"$(date)\" {{v}}", "$( or ${"),
            ("echo ${X:-{{v}}}", "$( or ${"),
            ("echo $'a' {{v}}", "$' or $\""),
            ("cat <<EOF\n{{v}}\nEOF", "<<"),
            ("((x={{v}}))", "(("),
            ("[[ {{v}} -eq 1 ]]", "[["),
            ("echo a # {{v}}", "a comment"),
            ("#{{v}}", "a comment"),
            ("echo a;#{{v}}", "a comment"),
            ("echo \\\n# {{v}}", "a line that goes on"),
            ("echo $\\\n(date {{v}})", "a line that goes on"),
            ("echo 'a {{v}}", "stands in quotes"),
            ("echo {{v}} 'a", "not closed"),
            ("echo {{v}} \\", "not closed"),
        ] {
            let why = check_command(command).expect_err(command);
            assert!(why.contains(says), "{command}: {why}");
        }
        for command in [
            "echo {{v}}",
            "./deploy --to={{v}} \"a\\\"b\" 'c`$(d)' && echo a#b >log 2>&1 | tee x; echo $HOME {{v}}#",
            "(cd {{v}} && ls)",
            "echo \"${NOT} `a parameter` $(at all)\" # comment",
        ] {
            assert_eq!(check_command(command), Ok(()), "{command}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_the_value_it_is_that_word(value in "[^\u{0}\u{1}]{0,40}") {
            let command = shows(&fill("{{v}}", &values(&[("v", &value)]), Form::ShellWord));
            prop_assert_eq!(shell(&command), [value]);
        }

        /// Of a template that is taken: where a harmless value is a command, a hostile one is the same command.
        #[test]
        fn no_template_that_is_taken_makes_code_of_a_value(
            template in prop::collection::vec(prop::sample::select(vec!["'", "\"", "\\", " ", "\n", "a", "$", "#", "=", "{{v}}"]), 1..10),
            hostile in prop::sample::select(vec!["'; exit 9; '", "$(exit 9)", "`exit 9`", "\"; exit 9; \"", "\n exit 9\n", "; exit 9 #", "\\'; exit 9;'"]),
        ) {
            let template = template.concat();
            let with = |value: &str| words(&shows(&format!("x{}", fill(&template, &values(&[("v", value)]), Form::ShellWord))));
            // Where a value is the command itself, there must be none of its name.
            if check_command(&template).is_ok() && let Some(harmless) = with("no-such-command") {
                prop_assert_eq!(with(hostile).map(|words| words.len()), Some(harmless.len()), "{}", template);
            }
        }
    }
}
