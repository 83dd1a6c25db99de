//! From where a request may come: under which host names the server answers, and which pages may use a cookie or a token.
//!
//! - **Host** (against DNS rebinding). A page can make a name of its own point here, but never an address or `localhost`. So the server
//!   answers under IP addresses, under `localhost`, and under the name of `AGENTRQ_PUBLIC_URL`. On Cloudflare's edge it also answers
//!   under the request's own name, because the edge passes on only names that its owner routed here.
//! - **Origin and Sec-Fetch-Site** (against other pages). With a cookie, only pages of this very origin; a page on another port of the same
//!   host is another origin. `Sec-Fetch-Site: none` (typed by a person) passes for reading only. A request with neither comes from no
//!   browser. With a token, a foreign Origin is refused as MCP demands.

use url::{Host, Url};

use super::asked::Asked;
use crate::problem::{Code, Problem};

/// The rules, as set up.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// `AGENTRQ_PUBLIC_URL`, where people and agents reach this server.
    pub public: Option<Url>,
}

impl Rules {
    /// Takes `AGENTRQ_PUBLIC_URL`, if it is set.
    pub fn new(public: Option<&str>) -> Result<Self, Problem> {
        let Some(text) = public else { return Ok(Self::default()) };
        let public = Url::parse(text).ok().filter(|url| url.has_host() && matches!(url.scheme(), "http" | "https"));
        let public = public.ok_or_else(|| {
            Problem::new(Code::Misconfigured, "AGENTRQ_PUBLIC_URL must be a whole URL, such as https://agentrq.example.com")
        })?;
        Ok(Self { public: Some(public) })
    }

    /// Does this server answer under the name that the request used?
    pub fn host(&self, asked: &Asked) -> Result<(), Problem> {
        let known = match asked.url.host() {
            Some(Host::Ipv4(_) | Host::Ipv6(_)) => true,
            Some(Host::Domain(name)) => {
                let name = name.trim_end_matches('.');
                let public = self.public.as_ref().and_then(Url::host_str);
                asked.on_edge || name == "localhost" || name.ends_with(".localhost") || public == Some(name)
            }
            None => false,
        };
        if known {
            return Ok(());
        }
        Err(Problem::new(
            Code::HostNotAllowed,
            "use an IP address, localhost, or the host of AGENTRQ_PUBLIC_URL; set that variable to answer under another name",
        ))
    }

    /// May the one who asks use a cookie?
    pub fn cookie(&self, asked: &Asked) -> Result<(), Problem> {
        match asked.fetch_site.as_deref() {
            None | Some("same-origin") => {}
            Some("none") if asked.method.is_safe() => {}
            Some(_) => return Err(Problem::new(Code::CrossSite, "only pages of this server's own origin may use its sessions")),
        }
        self.origin(asked)
    }

    /// May the one who asks use a token?
    pub fn origin(&self, asked: &Asked) -> Result<(), Problem> {
        let Some(origin) = asked.origin.as_deref() else { return Ok(()) };
        let given = Url::parse(origin).map(|url| url.origin());
        let own = [Some(&asked.url), self.public.as_ref()];
        // An opaque origin ("null") equals nothing.
        if given.is_ok_and(|given| given.is_tuple() && own.into_iter().flatten().any(|url| url.origin() == given)) {
            return Ok(());
        }
        Err(Problem::new(
            Code::OriginNotAllowed,
            "the Origin header names another origin than this server's; pages elsewhere may not call it",
        ))
    }

    /// The scheme and host under which this request's sender reaches the server, without a slash at the end.
    pub fn base(&self, asked: &Asked) -> String {
        self.public.as_ref().unwrap_or(&asked.url).origin().ascii_serialization()
    }

    /// Does the one who asks see https? Behind a proxy that is what the public URL says; who comes past it, to `localhost`, sees what is there.
    pub fn https(&self, asked: &Asked) -> bool {
        match &self.public {
            Some(public) if is_at(public, asked) => public.scheme() == "https",
            _ => asked.url.scheme() == "https",
        }
    }

    /// Might there be a proxy with https before this server that puts a host of its own in place of the public one?
    pub fn maybe_https(&self, asked: &Asked) -> bool {
        self.public.as_ref().is_some_and(|public| public.scheme() == "https" && public.host() != asked.url.host())
    }
}

/// Was the public URL the one that was called?
fn is_at(public: &Url, asked: &Asked) -> bool {
    let by_its_page =
        || asked.origin.as_deref().and_then(|origin| Url::parse(origin).ok()).is_some_and(|url| url.origin() == public.origin());
    public.host() == asked.url.host() || by_its_page()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::Method;

    fn asked(method: Method, url: &str) -> Asked {
        Asked::new(method, url).expect("a url")
    }

    fn get(url: &str) -> Asked {
        asked(Method::Get, url)
    }

    fn code(result: Result<(), Problem>) -> String {
        result.map_or_else(|problem| problem.code.into_owned(), |()| "ok".to_owned())
    }

    #[test]
    fn the_server_answers_under_addresses_localhost_and_its_public_name() {
        let rules = Rules::new(Some("https://Agentrq.example.com/")).expect("rules");
        for host in [
            "127.0.0.1:8787",
            "localhost",
            "LOCALHOST:1",
            "[::1]:8787",
            "192.168.1.5",
            "a.localhost",
            "agentrq.example.com",
            "agentrq.example.com:444",
        ] {
            assert_eq!(code(rules.host(&get(&format!("http://{host}/")))), "ok", "{host}");
        }
        for host in ["evil.example.com", "localhost.evil.com", "xlocalhost", "127.0.0.1.evil.com", "agentrq.example.com.evil.com"] {
            assert_eq!(code(rules.host(&get(&format!("http://{host}/")))), "host_not_allowed", "{host}");
        }
    }

    #[test]
    fn the_edge_routes_by_name_so_any_name_it_brings_is_right() {
        let request = Asked { on_edge: true, ..get("https://mine.workers.dev/") };
        assert_eq!(code(Rules::default().host(&request)), "ok");
    }

    #[test]
    fn a_page_on_another_port_or_site_cannot_use_the_cookie() {
        let rules = Rules::default();
        for (site, origin, method, expected) in [
            (Some("same-origin"), Some("http://127.0.0.1:8787"), Method::Post, "ok"),
            (Some("same-origin"), None, Method::Get, "ok"),
            (None, None, Method::Post, "ok"),
            (Some("none"), None, Method::Get, "ok"),
            (Some("none"), None, Method::Post, "cross_site"),
            (Some("same-site"), Some("http://127.0.0.1:9999"), Method::Post, "cross_site"),
            (Some("same-site"), None, Method::Get, "cross_site"),
            (Some("cross-site"), None, Method::Get, "cross_site"),
            (Some("SAME-ORIGIN"), None, Method::Get, "cross_site"),
            (None, Some("http://127.0.0.1:9999"), Method::Post, "origin_not_allowed"),
            (None, Some("https://127.0.0.1:8787"), Method::Post, "origin_not_allowed"),
            (None, Some("http://localhost:8787"), Method::Post, "origin_not_allowed"),
            (None, Some("null"), Method::Post, "origin_not_allowed"),
            (None, Some(""), Method::Post, "origin_not_allowed"),
            (Some("same-origin"), Some("http://evil.com"), Method::Post, "origin_not_allowed"),
        ] {
            let request = Asked {
                fetch_site: site.map(str::to_owned),
                origin: origin.map(str::to_owned),
                ..asked(method, "http://127.0.0.1:8787/api/session")
            };
            assert_eq!(code(rules.cookie(&request)), expected, "{site:?} {origin:?} {}", method.name());
        }
    }

    #[test]
    fn behind_a_proxy_the_public_origin_is_the_own_one() {
        let rules = Rules::new(Some("https://agentrq.example.com")).expect("rules");
        let request = Asked { origin: Some("https://agentrq.example.com".to_owned()), ..get("http://agentrq.example.com/api/session") };
        assert_eq!(code(rules.cookie(&request)), "ok");
        assert!(rules.https(&request));
        assert_eq!(rules.base(&request), "https://agentrq.example.com");
        // A proxy that names another host to the server, and a person at the server itself.
        let renamed = Asked { origin: Some("https://agentrq.example.com".to_owned()), ..get("http://127.0.0.1:8787/api/session") };
        let local = get("http://127.0.0.1:8787/api/session");
        assert_eq!([rules.https(&renamed), rules.https(&local), rules.maybe_https(&local)], [true, false, true]);
        assert!(!rules.maybe_https(&request));
        assert_eq!(Rules::default().base(&get("http://127.0.0.1:8787/x?y")), "http://127.0.0.1:8787");
    }

    #[test]
    fn a_public_url_that_is_none_is_told() {
        for wrong in ["agentrq.example.com", "ftp://x", "https://"] {
            assert_eq!(Rules::new(Some(wrong)).map(|_| ()).map_err(|problem| problem.status), Err(500), "{wrong}");
        }
    }
}
