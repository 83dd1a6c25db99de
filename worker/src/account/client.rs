//! The Worker's side of an account: one call, one answer.

use agentrq_core::model::Person;
use wasm_bindgen::JsValue;
use worker::{Env, Method, Request, RequestInit};

use super::protocol::{Answer, Call, Want};
use crate::gate::mac::AccountId;
use crate::gate::session::SessionProof;
use crate::problem::Problem;
use crate::setup::ACCOUNTS;

/// Asks the object of an account. The id must have been minted here: naming an object makes it.
pub async fn call(env: &Env, account: &AccountId, call: &Call) -> Result<Answer, Problem> {
    let stub = env.durable_object(ACCOUNTS)?.id_from_name(&account.0)?.get_stub()?;
    let body = serde_json::to_string(call).map_err(Problem::internal)?;
    let mut init = RequestInit::new();
    init.with_method(Method::Post).with_body(Some(JsValue::from_str(&body)));
    let request = Request::new_with_init("https://account/", &init)?;
    let mut response = stub.fetch_with_request(request).await.map_err(Problem::unavailable)?;
    if response.status_code() != 200 {
        return Err(Problem::internal(format!("the account answered {}", response.status_code())));
    }
    match response.json().await? {
        Answer::Refused(problem) => Err(problem.into()),
        answer => Ok(answer),
    }
}

/// Does something for the person whose session it is.
pub async fn wants(env: &Env, session: &SessionProof, want: Want) -> Result<Answer, Problem> {
    call(env, &session.account, &Call::As { session: session.into(), want }).await
}

/// The person whose session it is, once `want` is done.
pub async fn person(env: &Env, session: &SessionProof, want: Want) -> Result<Person, Problem> {
    match wants(env, session, want).await? {
        Answer::Person(person) | Answer::Workspaces { person, .. } | Answer::SignedOut { person, .. } => Ok(person),
        Answer::Refused(problem) => Err(problem.into()),
    }
}
