//! The border between wasm and JavaScript. Each crossing costs about half a microsecond, and a request makes hundreds: what is asked on
//! every request is asked in few.

use wasm_bindgen::prelude::wasm_bindgen;
use worker::Headers;

#[wasm_bindgen(module = "/src/border.js")]
extern "C" {
    #[wasm_bindgen(catch, js_name = headerLines)]
    fn header_lines(headers: &web_sys::Headers, names: &str) -> Result<String, wasm_bindgen::JsValue>;
    /// Which data centre of the edge brought a request, if one did.
    pub(crate) fn colo(request: &web_sys::Request) -> Option<String>;
    /// From which address and port it was connected, where that is known.
    pub(crate) fn connection(request: &web_sys::Request) -> Option<String>;
}

/// Several headers at once, in the order of their names; none where it is absent.
pub(crate) fn headers<const N: usize>(of: &Headers, names: [&str; N]) -> [Option<String>; N] {
    let lines = lines(of, &names);
    let mut lines = lines.split('\n');
    names.map(|_| lines.next().and_then(|line| line.strip_prefix('=')).map(str::to_owned))
}

/// Those of several headers that are there, with their names.
pub(crate) fn present<'n>(of: &Headers, names: &[&'n str]) -> Vec<(&'n str, String)> {
    let lines = lines(of, names);
    names.iter().zip(lines.split('\n')).filter_map(|(name, line)| Some((*name, line.strip_prefix('=')?.to_owned()))).collect()
}

/// It fails for a name that is none, and the names are ours.
fn lines(of: &Headers, names: &[&str]) -> String {
    header_lines(&of.0, &names.join("\n")).unwrap_or_default()
}
