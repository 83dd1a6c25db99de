//! The dashboard's files, from the manifest that the build wrote, with the headers that keep the page safe and fast.
//!
//! `scripts/build/assets.mjs` writes the manifest and compresses ahead; the platform's asset binding only hands over bytes. So what is
//! sent is the same on bare workerd and on Cloudflare.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use serde::Deserialize;
use worker::{EncodeBody, Env, Headers, Request, Response};

use crate::problem::{Code, Problem};
use crate::routes::Method;
use crate::setup::ASSETS;

const MANIFEST: &str = "/asset-manifest.json";
const INDEX: &str = "/index.html";

/// Scripts, styles and connections of this origin only; no inline code, no frames, no text becomes markup but through the named policies:
/// Svelte's for its compiled templates, DOMPurify's for rendered Markdown, and the page's own for its service worker.
const CSP: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; font-src 'self'; \
connect-src 'self'; media-src blob:; frame-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; manifest-src 'self'; \
worker-src 'self'; require-trusted-types-for 'script'; trusted-types svelte-trusted-html dompurify agentrq";

const SAFETY: &[(&str, &str)] = &[
    ("content-security-policy", CSP),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    (
        "permissions-policy",
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), usb=()",
    ),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
];

/// What the build says of all files.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Manifest {
    /// Names all the files together.
    build: Option<String>,
    files: HashMap<String, File>,
}

/// What it says of one.
#[derive(Clone, Debug, Deserialize)]
struct File {
    #[serde(rename = "type")]
    kind: String,
    etag: String,
    immutable: bool,
    br: Option<String>,
    gz: Option<String>,
}

/// What a request for a file asks, beside its path.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    pub accept: Option<String>,
    pub accept_encoding: Option<String>,
    pub if_none_match: Option<String>,
    pub fetch_mode: Option<String>,
}

/// What is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    NotFound,
    /// The reader has it already.
    Known(Vec<(&'static str, String)>),
    /// The file of the asset binding to send.
    Send {
        file: String,
        headers: Vec<(&'static str, String)>,
    },
}

impl Wanted {
    /// Does a person open an address, rather than a page load a file?
    fn is_navigation(&self) -> bool {
        match self.fetch_mode.as_deref() {
            Some(mode) => mode == "navigate",
            None => self.accept.as_deref().is_some_and(|accept| accept.contains("text/html")),
        }
    }

    fn takes(&self, encoding: &str) -> bool {
        self.accept_encoding.as_deref().unwrap_or_default().split(',').any(|one| {
            let mut parts = one.split(';').map(str::trim);
            let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(encoding));
            let refused = parts.any(|parameter| parameter.strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0)));
            named && !refused
        })
    }
}

impl Manifest {
    /// What is to be sent for `path`.
    pub fn plan(&self, path: &str, wanted: &Wanted) -> Plan {
        let path = if path == "/" { INDEX } else { path };
        let named = self.files.get(path).map(|file| (path, file));
        // The page has addresses of its own for what it shows; each is the one page.
        let Some((name, file)) =
            named.or_else(|| if wanted.is_navigation() { self.files.get(INDEX).map(|file| (INDEX, file)) } else { None })
        else {
            return Plan::NotFound;
        };
        let (encoding, copy) = match file {
            File { br: Some(copy), .. } if wanted.takes("br") => (Some("br"), copy.as_str()),
            File { gz: Some(copy), .. } if wanted.takes("gzip") => (Some("gzip"), copy.as_str()),
            _ => (None, name),
        };
        let etag = match encoding {
            Some(encoding) => format!("{}-{encoding}\"", file.etag.trim_end_matches('"')),
            None => file.etag.clone(),
        };
        let mut headers: Vec<(&'static str, String)> = SAFETY.iter().map(|&(name, value)| (name, value.to_owned())).collect();
        let caching = if file.immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
        headers.extend([("etag", etag.clone()), ("cache-control", caching.to_owned()), ("vary", "Accept-Encoding".to_owned())]);
        let known = wanted.if_none_match.as_deref().unwrap_or_default();
        if known.split(',').any(|tag| tag.trim().trim_start_matches("W/") == etag || tag.trim() == "*") {
            return Plan::Known(headers);
        }
        headers.push(("content-type", file.kind.clone()));
        headers.extend(encoding.map(|encoding| ("content-encoding", encoding.to_owned())));
        Plan::Send { file: copy.to_owned(), headers }
    }
}

thread_local! {
    static READ: RefCell<Option<Rc<Manifest>>> = const { RefCell::new(None) };
}

async fn bytes_of(env: &Env, path: &str) -> Result<Option<Response>, Problem> {
    let response = env.assets(ASSETS)?.fetch(format!("http://assets{path}"), None).await?;
    Ok((response.status_code() == 200).then_some(response))
}

/// The manifest; read once by each instance of the Worker.
async fn manifest(env: &Env) -> Result<Rc<Manifest>, Problem> {
    if let Some(manifest) = READ.with(|read| read.borrow().clone()) {
        return Ok(manifest);
    }
    let manifest = match bytes_of(env, MANIFEST).await? {
        Some(mut response) => Rc::new(serde_json::from_str(&response.text().await?).map_err(Problem::internal)?),
        None => Rc::default(),
    };
    READ.with(|read| *read.borrow_mut() = Some(Rc::clone(&manifest)));
    Ok(manifest)
}

/// Which build of the page is served; none, where there is no page.
pub async fn build(env: &Env) -> Result<Option<String>, Problem> {
    Ok(manifest(env).await?.build.clone())
}

fn nothing() -> Problem {
    Problem::new(Code::NotFound, "there is no such file; the dashboard starts at /")
}

/// Answers a request for one of the dashboard's files.
pub async fn answer(env: &Env, request: &Request, method: Method) -> Result<Response, Problem> {
    let header = |name: &str| request.headers().get(name).ok().flatten();
    let wanted = Wanted {
        accept: header("accept"),
        accept_encoding: header("accept-encoding"),
        if_none_match: header("if-none-match"),
        fetch_mode: header("sec-fetch-mode"),
    };
    let (file, status, said) = match manifest(env).await?.plan(&request.path(), &wanted) {
        Plan::NotFound => return Err(nothing()),
        Plan::Known(headers) => (None, 304, headers),
        Plan::Send { file, headers } => (Some(file), 200, headers),
    };
    let headers = Headers::new();
    for (name, value) in said {
        headers.set(name, &value)?;
    }
    let response = match file {
        Some(file) if method == Method::Get => Response::from_body(bytes_of(env, &file).await?.ok_or_else(nothing)?.body().clone())?,
        _ => Response::empty()?,
    };
    // What is compressed already must go out as it is.
    Ok(response.with_status(status).with_headers(headers).with_encode_body(EncodeBody::Manual))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        serde_json::from_str(
            r#"{"build": "b", "files": {
                "/index.html": {"type": "text/html; charset=utf-8", "etag": "\"i\"", "size": 9, "immutable": false, "br": "/index.html.br", "gz": "/index.html.gz"},
                "/assets/a-12345678.js": {"type": "text/javascript; charset=utf-8", "etag": "\"a\"", "size": 9, "immutable": true},
                "/sw.js": {"type": "text/javascript; charset=utf-8", "etag": "\"s\"", "size": 9, "immutable": false}
            }}"#,
        )
        .expect("a manifest")
    }

    fn sent(path: &str, wanted: &Wanted) -> (String, HashMap<&'static str, String>) {
        match manifest().plan(path, wanted) {
            Plan::Send { file, headers } => (file, headers.into_iter().collect()),
            Plan::Known(headers) => ("known".to_owned(), headers.into_iter().collect()),
            Plan::NotFound => ("not found".to_owned(), HashMap::new()),
        }
    }

    fn encoding(text: &str) -> Wanted {
        Wanted { accept_encoding: Some(text.to_owned()), ..Wanted::default() }
    }

    #[test]
    fn each_file_goes_out_in_the_best_encoding_that_the_reader_takes() {
        for (accepted, file, said) in [
            ("gzip, deflate, br, zstd", "/index.html.br", Some("br")),
            ("gzip", "/index.html.gz", Some("gzip")),
            ("br;q=0, gzip;q=0.5", "/index.html.gz", Some("gzip")),
            ("BR", "/index.html.br", Some("br")),
            ("identity", "/index.html", None),
            ("", "/index.html", None),
        ] {
            let (found, headers) = sent("/", &encoding(accepted));
            assert_eq!((found.as_str(), headers.get("content-encoding").map(String::as_str)), (file, said), "{accepted}");
            assert_eq!(headers["content-type"], "text/html; charset=utf-8");
            assert_eq!(headers["vary"], "Accept-Encoding");
        }
    }

    #[test]
    fn each_encoding_has_an_etag_of_its_own_and_what_is_known_is_not_sent_again() {
        let (_, headers) = sent("/", &encoding("br"));
        assert_eq!(headers["etag"], "\"i-br\"");
        let again = |tag: &str| sent("/", &Wanted { if_none_match: Some(tag.to_owned()), ..encoding("br") }).0;
        assert_eq!([again("\"i-br\""), again("\"x\", W/\"i-br\""), again("\"i\"")], ["known", "known", "/index.html.br"]);
    }

    #[test]
    fn names_with_a_hash_are_kept_for_ever_and_others_are_asked_for_each_time() {
        assert_eq!(sent("/assets/a-12345678.js", &Wanted::default()).1["cache-control"], "public, max-age=31536000, immutable");
        for name in ["/index.html", "/sw.js"] {
            assert_eq!(sent(name, &Wanted::default()).1["cache-control"], "no-cache", "{name}");
        }
    }

    #[test]
    fn an_address_of_the_page_is_the_page_and_a_missing_file_is_not() {
        let navigation = Wanted { fetch_mode: Some("navigate".to_owned()), ..Wanted::default() };
        let typed = Wanted { accept: Some("text/html,*/*;q=0.8".to_owned()), ..Wanted::default() };
        let script = Wanted { fetch_mode: Some("no-cors".to_owned()), accept: Some("*/*".to_owned()), ..Wanted::default() };
        assert_eq!(sent("/w/abc/tasks/12", &navigation).0, "/index.html");
        assert_eq!(sent("/sign-in", &typed).0, "/index.html");
        assert_eq!(sent("/assets/gone.js", &script).0, "not found");
        assert_eq!(sent("/asset-manifest.json", &script).0, "not found");
        assert_eq!(Manifest::default().plan("/", &navigation), Plan::NotFound);
    }

    #[test]
    fn every_answer_keeps_the_page_safe() {
        for wanted in [Wanted::default(), Wanted { if_none_match: Some("\"i\"".to_owned()), ..Wanted::default() }] {
            let (_, headers) = sent("/", &wanted);
            assert!(headers["content-security-policy"].starts_with("default-src 'none'; script-src 'self' 'wasm-unsafe-eval';"));
            assert!(!headers["content-security-policy"].contains("unsafe-inline"));
            assert_eq!(headers["x-content-type-options"], "nosniff");
            assert_eq!(headers["cross-origin-opener-policy"], "same-origin");
        }
    }
}
