//! What the server was given: its secret, its keys, its public URL. Read from the environment with each request, which costs microseconds.

use agentrq_core::decide::LEASE_MS;
use wasm_bindgen::JsValue;
use worker::Env;

use crate::gate::Gate;
use crate::gate::key::{Key, Keys};
use crate::gate::mac::Mac;
use crate::gate::origin::Rules;
use crate::problem::{Code, Problem};

/// The binding of workspaces' objects.
pub const WORKSPACES: &str = "WORKSPACE";
/// The binding of accounts' objects.
pub const ACCOUNTS: &str = "ACCOUNT";
/// The binding of the objects that hold what background tasks print.
pub const OUTPUTS: &str = "OUTPUT";
/// The binding of the dashboard's files.
pub const ASSETS: &str = "ASSETS";

/// How the server is set up.
#[derive(Clone)]
pub struct Setup {
    pub gate: Gate,
    keys: Keys,
}

impl Setup {
    /// Reads the environment.
    pub fn of(env: &Env) -> Result<Self, Problem> {
        let secret = value(env, "AGENTRQ_SECRET").and_then(|text| Mac::from_hex(&text));
        let mac = secret.ok_or_else(|| {
            Problem::new(
                Code::Misconfigured,
                "AGENTRQ_SECRET must hold 64 hex digits; `npm start` makes one, on Cloudflare set it with `wrangler secret put`",
            )
        })?;
        let rules = Rules::new(value(env, "AGENTRQ_PUBLIC_URL").as_deref())?;
        let keys = Keys { start: value(env, "AGENTRQ_START_KEY"), owner: value(env, "AGENTRQ_OWNER_KEY") };
        Ok(Self { gate: Gate { mac, rules }, keys })
    }

    /// What a key given at sign-in is.
    pub fn compare_key(&self, given: &str) -> Result<Key, Problem> {
        if self.keys.start.is_none() && self.keys.owner.is_none() {
            return Err(Problem::new(Code::Misconfigured, "no owner key is set: set AGENTRQ_OWNER_KEY, then sign in with it"));
        }
        Ok(self.keys.compare(given))
    }
}

/// How long a claim of a list's task stands without a word from its agent, in milliseconds: what the environment says in seconds, from 5 to a day,
/// else ten minutes.
pub fn lease_ms(env: &Env) -> u64 {
    let said = value(env, "AGENTRQ_LEASE_SECONDS").and_then(|text| text.parse::<u64>().ok());
    said.map_or(LEASE_MS, |seconds| seconds.clamp(5, 24 * 60 * 60) * 1_000)
}

/// A text of the environment; one that is empty or not set is none.
fn value(env: &Env, name: &str) -> Option<String> {
    let env: &JsValue = env.as_ref();
    let text = js_sys::Reflect::get(env, &JsValue::from_str(name)).ok()?.as_string()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}
