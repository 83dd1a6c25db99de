//! Reads a command line into words as a shell would, and refuses whatever a shell would do more with than that. What is read here runs
//! without one: there must be no line that a person reads in one way and this machine in another.

use std::iter::Peekable;
use std::str::Chars;

/// Why a line is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotWords {
    #[error("{0:?} means something to a shell, and there is none here: in single quotes it is only itself")]
    Special(char),
    #[error("it has more than one line")]
    Lines,
    #[error("it has the character {0:?}")]
    Control(char),
    #[error("a quote is not closed")]
    OpenQuote,
    #[error("it ends with a backslash")]
    OpenEscape,
    #[error("it begins with {0}, which sets a variable in a shell, and there is none here")]
    Assignment(String),
    #[error("it has no program")]
    Nothing,
    #[error("only the last word may be *, behind the program: it stands for any further words")]
    Star,
}

/// A word of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Word {
    Literal(String),
    /// A `*` alone and without quotes.
    Star,
}

/// What stands behind the words of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Further {
    Nothing,
    /// Any words, or none.
    Anything,
}

/// Reads a command.
///
/// # Errors
/// It is more than words.
pub fn command(line: &str) -> Result<Vec<String>, NotWords> {
    let words = split(line)?.into_iter().map(|word| match word {
        Word::Literal(text) => Ok(text),
        Word::Star => Err(NotWords::Special('*')),
    });
    begins_with_program(words.collect::<Result<_, _>>()?)
}

/// Reads what is allowed: words, and maybe a `*` behind them.
///
/// # Errors
/// It is more than that.
pub fn pattern(line: &str) -> Result<(Vec<String>, Further), NotWords> {
    let mut words = split(line)?;
    let further = if words.last() == Some(&Word::Star) { Further::Anything } else { Further::Nothing };
    if further == Further::Anything {
        words.pop();
    }
    let words = words.into_iter().map(|word| match word {
        Word::Literal(text) => Ok(text),
        Word::Star => Err(NotWords::Star),
    });
    let words: Vec<String> = words.collect::<Result<_, _>>()?;
    // Whoever allows everything shall have to write more than one letter.
    if words.is_empty() && further == Further::Anything {
        return Err(NotWords::Star);
    }
    Ok((begins_with_program(words)?, further))
}

fn begins_with_program(words: Vec<String>) -> Result<Vec<String>, NotWords> {
    let Some(program) = words.first().filter(|program| !program.is_empty()) else { return Err(NotWords::Nothing) };
    let name = program.split_once('=').map(|(name, _)| name.strip_suffix('+').unwrap_or(name));
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    // In quotes it would set none. No program is called so either.
    if name.is_some_and(is_name) { Err(NotWords::Assignment(program.clone())) } else { Ok(words) }
}

/// A word that is being read.
#[derive(Default)]
struct Open {
    text: String,
    /// The last character, if it was written without quotes.
    bare: Option<char>,
}

fn split(line: &str) -> Result<Vec<Word>, NotWords> {
    let mut words = Vec::new();
    let mut open: Option<Open> = None;
    let mut rest = line.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            ' ' | '\t' => words.extend(open.take().map(|word| Word::Literal(word.text))),
            '\'' => quoted(open.get_or_insert_default(), &mut rest)?,
            '"' => double_quoted(open.get_or_insert_default(), &mut rest)?,
            '\\' => match rest.next() {
                None => return Err(NotWords::OpenEscape),
                // A shell would take both away.
                Some('\n') => return Err(NotWords::Lines),
                Some(c) => put(open.get_or_insert_default(), c)?,
            },
            '*' if open.is_none() && rest.peek().is_none_or(|next| matches!(next, ' ' | '\t')) => words.push(Word::Star),
            '\n' => return Err(NotWords::Lines),
            ';' | '&' | '|' | '<' | '>' | '(' | ')' | '`' | '$' | '*' | '?' | '[' | '{' | '}' | '!' => return Err(NotWords::Special(c)),
            // It begins a comment.
            '#' if open.is_none() => return Err(NotWords::Special(c)),
            '~' if may_be_home(open.as_ref()) => return Err(NotWords::Special(c)),
            c if c.is_control() => return Err(NotWords::Control(c)),
            c => {
                let open = open.get_or_insert_default();
                open.text.push(c);
                open.bare = Some(c);
            }
        }
    }
    words.extend(open.map(|word| Word::Literal(word.text)));
    Ok(words)
}

/// Some shells put a folder in place of a tilde also behind these.
fn may_be_home(open: Option<&Open>) -> bool {
    open.is_none_or(|word| matches!(word.bare, Some('=' | ':')))
}

fn quoted(word: &mut Open, rest: &mut Peekable<Chars<'_>>) -> Result<(), NotWords> {
    word.bare = None;
    loop {
        match rest.next().ok_or(NotWords::OpenQuote)? {
            '\'' => return Ok(()),
            c => put(word, c)?,
        }
    }
}

fn double_quoted(word: &mut Open, rest: &mut Peekable<Chars<'_>>) -> Result<(), NotWords> {
    word.bare = None;
    loop {
        match rest.next().ok_or(NotWords::OpenQuote)? {
            '"' => return Ok(()),
            c @ ('$' | '`') => return Err(NotWords::Special(c)),
            '\\' => match rest.next().ok_or(NotWords::OpenQuote)? {
                c @ ('$' | '`' | '"' | '\\') => put(word, c)?,
                '\n' => return Err(NotWords::Lines),
                c => {
                    put(word, '\\')?;
                    put(word, c)?;
                }
            },
            c => put(word, c)?,
        }
    }
}

/// Takes a character as it stands.
fn put(word: &mut Open, c: char) -> Result<(), NotWords> {
    // No word that is given to a program can hold it.
    if c == '\0' {
        return Err(NotWords::Control(c));
    }
    word.text.push(c);
    word.bare = None;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_a_shell() {
        for (line, words) in [
            ("npm test", &["npm", "test"] as &[&str]),
            ("  npm\t test  ", &["npm", "test"]),
            ("npm run 'a b' \"c d\"", &["npm", "run", "a b", "c d"]),
            (r"a\ b c\;d", &["a b", "c;d"]),
            (r#"echo "a\$b\`c\"d\\e\f""#, &["echo", r#"a$b`c"d\e\f"#]),
            ("echo 'it'\\''s' ''", &["echo", "it's", ""]),
            ("echo 'a;b|c&d>e<f(g)$h`i*j?k[l{m}n!o~p#q'", &["echo", "a;b|c&d>e<f(g)$h`i*j?k[l{m}n!o~p#q"]),
            ("echo \"a;b|c&d>e<f(g)*?[{}!~#\"", &["echo", "a;b|c&d>e<f(g)*?[{}!~#"]),
            (
                "git show HEAD~1 issue#5 a]b %1 x=y --a=b ^c @d",
                &["git", "show", "HEAD~1", "issue#5", "a]b", "%1", "x=y", "--a=b", "^c", "@d"],
            ),
            ("env A=b npm", &["env", "A=b", "npm"]),
            ("printf 'a\nb'", &["printf", "a\nb"]),
            ("echo ''~ \\~ '*' \\*", &["echo", "~", "~", "*", "*"]),
            ("echo ä\u{a0}b", &["echo", "ä\u{a0}b"]),
        ] {
            let expected = words.iter().map(|&word| word.to_owned()).collect();
            assert_eq!(command(line), Ok(expected), "{line}");
        }
    }

    /// What a shell makes of each line, if there is such a shell. It finds no programs.
    fn split_by(shell: &str, lines: &[String]) -> Option<Vec<Vec<String>>> {
        let folder = tempfile::tempdir().expect("a folder");
        let script: String = lines.iter().map(|line| format!("printf '%s\\0' {line}\nprintf '\\n\\0'\n")).collect();
        std::fs::write(folder.path().join("script"), script).expect("written");
        let mut shell = std::process::Command::new(shell);
        let said = shell.arg("script").current_dir(folder.path()).env("PATH", "").env("HOME", "/home").output().ok()?;
        assert!(said.stderr.is_empty(), "{}", String::from_utf8_lossy(&said.stderr));
        let said = String::from_utf8(said.stdout).expect("text");
        Some(said.split_terminator("\n\0").map(|words| words.split_terminator('\0').map(str::to_owned).collect()).collect())
    }

    #[test]
    fn whatever_is_taken_is_split_as_real_shells_split_it() {
        let alphabet: Vec<char> = "aaaabbbb      ''''''\"\"\"\"\"\"\\\\\\$`;&|<>()*?[]{}!~#=:-\t%^@,./1A_+".chars().collect();
        let line = || (0..fastrand::usize(1..16)).filter_map(|_| fastrand::choice(&alphabet)).collect::<String>();
        let taken = (0..40_000).map(|_| line()).filter_map(|line| Some((command(&line).ok()?, line)));
        let (ours, lines): (Vec<_>, Vec<_>) = taken.unzip();
        assert!(lines.len() > 1_000, "{}", lines.len());
        for shell in ["/bin/sh", "/bin/bash"] {
            let Some(theirs) = split_by(shell, &lines) else { continue };
            for (line, (ours, theirs)) in lines.iter().zip(ours.iter().zip(&theirs)) {
                assert_eq!(ours, theirs, "{shell}: {line:?}");
            }
            assert_eq!(theirs.len(), lines.len(), "{shell}");
        }
    }

    #[test]
    fn whatever_a_shell_would_do_more_with_is_refused() {
        for line in [
            "npm test; rm -rf ~",
            "npm test;rm -rf x",
            "npm test && rm x",
            "npm test || rm x",
            "npm test | sh",
            "npm test & rm x",
            "npm test > /etc/passwd",
            "npm test 2>&1",
            "npm test < x",
            "npm $(rm x)",
            "npm `rm x`",
            "npm \"$(rm x)\"",
            "npm \"`rm x`\"",
            "npm 'a'$(rm x)'b'",
            "npm $'a\\x3b'",
            "npm $HOME",
            "npm ${HOME}",
            "npm \"$HOME\"",
            "npm \"a\\\\$HOME\"",
            "npm 'a'\"$HOME\"",
            "npm $",
            "npm (a)",
            "npm <(a)",
            "npm *",
            "npm * test",
            "npm a*",
            "npm *.js",
            "npm ?",
            "npm [a]",
            "npm {a,b}",
            "{ npm; }",
            "! npm",
            "npm !!",
            "npm # comment",
            "# npm",
            "npm ~",
            "npm ~/x",
            "npm ~root",
            "npm --dir=~/x",
            "npm a:~",
            "~/bin/npm",
        ] {
            assert!(matches!(command(line), Err(NotWords::Special(_))), "{line}: {:?}", command(line));
        }
    }

    #[test]
    fn lines_and_what_is_not_whole_are_refused() {
        for (line, why) in [
            ("npm test\nrm x", NotWords::Lines),
            ("npm test\\\n", NotWords::Lines),
            ("npm \"a\\\nb\"", NotWords::Lines),
            ("\nnpm", NotWords::Lines),
            ("npm\r", NotWords::Control('\r')),
            ("npm \u{1b}[2J", NotWords::Control('\u{1b}')),
            ("npm '\0'", NotWords::Control('\0')),
            ("npm \\\0", NotWords::Control('\0')),
            ("npm 'a", NotWords::OpenQuote),
            ("npm \"a", NotWords::OpenQuote),
            ("npm \"a\\", NotWords::OpenQuote),
            ("npm \"a\\\"", NotWords::OpenQuote),
            ("npm \\", NotWords::OpenEscape),
            ("", NotWords::Nothing),
            (" \t ", NotWords::Nothing),
            ("'' npm", NotWords::Nothing),
            ("A=b npm", NotWords::Assignment("A=b".into())),
            ("_x1= npm", NotWords::Assignment("_x1=".into())),
            ("A+=b npm", NotWords::Assignment("A+=b".into())),
            ("'LD_PRELOAD'=x npm", NotWords::Assignment("LD_PRELOAD=x".into())),
            ("PATH=.", NotWords::Assignment("PATH=.".into())),
        ] {
            assert_eq!(command(line), Err(why), "{line:?}");
        }
    }

    #[test]
    fn a_star_at_the_end_of_what_is_allowed_stands_for_further_words() {
        let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
        assert_eq!(pattern("npm run *"), Ok((words(&["npm", "run"]), Further::Anything)));
        assert_eq!(pattern("npm run '*'"), Ok((words(&["npm", "run", "*"]), Further::Nothing)));
        assert_eq!(pattern(r"npm run \*"), Ok((words(&["npm", "run", "*"]), Further::Nothing)));
        for line in ["*", "* test", "npm * test", "npm * *"] {
            assert_eq!(pattern(line), Err(NotWords::Star), "{line}");
        }
        assert_eq!(pattern("npm test*"), Err(NotWords::Special('*')));
        assert_eq!(pattern("npm test; ls *"), Err(NotWords::Special(';')));
        assert_eq!(pattern(""), Err(NotWords::Nothing));
    }
}
