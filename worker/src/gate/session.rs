//! Sessions of people: the cookie, the key that binds a browser's session to its origin, and their parts.
//!
//! A cookie is shared by every port of a host, so a page on another port can send it and read it. A session made by a browser therefore
//! also needs a key that the page keeps in local storage, which is bound to the origin, and sends as a header.

use agentrq_core::id::Id;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::mac::{AccountId, Domain, Mac, hash};

/// The cookie's name on plain http.
const COOKIE: &str = "agentrq_session";
/// Its name on https: browsers take it only with Secure, Path=/ and no Domain.
const SECURE_COOKIE: &str = "__Host-agentrq_session";
/// The header that carries a browser's session key.
pub const KEY_HEADER: &str = "x-agentrq-session-key";
/// How a session key begins.
const KEY_PREFIX: &str = "arqk_";
/// How long a session lasts without being used.
pub const LIFETIME_MS: u64 = 30 * 24 * 60 * 60 * 1000;

/// What a request shows of a session: enough for the account to find it and check it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionProof {
    pub account: AccountId,
    pub id: Id,
    pub secret_hash: [u8; 32],
    /// The hash of the key that came as a header, if one came.
    pub key_hash: Option<[u8; 32]>,
}

/// What a new session is made of; only the hashes are stored.
#[derive(Clone, Debug)]
pub struct NewSession {
    pub proof: SessionProof,
    /// The value of the cookie.
    pub cookie: String,
    /// The key for the page; none for scripts.
    pub key: Option<String>,
}

fn mac_parts<'a>(account: &'a str, id: &'a str, secret: &'a [u8]) -> [&'a [u8]; 3] {
    [account.as_bytes(), id.as_bytes(), secret]
}

/// Makes a session of `account`; `key` holds the random bytes of the browser's key, or is none for a script.
pub fn mint(mac: &Mac, account: AccountId, id: Id, secret: &[u8; 32], key: Option<&[u8; 32]>) -> NewSession {
    let name = id.to_string();
    let tag = mac.short(Domain::Session, &mac_parts(&account.0, &name, secret));
    let cookie = format!("{}.{name}.{}.{}", account.0, URL_SAFE_NO_PAD.encode(secret), URL_SAFE_NO_PAD.encode(tag));
    let key = key.map(|key| format!("{KEY_PREFIX}{}", URL_SAFE_NO_PAD.encode(key)));
    let key_hash = key.as_ref().map(|key| hash(key.as_bytes()));
    NewSession { proof: SessionProof { account, id, secret_hash: hash(secret), key_hash }, cookie, key }
}

/// What a cookie's value proves; nothing, if it was not minted here. `key` is the header's value.
pub fn read(mac: &Mac, cookie: &str, key: Option<&str>) -> Option<SessionProof> {
    let mut parts = cookie.split('.');
    let (account, id, secret, tag) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let secret = URL_SAFE_NO_PAD.decode(secret).ok().filter(|secret| secret.len() == 32)?;
    let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
    if !mac.verify(Domain::Session, &mac_parts(account, id, &secret), &tag) {
        return None;
    }
    Some(SessionProof {
        account: mac.account(account)?,
        id: id.parse().ok()?,
        secret_hash: hash(&secret),
        key_hash: key.map(|key| hash(key.as_bytes())),
    })
}

fn cookie_name(https: bool) -> &'static str {
    if https { SECURE_COOKIE } else { COOKIE }
}

/// The session cookie among those of a `Cookie` header: the first of the name that fits the scheme.
pub fn cookie_of(header: &str, https: bool) -> Option<&str> {
    header.split(';').filter_map(|pair| pair.trim().split_once('=')).find(|(name, _)| *name == cookie_name(https)).map(|(_, value)| value)
}

/// The `Set-Cookie` that begins a session.
pub fn set_cookie(value: &str, https: bool) -> String {
    attributes(value, https, LIFETIME_MS / 1000)
}

/// The `Set-Cookie` that ends one.
pub fn clear_cookie(https: bool) -> String {
    attributes("", https, 0)
}

fn attributes(value: &str, https: bool, seconds: u64) -> String {
    let secure = if https { "; Secure" } else { "" };
    format!("{}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}", cookie_name(https))
}

#[cfg(test)]
mod tests {
    use super::super::mac::for_tests;
    use super::*;

    fn minted(key: Option<&[u8; 32]>) -> (Mac, NewSession) {
        let mac = for_tests();
        let session = mint(&mac, mac.owner(), Id::new(1_774_362_821_000, 5), &[9; 32], key);
        (mac, session)
    }

    #[test]
    fn a_cookie_proves_its_session() {
        let (mac, session) = minted(None);
        assert_eq!(read(&mac, &session.cookie, None), Some(session.proof));
    }

    #[test]
    fn a_browsers_session_shows_its_key_as_a_header() {
        let (mac, session) = minted(Some(&[3; 32]));
        assert_eq!(read(&mac, &session.cookie, session.key.as_deref()), Some(session.proof.clone()));
        assert_ne!(read(&mac, &session.cookie, Some("arqk_other")), Some(session.proof));
        assert_eq!(read(&mac, &session.cookie, None).and_then(|proof| proof.key_hash), None);
    }

    #[test]
    fn a_cookie_with_any_other_character_proves_nothing() {
        let (mac, session) = minted(None);
        for index in 0..session.cookie.len() {
            let mut other = session.cookie.clone().into_bytes();
            other[index] = if other[index] == b'A' { b'B' } else { b'A' };
            let other = String::from_utf8(other).expect("ascii");
            assert_eq!(read(&mac, &other, None), None, "{other}");
        }
        for wrong in ["", "...", "a.b.c.d", &format!("{}.x", session.cookie)] {
            assert_eq!(read(&mac, wrong, None), None, "{wrong}");
        }
    }

    #[test]
    fn a_token_is_no_cookie_and_a_cookie_no_token() {
        let (mac, session) = minted(None);
        let workspace = mac.workspace(1);
        let (token, _) = super::super::token::mint(&mac, &workspace, Id::new(0, 1), &[9; 32]);
        assert_eq!(read(&mac, &token, None), None);
        assert_eq!(super::super::token::read(&mac, &workspace, &session.cookie), None);
        assert_eq!(super::super::token::read(&mac, &workspace, &format!("arq_{}", session.cookie)), None);
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        assert_eq!(cookie_of("a=b; agentrq_session=x.y; c=d", false), Some("x.y"));
        assert_eq!(cookie_of("xagentrq_session=1;agentrq_session=", false), Some(""));
        assert_eq!(cookie_of("agentrq_session", false), None);
        assert_eq!(cookie_of("", false), None);
    }

    #[test]
    fn on_https_only_the_cookie_that_cannot_be_planted_counts() {
        assert_eq!(cookie_of("agentrq_session=planted", true), None);
        assert_eq!(cookie_of("agentrq_session=planted; __Host-agentrq_session=own", true), Some("own"));
        assert_eq!(set_cookie("v", true), "__Host-agentrq_session=v; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure");
        assert_eq!(set_cookie("v", false), "agentrq_session=v; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax");
        assert!(clear_cookie(false).contains("Max-Age=0"));
    }
}
