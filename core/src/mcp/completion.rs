//! Completion as MCP has it: what is being typed and where, and the answer, which holds at most a hundred values.

use serde_json::{Map, Value, json};

use super::jsonrpc::{INVALID_PARAMS, RpcError};

/// The most values in one answer.
pub const VALUES: usize = 100;

/// Whose argument is being typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference<'a> {
    /// A prompt, by its name.
    Prompt(&'a str),
    /// A resource's URI or a template of one.
    Resource(&'a str),
}

/// What is being typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Typed<'a> {
    pub reference: Reference<'a>,
    pub argument: &'a str,
    /// What stands there as yet.
    pub value: &'a str,
}

impl<'a> Typed<'a> {
    /// Reads the parameters of `completion/complete`. What has been filled in beside it (`context`) does not matter here.
    ///
    /// # Errors
    /// When they are not of the form that the protocol prescribes.
    pub fn read(params: &'a Map<String, Value>) -> Result<Self, RpcError> {
        let wrong = |why: &str| RpcError::new(INVALID_PARAMS, why);
        let text = |of: &str, key: &str| params.get(of).and_then(|of| of.get(key)).and_then(Value::as_str);
        let reference = match text("ref", "type") {
            Some("ref/prompt") => text("ref", "name").map(Reference::Prompt),
            Some("ref/resource") => text("ref", "uri").map(Reference::Resource),
            _ => None,
        };
        let reference = reference.ok_or_else(|| {
            wrong(r#"`ref` is {"type": "ref/prompt", "name": a prompt's name} or {"type": "ref/resource", "uri": a template}"#)
        })?;
        match (text("argument", "name"), text("argument", "value")) {
            (Some(argument), Some(value)) => Ok(Self { reference, argument, value }),
            _ => Err(wrong(r#"`argument` is {"name": the argument's name, "value": what has been typed of it}"#)),
        }
    }
}

/// How much of what there is has been looked through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Looked {
    Everything,
    Part,
}

/// The result of `completion/complete`, the best match first. How many there are in all is said where it is known.
pub fn completed(mut matches: Vec<String>, looked: Looked) -> Value {
    let found = matches.len();
    matches.truncate(VALUES);
    let mut completion = json!({"hasMore": found > VALUES || looked == Looked::Part, "values": matches});
    if looked == Looked::Everything {
        completion["total"] = json!(found);
    }
    json!({"completion": completion})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(value: Value) -> Map<String, Value> {
        let Value::Object(params) = value else { panic!("an object") };
        params
    }

    #[test]
    fn a_request_says_what_is_being_typed_and_where() {
        let prompt = params(json!({"ref": {"type": "ref/prompt", "name": "greet"}, "argument": {"name": "whom", "value": "A"},
            "context": {"arguments": {"how": "warmly"}}}));
        assert_eq!(Typed::read(&prompt), Ok(Typed { reference: Reference::Prompt("greet"), argument: "whom", value: "A" }));
        let resource = params(json!({"ref": {"type": "ref/resource", "uri": "x://{y}"}, "argument": {"name": "y", "value": ""}}));
        assert_eq!(Typed::read(&resource).map(|typed| typed.reference), Ok(Reference::Resource("x://{y}")));
    }

    #[test]
    fn a_request_of_another_form_is_told_the_right_one() {
        let argument = json!({"name": "whom", "value": ""});
        let cases = [
            (json!({"argument": argument}), "`ref`"),
            (json!({"ref": {"type": "ref/tool", "name": "x"}, "argument": argument}), "`ref`"),
            (json!({"ref": {"type": "ref/prompt", "name": 7}, "argument": argument}), "`ref`"),
            (json!({"ref": {"type": "ref/prompt", "name": "x"}}), "`argument`"),
            (json!({"ref": {"type": "ref/prompt", "name": "x"}, "argument": {"name": "whom"}}), "`argument`"),
        ];
        for (given, expected) in cases {
            let error = Typed::read(&params(given)).expect_err(expected);
            assert_eq!((error.code, error.message.starts_with(expected)), (INVALID_PARAMS, true), "{}", error.message);
        }
    }

    #[test]
    fn an_answer_holds_a_hundred_values_and_says_that_there_are_more() {
        let many: Vec<_> = (0..150).map(|number| number.to_string()).collect();
        let completion = &completed(many, Looked::Everything)["completion"];
        assert_eq!(completion["values"].as_array().map(Vec::len), Some(VALUES));
        assert_eq!((&completion["total"], &completion["hasMore"]), (&json!(150), &json!(true)));
        assert_eq!(
            completed(vec!["a".to_owned()], Looked::Everything),
            json!({"completion": {"values": ["a"], "total": 1, "hasMore": false}})
        );
    }

    #[test]
    fn how_many_there_are_is_not_said_where_it_is_not_known() {
        assert_eq!(completed(Vec::new(), Looked::Part), json!({"completion": {"values": [], "hasMore": true}}));
    }
}
