//! What is completed while a person types the arguments of a prompt or the variable of a template.

use serde_json::{Map, Value};

use super::prompts::{self, PERSON};
use super::resources::TEMPLATES;
use crate::id::TaskId;
use crate::mcp::completion::{Reference, Typed};
use crate::mcp::jsonrpc::{INVALID_PARAMS, RpcError};
use crate::model::AgentName;

/// What is being looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sought<'a> {
    /// A task, by what has been typed of its number, id or title.
    Task { typed: &'a str, form: Form },
    /// Who goes on with a task.
    Successor { typed: &'a str },
    /// Nothing that could be known here.
    Nothing,
}

/// How a task is named where it is being typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `#12`.
    Argument,
    /// `0ZRgCquBZ7R` or `12`: a `#` would end the path of a URI.
    Uri,
}

impl<'a> Sought<'a> {
    /// Reads the parameters of `completion/complete`.
    ///
    /// # Errors
    /// When they are malformed, or name an argument that what they are about does not have. What there is not has nothing to offer: clients
    /// ask while a person types.
    pub fn read(params: &'a Map<String, Value>) -> Result<Self, RpcError> {
        let Typed { reference, argument, value } = Typed::read(params)?;
        let typed = value.trim();
        match reference {
            Reference::Prompt(name) => {
                let Some(prompt) = prompts::find(name) else { return Ok(Self::Nothing) };
                match (prompt.name, argument) {
                    ("hand-over", "task") => Ok(Self::Task { typed, form: Form::Argument }),
                    ("hand-over", "to") => Ok(Self::Successor { typed }),
                    _ if prompt.arguments.iter().any(|known| known.name == argument) => Ok(Self::Nothing),
                    _ => Err(prompt.refuse(&format!("there is no argument {:?}", argument.chars().take(40).collect::<String>()))),
                }
            }
            Reference::Resource(uri) if TEMPLATES.iter().any(|template| template.uri == uri) => match argument {
                "task" => Ok(Self::Task { typed, form: Form::Uri }),
                _ => Err(RpcError::new(INVALID_PARAMS, format!("{uri} has one variable: task"))),
            },
            Reference::Resource(_) => Ok(Self::Nothing),
        }
    }
}

/// A task among which is looked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub id: TaskId,
    pub number: u64,
    pub title: String,
}

/// The tasks that match what has been typed, the best first; equally good ones stay in order.
pub fn tasks(typed: &str, form: Form, candidates: &[Candidate]) -> Vec<String> {
    let digits = typed.strip_prefix('#').unwrap_or(typed);
    let wanted = typed.to_lowercase();
    let matched = candidates.iter().filter_map(|candidate| {
        let number = candidate.number.to_string();
        let (rank, by) = if !digits.is_empty() && number.starts_with(digits) {
            (if number == digits { Rank::Exact } else { Rank::Beginning }, By::Number)
        } else if !typed.is_empty() && candidate.id.to_string().starts_with(typed) {
            (Rank::Beginning, By::Id)
        } else {
            // A lone `#` asks for any number.
            let wanted = if digits.is_empty() { "" } else { wanted.as_str() };
            (rank(wanted, &candidate.title.to_lowercase())?, By::Title)
        };
        let named = match (form, by) {
            (Form::Argument, By::Id) | (Form::Uri, By::Id | By::Title) => candidate.id.to_string(),
            (Form::Argument, By::Number | By::Title) => format!("#{number}"),
            (Form::Uri, By::Number) => number,
        };
        Some((rank, named))
    });
    ranked(matched)
}

/// A person and those agents whose names match what has been typed, the best first.
pub fn successors(typed: &str, agents: &[AgentName]) -> Vec<String> {
    let wanted = typed.to_lowercase();
    let names = std::iter::once(PERSON).chain(agents.iter().map(AgentName::as_str).filter(|name| *name != PERSON));
    ranked(names.filter_map(|name| Some((rank(&wanted, &name.to_lowercase())?, name.to_owned()))))
}

#[derive(Clone, Copy)]
enum By {
    Number,
    Id,
    Title,
}

/// How well something matches. Order is quality, the best first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Exact,
    Beginning,
    /// A later word begins with it.
    Word,
    Within,
}

/// How well `wanted` stands in `text`, both in lower case.
fn rank(wanted: &str, text: &str) -> Option<Rank> {
    let before = text.find(wanted)?;
    let begins_word = text.match_indices(wanted).any(|(at, _)| !text[..at].ends_with(char::is_alphanumeric));
    Some(match before {
        _ if text == wanted => Rank::Exact,
        0 => Rank::Beginning,
        _ if begins_word => Rank::Word,
        _ => Rank::Within,
    })
}

fn ranked(matched: impl Iterator<Item = (Rank, String)>) -> Vec<String> {
    let mut matched: Vec<_> = matched.collect();
    matched.sort_by_key(|(rank, _)| *rank);
    matched.into_iter().map(|(_, value)| value).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::id::Id;

    fn sought(reference: Value, argument: &str, value: &str) -> Result<String, RpcError> {
        let Value::Object(params) = json!({"ref": reference, "argument": {"name": argument, "value": value}}) else { panic!("an object") };
        Sought::read(&params).map(|sought| format!("{sought:?}"))
    }

    fn prompt(name: &str) -> Value {
        json!({"type": "ref/prompt", "name": name})
    }

    fn template(uri: &str) -> Value {
        json!({"type": "ref/resource", "uri": uri})
    }

    fn candidates() -> Vec<Candidate> {
        let titles = [(12, "Approve: Delete sessions"), (120, "Undelete the log"), (7, "Delete nothing"), (1, "Plan")];
        titles
            .map(|(number, title)| Candidate { id: Id::new(1_800_000_000_000, number as u32).into(), number, title: title.to_owned() })
            .into()
    }

    fn found(typed: &str) -> Vec<String> {
        tasks(typed, Form::Argument, &candidates())
    }

    #[test]
    fn tasks_and_successors_are_completed_and_free_text_is_not() {
        let kind = |reference, argument| sought(reference, argument, " x ").expect("read");
        assert_eq!(kind(prompt("hand-over"), "task"), r#"Task { typed: "x", form: Argument }"#);
        assert_eq!(kind(prompt("hand-over"), "to"), r#"Successor { typed: "x" }"#);
        assert_eq!(kind(prompt("ask"), "question"), "Nothing");
        assert_eq!(kind(template("agentrq://workspace"), "task"), "Nothing");
        for known in TEMPLATES {
            assert_eq!(kind(template(known.uri), "task"), r#"Task { typed: "x", form: Uri }"#);
        }
    }

    #[test]
    fn what_there_is_not_has_nothing_to_offer() {
        assert_eq!(sought(prompt("asks"), "question", "").as_deref(), Ok("Nothing"));
        assert_eq!(sought(template("agentrq://tasks/{id}"), "id", "").as_deref(), Ok("Nothing"));
    }

    #[test]
    fn an_argument_that_there_is_not_is_refused_with_those_there_are() {
        let cases = [(prompt("ask"), "answer", "`question` (required"), (template(TEMPLATES[0].uri), "id", "one variable: task")];
        for (reference, argument, expected) in cases {
            let error = sought(reference, argument, "").expect_err(expected);
            assert_eq!(error.code, INVALID_PARAMS);
            assert!(error.message.contains(expected), "{}", error.message);
        }
    }

    #[test]
    fn a_number_is_completed_from_its_beginning_the_exact_one_first() {
        assert_eq!(found("12"), ["#12", "#120"]);
        assert_eq!(found("#1"), ["#1", "#12", "#120"]);
        assert_eq!(tasks("12", Form::Uri, &candidates()), ["12", "120"]);
    }

    #[test]
    fn a_title_is_found_by_its_beginning_then_by_its_words_then_by_any_part() {
        assert_eq!(found("DELETE"), ["#7", "#12", "#120"]);
        assert_eq!(tasks("plan", Form::Uri, &candidates()), [candidates()[3].id.to_string()]);
        assert!(found("nowhere").is_empty());
    }

    #[test]
    fn an_id_is_completed_to_an_id() {
        let id = candidates()[2].id.to_string();
        assert_eq!(found(&id), std::slice::from_ref(&id));
        assert_eq!(found(&id[..6]).len(), 4);
    }

    #[test]
    fn where_nothing_has_been_typed_all_are_offered_in_their_order() {
        for typed in ["", "#"] {
            assert_eq!(found(typed), ["#12", "#120", "#7", "#1"]);
        }
    }

    #[test]
    fn a_task_goes_to_a_person_or_to_an_agent() {
        let agents = ["laptop", "server", "human", "a laptop"].map(|name| AgentName::new(name).expect("a name"));
        assert_eq!(successors("", &agents), ["human", "laptop", "server", "a laptop"]);
        assert_eq!(successors("LAP", &agents), ["laptop", "a laptop"]);
        assert!(successors("phone", &agents).is_empty());
    }
}
