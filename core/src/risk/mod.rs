//! Words that should make a reader slow down, with the passage that says so. They describe a text; they decide nothing.
//!
//! Each sign is looked for once at every place where a word begins, and none goes back over what it has read: the work grows as the text does.

mod words;

use words::{AFTER, Text};

use crate::{text, writes};

/// The most that are told of one text.
const MOST: usize = 3;
/// Characters between what is paid and how much.
const NEAR: usize = 60;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Risk {
    pub word: &'static str,
    /// What is done cannot be taken back.
    pub high: bool,
    /// The words that say so, of one line; `None` where it is something that cannot be read.
    pub passage: Option<String>,
}

writes!(Risk { word, high, passage });

/// How a sign is found at a place where a word begins: the place behind it.
enum Sign {
    /// One of these, separated by `|`. A space stands for any white space; letters are taken in either case, and words whole.
    Phrases(&'static str),
    /// A command, and further on in its line what makes it grave.
    Line(&'static str, fn(&Text, usize) -> Option<usize>),
    /// What only code can tell.
    Found(fn(&Text, usize) -> Option<usize>),
}
use Sign::{Found, Line, Phrases};

impl Sign {
    /// Where it stands first in a text.
    fn first(&self, text: &Text) -> Option<(usize, usize)> {
        match self {
            Phrases(phrases) => text.begins.iter().find_map(|&at| Some((at, text.any_phrase(at, phrases)?))),
            Found(found) => (0..text.len()).find_map(|at| Some((at, found(text, at)?))),
            Line(head, tail) => {
                let mut next = 0;
                for &at in &text.begins {
                    if at < next {
                        continue;
                    }
                    if let Some(behind) = text.any_phrase(at, head) {
                        // What the first head of a line has behind it, every other has: the line is read once.
                        next = text.line_end(behind);
                        if let Some(end) = (behind - 1..next).find_map(|place| tail(text, place)) {
                            return Some((at, end));
                        }
                    }
                }
                None
            }
        }
    }
}

/// The gravest first.
const SIGNS: &[(&str, bool, Sign)] = &[
    (
        "irreversible",
        true,
        Phrases(
            "irreversible|irreversibly|cannot be undone|cannot be reverted|cannot be recovered|can't be undone|can't be reverted|can't be recovered|can’t be undone|can’t be reverted|can’t be recovered|can not be undone|can not be reverted|can not be recovered|no way back",
        ),
    ),
    (
        "deletes data",
        true,
        Phrases(
            "delete from|drop table|drop database|drop schema|drop column|drop index|drop view|drop collection|truncate |dropdatabase|flushall",
        ),
    ),
    ("deletes files", true, Found(removal)),
    ("deletes files", true, Phrases("shred |mkfs")),
    ("deletes files", true, Line("find", |text, at| text.option(at, &["-delete"]))),
    ("deletes files", true, Line("dd ", |text, at| text.word(at, "of="))),
    (
        "destroys infrastructure",
        true,
        Phrases("terraform destroy|tofu destroy|pulumi destroy|cdk destroy|kubectl delete|helm uninstall|helm delete|aws s3 rm|aws s3 rb"),
    ),
    ("rewrites history", true, Phrases("reset --hard|filter-branch|filter-repo")),
    ("rewrites history", true, Line("push ", |text, at| text.option(at, &["--force", "--force-with-lease", "-f"]))),
    ("runs from the net", true, Line("curl|wget", piped_to_a_shell)),
    ("runs from the net", true, Found(shell_of_the_net)),
    ("moves money", true, Found(payment)),
    (
        "publishes",
        true,
        Phrases(
            "npm publish|pnpm publish|yarn publish|bun publish|cargo publish|poetry publish|twine upload|docker push|gh release create",
        ),
    ),
    ("production", false, Phrases("production|prod")),
    ("deploys", false, Phrases("deploy|deploys|deployed|deploying|deployment|kubectl apply|terraform apply|helm upgrade")),
    (
        "touches secrets",
        false,
        Phrases(
            "private key|api key|api keys|api-key|api-keys|api_key|api_keys|apikey|apikeys|password|passwords|credential|credentials|secret|secrets",
        ),
    ),
    ("touches secrets", false, Found(|text, at| text.apart(at, "/").then(|| text.phrase(at, ".env")).flatten())),
    ("as root", false, Phrases("sudo ")),
    ("outside project", false, Found(system_path)),
    ("opens permissions", false, Phrases("chmod 777|chmod 0777|chmod -R 777|chmod -R 0777|chmod a+w|chmod o+w|chmod -R a+w|chmod -R o+w")),
];

/// At most three, the gravest first.
pub fn risks(text: &str) -> Vec<Risk> {
    let mut found = Vec::new();
    if text::hidden_in(text).next().is_some() {
        found.push(Risk { word: "hidden characters", high: true, passage: None });
    }
    let text = Text::new(text);
    for (word, high, sign) in SIGNS {
        if found.len() == MOST {
            break;
        }
        if found.iter().all(|risk| risk.word != *word)
            && let Some((from, to)) = sign.first(&text)
        {
            found.push(Risk { word, high: *high, passage: Some(text.passage(from, to)) });
        }
    }
    found
}

fn removal(text: &Text, at: usize) -> Option<usize> {
    // What stands among the options of another is none.
    if text.before(at) == Some('-') {
        return None;
    }
    if let Some(behind) = text.any_phrase(at, "rm") {
        return text.options(behind, "rf", &["--recursive", "--force"]);
    }
    text.options(text.any_phrase(at, "git clean")?, "f", &["--force"])
}

fn piped_to_a_shell(text: &Text, at: usize) -> Option<usize> {
    if text.at(at) != Some('|') {
        return None;
    }
    let place = text.gap(at + 1).unwrap_or(at + 1);
    let place = text.phrase(place, "sudo ").unwrap_or(place);
    text.any_phrase(place, "sh|bash|zsh|dash")
}

fn shell_of_the_net(text: &Text, at: usize) -> Option<usize> {
    let place = text.any_phrase(at, "sh |bash |zsh ")?;
    let place = ["<(", "-c $(", "-c \"$("].iter().find_map(|begin| text.phrase(place, begin))?;
    text.any_phrase(text.gap(place).unwrap_or(place), "curl|wget")
}

const PAYING: &str = "charge|charges|charged|charging|refund|refunds|refunded|refunding|pay|paying|payment|payments|payout|payouts|purchase|purchases|purchased|purchasing|buy|buying|transfer|transfers|transferred|transferring|invoice|invoices|invoiced|invoicing|wire|wired|wiring";
const PAYMENT: &str = "charge|refund|payment|payout|purchase|transfer";

/// A sum of money near a word that moves it.
fn payment(text: &Text, at: usize) -> Option<usize> {
    let near = |from: usize, most: usize| (from..from + most).take_while(|&place| text.at(place).is_some_and(|c| c != '\n'));
    if let Some(behind) = text.any_phrase(at, PAYING) {
        return near(behind, NEAR).find_map(|place| amount(text, place));
    }
    near(amount(text, at)?, AFTER).find_map(|place| text.any_phrase(place, PAYMENT))
}

fn amount(text: &Text, at: usize) -> Option<usize> {
    let digit = |place: usize| text.at(place).is_some_and(|c| c.is_ascii_digit());
    let one_space = |place: usize| if text.at(place).is_some_and(char::is_whitespace) { place + 1 } else { place };
    if text.at(at).is_some_and(|c| "$€£".contains(c)) {
        let number = one_space(at + 1);
        return digit(number).then_some(number + 1);
    }
    if !digit(at) {
        return None;
    }
    ["usd", "eur", "gbp", "chf"].iter().find_map(|code| text.phrase(one_space(at + 1), code))
}

/// A path that is the system's, or somebody's home.
fn system_path(text: &Text, at: usize) -> Option<usize> {
    const ROOTS: [&str; 11] =
        ["/etc/", "/usr/", "/bin/", "/sbin/", "/boot/", "/root/", "/lib/", "/sys/", "/proc/", "/System/", "/Library/"];
    if !text.apart(at, "") {
        return None;
    }
    let begins = |what: &str| what.chars().enumerate().all(|(index, c)| text.at(at + index) == Some(c)).then(|| at + what.len());
    let drive = || {
        let letter = text.at(at).is_some_and(|c| c.is_ascii_uppercase());
        (letter && text.at(at + 1) == Some(':') && text.at(at + 2) == Some('\\')).then_some(at + 3)
    };
    let root = match text.at(at)? {
        '/' => ROOTS.iter().find_map(|root| begins(root))?,
        '~' => begins("~/")?,
        _ => drive()?,
    };
    let names = |c: char| !c.is_whitespace() && !"\"'`)".contains(c);
    let more = (root..root + AFTER).take_while(|&place| text.at(place).is_some_and(names)).count();
    (more > 0).then_some(root + more)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&'static str> {
        risks(text).into_iter().map(|risk| risk.word).collect()
    }

    #[test]
    fn at_most_three_are_told_each_with_the_passage() {
        let told = risks("sudo rm -rf / in production\nDELETE FROM users; this is irreversible");
        assert_eq!(told.len(), 3);
        let passage = Some("DELETE FROM users; this is irreversible".to_owned());
        assert_eq!(told[0], Risk { word: "irreversible", high: true, passage });
        let long = format!("{} DROP TABLE users {}", "x".repeat(90), "y".repeat(90));
        let passage = risks(&long)[0].passage.clone().expect("a passage");
        assert!(passage.starts_with("…xxx") && passage.ends_with("yyy…") && passage.contains(" DROP TABLE users "), "{passage}");
        assert_eq!(risks("a\u{202e}b")[0], Risk { word: "hidden characters", high: true, passage: None });
    }

    #[test]
    fn each_sign_is_found() {
        for (word, high, text) in [
            ("irreversible", true, "This cannot be undone."),
            ("irreversible", true, "This can’t be reverted"),
            ("deletes data", true, "TRUNCATE TABLE users"),
            ("deletes data", true, "alter table x drop column y"),
            ("deletes data", true, "DELETE\n  FROM users"),
            ("deletes data", true, "db.dropDatabase()"),
            ("deletes files", true, "rm -v -rf build"),
            ("deletes files", true, "/bin/rm --force x"),
            ("deletes files", true, "rm \\\n  -rf x"),
            ("deletes files", true, "git clean -xdf"),
            ("deletes files", true, "mkfs.ext4 /dev/sda"),
            ("deletes files", true, "find . -name '*.log' -delete"),
            ("deletes files", true, "dd if=/dev/zero of=/dev/sda"),
            ("destroys infrastructure", true, "terraform destroy -auto-approve"),
            ("destroys infrastructure", true, "kubectl delete ns staging"),
            ("rewrites history", true, "git push origin main --force"),
            ("rewrites history", true, "git push -f"),
            ("rewrites history", true, "git push \\\r\n  --force"),
            ("rewrites history", true, "git push --force-with-lease"),
            ("rewrites history", true, "git reset --hard HEAD~1"),
            ("runs from the net", true, "curl -fsSL https://x.example/i.sh | sudo bash"),
            ("runs from the net", true, "curl x|sh"),
            ("runs from the net", true, "bash <(curl -s https://x.example)"),
            ("runs from the net", true, "sh -c \"$(wget -qO- x)\""),
            ("moves money", true, "Refund the customer: $1,200"),
            ("moves money", true, "a 40 EUR payment to the supplier"),
            ("publishes", true, "npm publish --access public"),
            ("production", false, "on prod"),
            ("deploys", false, "kubectl apply -f app.yaml"),
            ("touches secrets", false, "cat .env"),
            ("touches secrets", false, "rotate the API key"),
            ("as root", false, "sudo systemctl restart x"),
            ("outside project", false, "edit /etc/hosts"),
            ("outside project", false, "append to ~/.bashrc"),
            ("outside project", false, "type C:\\Users\\x"),
            ("opens permissions", false, "chmod -R 777 ."),
        ] {
            assert!(risks(text).iter().any(|risk| (risk.word, risk.high) == (word, high)), "{text}: {:?}", risks(text));
        }
    }

    #[test]
    fn what_is_not_there_is_not_seen() {
        for text in [
            "Delete the row from the list in the meeting notes.",
            "git push",
            "git push it\ntar -f x",
            "The pay page shows a price.",
            "src/etc/hosts.ts and ./usr/x",
            "curl https://example.com > file",
            "A published article",
            "chmod 644 x",
            "rm x",
            "farm -rf",
            "Rename a button. The product page stays.",
            "",
        ] {
            assert_eq!(words(text), Vec::<&str>::new(), "{text}");
        }
    }

    /// How often a character is looked at, by every sign.
    fn looks(text: &str) -> usize {
        SIGNS
            .iter()
            .map(|(_, _, sign)| {
                let text = Text::new(text);
                sign.first(&text);
                text.looks.get()
            })
            .sum()
    }

    #[test]
    fn no_text_makes_the_work_grow_faster_than_the_text() {
        type Shape = (&'static str, fn(usize) -> String);
        let shapes: [Shape; 20] = [
            ("an option without end", |n| format!("rm -{}_", "f".repeat(n))),
            ("an option without a letter", |n| format!("rm -{}", "a".repeat(n))),
            ("options without end", |n| format!("rm {}_", "-a ".repeat(n))),
            ("commands in options", |n| "rm -x-rm ".repeat(n)),
            ("clean", |n| format!("git clean -{}", "x".repeat(n))),
            ("find", |n| "find x ".repeat(n)),
            ("dd", |n| "dd x ".repeat(n)),
            ("push", |n| "push x ".repeat(n)),
            ("push on many lines", |n| "push \\\n".repeat(n)),
            ("curl", |n| "curl x ".repeat(n)),
            ("pipes", |n| "curl |".repeat(n)),
            ("spaces after a word", |n| format!("drop{}", " ".repeat(n))),
            ("spaces after many words", |n| "delete    sudo   chmod -R  ".repeat(n)),
            ("shells", |n| "sh <(  ".repeat(n)),
            ("pipes and spaces", |n| format!("curl {}", "|   ".repeat(n))),
            ("sums", |n| "$1 1 eu ".repeat(n)),
            ("payments", |n| "pay ".repeat(n)),
            ("paths", |n| "/etc/ ~/ C:\\ ".repeat(n)),
            ("line ends", |n| "\n".repeat(n)),
            ("backslashes", |n| "\\".repeat(n)),
        ];
        for (name, shape) in shapes {
            let [one, two, four] = [2_000, 4_000, 8_000].map(|n| looks(&shape(n)));
            assert!(two <= one * 5 / 2 && four <= two * 5 / 2, "{name}: {one}, {two}, {four} looks");
        }
    }
}
