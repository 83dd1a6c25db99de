//! What the gate looks at of a request: its method, address and a few headers, as plain values.

use std::net::SocketAddr;

use agentrq_core::interchange::Form;
use url::Url;
use worker::Request;

use super::session::KEY_HEADER;
use crate::border;
use crate::problem::{Code, Problem};
use crate::routes::Method;

/// The headers that the gate looks at.
const ASKED: [&str; 8] =
    ["origin", "sec-fetch-site", "content-type", "content-length", "authorization", "cookie", KEY_HEADER, "cf-connecting-ip"];

/// A request as the gate sees it.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: Method,
    pub url: Url,
    /// Did Cloudflare's edge bring it? The edge routes by host name, so there a name can be trusted.
    pub on_edge: bool,
    pub origin: Option<String>,
    pub fetch_site: Option<String>,
    pub content_type: Option<String>,
    pub content_length: Option<u64>,
    pub authorization: Option<String>,
    pub cookies: Option<String>,
    pub session_key: Option<String>,
    /// The address it comes from.
    pub address: Option<String>,
}

impl Asked {
    /// A request for `url` with nothing else known.
    pub fn new(method: Method, url: &str) -> Result<Self, Problem> {
        let url = Url::parse(url).ok().filter(Url::has_host);
        let url = url.ok_or_else(|| Problem::new(Code::BadRequest, "the request names no host that can be read"))?;
        Ok(Self {
            method,
            url,
            on_edge: false,
            origin: None,
            fetch_site: None,
            content_type: None,
            content_length: None,
            authorization: None,
            cookies: None,
            session_key: None,
            address: None,
        })
    }

    /// What a real request asks.
    pub fn of(request: &Request) -> Result<Self, Problem> {
        // workerd names the address of the connection; the edge names its data centre, and the client in a header of its own.
        let on_edge = border::colo(request.inner()).is_some();
        let connection = || border::connection(request.inner())?.parse().ok().map(|address: SocketAddr| address.ip().to_string());
        let [origin, fetch_site, content_type, content_length, authorization, cookies, session_key, client] =
            border::headers(request.headers(), ASKED);
        Ok(Self {
            on_edge,
            origin,
            fetch_site,
            content_type,
            content_length: content_length.and_then(|text| text.parse().ok()),
            authorization,
            cookies,
            session_key,
            address: if on_edge { client } else { connection() },
            ..Self::new(Method::parse(request.method().as_ref()), &request.inner().url())?
        })
    }

    /// The token that the request shows: of `Authorization: Bearer`, else of `?token=`.
    pub fn token(&self) -> Option<String> {
        let bearer = self.authorization.as_deref().and_then(|value| {
            let value = value.trim();
            let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
        });
        bearer.or_else(|| self.query("token"))
    }

    /// The first value of a query parameter.
    pub fn query(&self, name: &str) -> Option<String> {
        self.url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// Does a browser ask? Browsers send at least one of these on every POST; scripts send neither.
    pub fn by_browser(&self) -> bool {
        self.origin.is_some() || self.fetch_site.is_some()
    }

    /// Is the body said to be JSON?
    pub fn is_json(&self) -> bool {
        essence(self.content_type.as_deref()).eq_ignore_ascii_case("application/json")
    }

    /// The form in which something is brought in, which its content type says.
    ///
    /// # Errors
    /// When it is said to be in none of them: no form of another page can say so.
    pub fn form(&self) -> Result<Form, Problem> {
        form(self.content_type.as_deref())
    }
}

/// A content type without its parameters.
fn essence(content_type: Option<&str>) -> &str {
    content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim()
}

/// The form that a content type says, see [`Asked::form`].
pub fn form(content_type: Option<&str>) -> Result<Form, Problem> {
    match essence(content_type).to_ascii_lowercase().as_str() {
        "application/x-ndjson" | "application/jsonl" => Ok(Form::Lines),
        "application/x-tar" | "application/tar" => Ok(Form::Claude),
        _ => {
            let detail = "the body is JSON Lines, with `Content-Type: application/x-ndjson`, or a plain tar archive of files as Claude Code keeps them, with `application/x-tar`";
            Err(Problem::new(Code::UnsupportedMediaType, detail).with("allowed", vec!["application/x-ndjson", "application/x-tar"]))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(url: &str) -> Asked {
        Asked::new(Method::Get, url).expect("a url")
    }

    #[test]
    fn a_token_comes_as_bearer_or_in_the_query_and_bearer_goes_first() {
        let mut request = asked("http://localhost/mcp/x?token=query&token=second");
        assert_eq!(request.token().as_deref(), Some("query"));
        request.authorization = Some("bearer  head ".to_owned());
        assert_eq!(request.token().as_deref(), Some("head"));
        request.authorization = Some("Basic abc".to_owned());
        assert_eq!(request.token().as_deref(), Some("query"));
        assert_eq!(asked("http://localhost/").token(), None);
    }

    #[test]
    fn json_is_json_with_and_without_parameters_and_nothing_else() {
        let mut request = asked("http://localhost/");
        for (given, expected) in [
            (Some("application/json"), true),
            (Some("Application/JSON; charset=utf-8"), true),
            (Some("text/plain"), false),
            (Some("text/plain; application/json"), false),
            (Some("application/jsonp"), false),
            (None, false),
        ] {
            request.content_type = given.map(str::to_owned);
            assert_eq!(request.is_json(), expected, "{given:?}");
        }
    }

    #[test]
    fn an_address_without_host_is_refused() {
        assert!(Asked::new(Method::Get, "data:,x").is_err());
        assert!(Asked::new(Method::Get, "nothing").is_err());
    }
}
