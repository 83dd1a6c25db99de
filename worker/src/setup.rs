//! What the server was given: its secret, its keys, its public URL. Read from the environment with each request, which costs microseconds.

use wasm_bindgen::JsValue;
use worker::Env;

use crate::account::protocol::Key;
use crate::gate::Gate;
use crate::gate::mac::{Mac, hash, same};
use crate::gate::origin::Rules;
use crate::problem::{Code, Problem};

/// The binding of workspaces' objects.
pub const WORKSPACES: &str = "WORKSPACE";
/// The binding of accounts' objects.
pub const ACCOUNTS: &str = "ACCOUNT";
/// The binding of the dashboard's files.
pub const ASSETS: &str = "ASSETS";

/// How the server is set up.
#[derive(Clone)]
pub struct Setup {
    pub gate: Gate,
    keys: Keys,
}

/// The keys with which the owner signs in.
#[derive(Clone, Default)]
pub struct Keys {
    pub start: Option<String>,
    pub owner: Option<String>,
}

impl Keys {
    /// What a given key is. Takes the same time whatever it is.
    pub fn compare(&self, given: &str) -> Key {
        let given = hash(given.as_bytes());
        let is = |key: &Option<String>| same(&hash(key.as_deref().unwrap_or_default().as_bytes()), &given) & key.is_some();
        match (is(&self.start), is(&self.owner)) {
            (true, _) => Key::Start,
            (false, true) => Key::Owner,
            (false, false) => Key::Wrong,
        }
    }
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

/// A text of the environment; one that is empty or not set is none.
fn value(env: &Env, name: &str) -> Option<String> {
    let env: &JsValue = env.as_ref();
    let text = js_sys::Reflect::get(env, &JsValue::from_str(name)).ok()?.as_string()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_one_it_equals_and_no_key_equals_nothing() {
        let keys = Keys { start: Some("start".to_owned()), owner: Some("owner".to_owned()) };
        assert_eq!(
            ["start", "owner", "", "star", "startx"].map(|key| keys.compare(key)),
            [Key::Start, Key::Owner, Key::Wrong, Key::Wrong, Key::Wrong]
        );
        assert_eq!(Keys::default().compare(""), Key::Wrong);
        assert_eq!(Keys { owner: None, ..keys }.compare("owner"), Key::Wrong);
    }
}
