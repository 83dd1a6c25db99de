//! Exports at the door: the workspace gives them page by page, and what background tasks have printed comes from where it stands. All of it is one
//! answer, of which no more is here than a page.

use agentrq_core::interchange::{Form, tar};
use agentrq_core::model::WorkspaceId;
use worker::{Env, Request, Response, ResponseBuilder};

use crate::forward::{object, own_request, send};
use crate::output::{Run, client};
use crate::passed::Passed;
use crate::problem::{Code, Problem};

/// In the query of the Worker to the object: which page.
pub const PAGE: &str = "page";
/// In its answer: which is the next; and whose output follows on this one.
pub const NEXT: &str = "x-agentrq-next";
pub const OUTPUT: &str = "x-agentrq-output";

/// Serves the route of exports.
pub async fn serve(passed: &Passed<'_>, workspace: &WorkspaceId) -> Result<Response, Problem> {
    let asked = passed.asked;
    let form = form(asked.query("format").as_deref())?;
    let first = page(&question(passed, None)?, &passed.env.clone(), workspace).await?;
    let (media, ending) = form.names();
    let name = asked.query("list").map(|list| list.chars().filter(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect::<String>());
    let name = name.filter(|name| !name.is_empty()).unwrap_or_else(|| "workspace".to_owned());
    let builder = ResponseBuilder::new()
        .with_header("content-type", media)?
        .with_header("content-disposition", &format!("attachment; filename=\"{name}.{ending}\""))?
        .with_header("x-content-type-options", "nosniff")?
        .with_header("content-security-policy", "default-src 'none'; sandbox")?
        .with_header("cache-control", "no-store")?;
    let Some(next) = first.next.clone() else { return Ok(builder.fixed(first.bytes)) };
    let (env, workspace) = (passed.env.clone(), workspace.clone());
    // The same question, whose query ends with the place.
    let template = question(passed, Some(""))?;
    let rest = async_stream::stream! {
        yield Ok::<_, worker::Error>(first.bytes);
        let mut next = Some(next);
        while let Some(place) = next {
            let asked = match placed(&template, &place) {
                Ok(asked) => asked,
                Err(error) => return yield Err(error),
            };
            let found = match page(&asked, &env, &workspace).await {
                Ok(found) => found,
                // Better to break off than to end as if it were whole.
                Err(problem) => return yield Err(worker::Error::RustError(problem.detail)),
            };
            next = found.next;
            if !found.bytes.is_empty() {
                yield Ok(found.bytes);
            }
            let Some(run) = found.output else { continue };
            let begun = match client::read(&env, &run, 0, u64::MAX >> 12).await {
                Ok(begun) => begun,
                Err(problem) => return yield Err(worker::Error::RustError(problem.detail)),
            };
            // What is printed from now on is not in it: the size stands before the bytes.
            let (mut at, behind) = (begun.bytes.at, begun.state.length);
            let size = behind - at;
            let mut bytes = tar::header(&format!("{}.output", run.task), size, worker::Date::now().as_millis() / 1_000).to_vec();
            at += begun.bytes.bytes.len() as u64;
            bytes.extend(begun.bytes.bytes);
            yield Ok(bytes);
            while at < behind {
                match client::read(&env, &run, at, behind - at).await {
                    Ok(part) if part.bytes.at == at && !part.bytes.bytes.is_empty() => {
                        at += part.bytes.bytes.len() as u64;
                        yield Ok(part.bytes.bytes);
                    }
                    // What was to come next was cut meanwhile.
                    Ok(_) => return yield Err(worker::Error::RustError("an output was cut while it was read".to_owned())),
                    Err(problem) => return yield Err(worker::Error::RustError(problem.detail)),
                }
            }
            yield Ok(vec![0; tar::padding(size)]);
        }
    };
    Ok(builder.from_stream(rest)?)
}

/// The form that `?format=` names; JSON Lines where it names none.
pub fn form(word: Option<&str>) -> Result<Form, Problem> {
    match word {
        None | Some("jsonl") => Ok(Form::Lines),
        Some("claude") => Ok(Form::Claude),
        Some(_) => Err(Problem::new(Code::BadRequest, "format: jsonl or claude").with("allowed", vec!["jsonl", "claude"])),
    }
}

struct Page {
    bytes: Vec<u8>,
    next: Option<String>,
    output: Option<Run>,
}

/// The question for a page; the place is appended to it.
fn question(passed: &Passed<'_>, place: Option<&str>) -> Result<Request, Problem> {
    let Some(caller) = &passed.caller else { return Err(Problem::internal("an export without a caller")) };
    let url = &passed.asked.url;
    let kept = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(url.query_pairs().filter(|(name, _)| matches!(&**name, "list" | "format" | "agent")))
        .extend_pairs(place.map(|place| (PAGE, place)))
        .finish();
    own_request(passed.setup, passed.asked, worker::Method::Get, &format!("{}?{kept}", url.path()), None, caller)
}

/// The same question for another place.
fn placed(template: &Request, place: &str) -> Result<Request, worker::Error> {
    let mut init = worker::RequestInit::new();
    init.with_method(worker::Method::Get).with_headers(template.headers().clone());
    // Of digits, letters and dots.
    Request::new_with_init(&format!("{}{place}", template.url()?), &init)
}

async fn page(request: &Request, env: &Env, workspace: &WorkspaceId) -> Result<Page, Problem> {
    let mut response = send(&object(env, workspace)?, request.clone()?).await?;
    if response.status_code() != 200 {
        return Err(Problem::read(&mut response).await?);
    }
    let next = response.headers().get(NEXT)?;
    let output = response.headers().get(OUTPUT)?.map(|run| serde_json::from_str(&run)).transpose().map_err(Problem::internal)?;
    Ok(Page { bytes: response.bytes().await?, next, output })
}
