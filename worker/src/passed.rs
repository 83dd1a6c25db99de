//! A request that has passed the gate, with all that its handlers need of it.

use worker::{Env, Request, Response};

use crate::forward::{inner_request, object, send};
use crate::gate::Credential;
use crate::gate::asked::Asked;
use crate::gate::caller::Caller;
use crate::problem::{Code, Problem};
use crate::routes::Route;
use crate::setup::Setup;

/// A request that has passed the gate.
pub struct Passed<'a> {
    pub env: &'a Env,
    pub setup: &'a Setup,
    pub asked: &'a Asked,
    pub route: Route,
    pub credential: Credential,
    /// A person is checked wholly, and a member of the route's workspace. Of a token the object still has to check the hash.
    pub caller: Option<Caller>,
}

impl Passed<'_> {
    /// The request as the object gets it.
    pub fn inner(&self, request: &Request) -> Result<Request, Problem> {
        inner_request(self.setup, self.asked, &self.route, request, self.caller.as_ref())
    }

    /// Passes the request on to the object of its workspace.
    pub async fn forward(&self, request: &Request) -> Result<Response, Problem> {
        let workspace = self.route.workspace().ok_or_else(|| Problem::new(Code::NotFound, "there is nothing at this path yet"))?;
        let inner = self.inner(request)?;
        send(&object(self.env, workspace)?, inner).await
    }
}
