//! Names and types of attached files: cleaned when they come in, and given out so that nothing sent can run in the dashboard's origin.

use agentrq_core::limits;
use agentrq_core::model::Attachment;
use agentrq_core::text::hides_in_a_name;

/// Types that no browser runs. Everything else, HTML and SVG and scripts among it, goes out as bytes without a meaning.
const INERT: &[&str] = &[
    "application/gzip",
    "application/json",
    "application/pdf",
    "application/zip",
    "audio/aac",
    "audio/flac",
    "audio/mpeg",
    "audio/ogg",
    "audio/wav",
    "audio/webm",
    "image/avif",
    "image/bmp",
    "image/gif",
    "image/jpeg",
    "image/png",
    "image/webp",
    "text/csv",
    "text/markdown",
    "text/plain",
    "text/x-diff",
    "video/mp4",
    "video/ogg",
    "video/webm",
];
const BYTES: &str = "application/octet-stream";

/// A file name without folders and without characters that cannot be seen; never empty.
pub fn clean_filename(given: &str) -> String {
    let base = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept = base.chars().filter(|&character| !hides_in_a_name(character));
    let name: String = kept.take(limits::FILENAME_CHARS).collect();
    let name = name.trim();
    if name.is_empty() || name.chars().all(|character| character == '.') { "attachment".to_owned() } else { name.to_owned() }
}

/// A MIME type without parameters, in lower case; what is none becomes bytes.
pub fn clean_type(given: &str) -> String {
    let essence = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let token = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&byte));
    match essence.split_once('/') {
        Some((kind, subtype)) if essence.len() <= 127 && token(kind) && token(subtype) => essence,
        _ => BYTES.to_owned(),
    }
}

/// The type under which an attachment of `mime_type` goes out.
pub fn safe_type(mime_type: &str) -> String {
    match INERT.iter().find(|inert| **inert == mime_type) {
        // Said, so that nothing is guessed.
        Some(text) if text.starts_with("text/") => format!("{text}; charset=utf-8"),
        Some(inert) => (*inert).to_owned(),
        None => BYTES.to_owned(),
    }
}

/// The `Content-Disposition` of a download: always an attachment, the name in the encoding of RFC 8187 and, for old readers, in ASCII.
pub fn content_disposition(filename: &str) -> String {
    let plain = filename.chars().map(|character| match character {
        '"' | '\\' | '%' => '_',
        ' '..='~' => character,
        _ => '_',
    });
    let plain: String = plain.collect();
    let mut encoded = String::new();
    for byte in filename.bytes() {
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

/// The file name that a `Content-Disposition` of an upload gives.
pub fn filename_of(disposition: &str) -> Option<String> {
    let mut plain = None;
    for parameter in parameters(disposition) {
        let Some((name, value)) = parameter.split_once('=') else { continue };
        let value = value.trim();
        match name.trim().to_ascii_lowercase().as_str() {
            "filename*" => {
                if let Some(encoded) = value.split_once("''").filter(|(charset, _)| charset.eq_ignore_ascii_case("utf-8")) {
                    return Some(percent_decoded(encoded.1));
                }
            }
            "filename" => plain = Some(unquoted(value)),
            _ => {}
        }
    }
    plain
}

/// The parts between semicolons that stand outside quotes.
fn parameters(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut quoted, mut escaped) = (0, false, false);
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b';' if !quoted => {
                parts.push(text.get(start..index).unwrap_or_default());
                start = index + 1;
            }
            _ => {}
        }
    }
    parts.push(text.get(start..).unwrap_or_default());
    parts
}

fn unquoted(value: &str) -> String {
    let Some(inner) = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')) else { return value.to_owned() };
    let mut escaped = false;
    let kept = inner.chars().filter(|&character| {
        escaped = character == '\\' && !escaped;
        !escaped
    });
    kept.collect()
}

/// Percent-decoding that leaves what is no encoding as it stands.
pub fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let hex = after.get(..2).filter(|_| first == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        let decoded = hex.filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit())).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(decoded.unwrap_or(first));
        rest = if decoded.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The headers of a download, but for its length and range.
pub fn headers(attachment: &Attachment) -> Vec<(&'static str, String)> {
    vec![
        ("content-type", safe_type(&attachment.mime_type)),
        ("content-disposition", content_disposition(&attachment.filename)),
        ("x-content-type-options", "nosniff".to_owned()),
        ("content-security-policy", "sandbox; default-src 'none'".to_owned()),
        ("cross-origin-resource-policy", "same-origin".to_owned()),
        ("referrer-policy", "no-referrer".to_owned()),
        // An attachment never changes, but who may read it does: a cache asks each time.
        ("cache-control", "private, no-cache".to_owned()),
        ("etag", format!("\"{}\"", attachment.sha256)),
        ("accept-ranges", "bytes".to_owned()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_has_no_folders_and_no_tricks() {
        for (given, expected) in [
            ("report.pdf", "report.pdf"),
            ("../../etc/passwd", "passwd"),
            ("C:\\temp\\a b.txt", "a b.txt"),
            ("a\r\nSet-Cookie: x", "aSet-Cookie: x"),
            ("cod\u{202e}gpj.exe", "codgpj.exe"),
            ("a\u{61c}b\u{e0100}\u{3164}.exe", "ab.exe"),
            ("👩\u{200d}💻.txt", "👩\u{200d}💻.txt"),
            ("日本語.txt", "日本語.txt"),
            ("", "attachment"),
            ("..", "attachment"),
            ("dir/", "attachment"),
        ] {
            assert_eq!(clean_filename(given), expected, "{given:?}");
        }
        assert_eq!(clean_filename(&"é".repeat(300)).chars().count(), 255);
    }

    #[test]
    fn only_inert_types_keep_their_meaning() {
        for (given, expected) in [
            ("image/png", "image/png"),
            ("Image/PNG; x=y", "image/png"),
            ("text/plain; charset=iso-8859-1", "text/plain; charset=utf-8"),
            ("text/html", BYTES),
            ("image/svg+xml", BYTES),
            ("text/javascript", BYTES),
            ("application/wasm", BYTES),
            ("text/css", BYTES),
            ("nonsense", BYTES),
            ("a/b\r\nx: y", BYTES),
            ("", BYTES),
        ] {
            assert_eq!(safe_type(&clean_type(given)), expected, "{given:?}");
        }
    }

    #[test]
    fn no_name_breaks_out_of_its_header() {
        assert_eq!(content_disposition("a.txt"), "attachment; filename=\"a.txt\"; filename*=UTF-8''a.txt");
        assert_eq!(content_disposition("a\"; x=\"é"), "attachment; filename=\"a_; x=__\"; filename*=UTF-8''a%22%3B%20x%3D%22%C3%A9");
        for nasty in ["\r\nx: y", "\0", "\u{7f}", "\\\""] {
            let header = content_disposition(nasty);
            assert!(header.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{header:?}");
            assert_eq!(header.matches('"').count(), 2, "{header:?}");
        }
    }

    #[test]
    fn the_name_of_an_upload_is_read_in_each_form() {
        for (given, expected) in [
            ("attachment; filename=\"a;b.txt\"", Some("a;b.txt")),
            ("form-data; name=\"file\"; filename=plain.txt", Some("plain.txt")),
            ("attachment; filename=\"x\\\"y\"", Some("x\"y")),
            ("attachment; filename=\"old\"; filename*=UTF-8''n%C3%A9w", Some("néw")),
            ("attachment; filename*=utf-8''100%", Some("100%")),
            ("attachment", None),
        ] {
            assert_eq!(filename_of(given).as_deref(), expected, "{given}");
        }
    }

    #[test]
    fn what_goes_out_is_read_back_as_the_same_name() {
        for name in ["a.txt", "a \"b\" é 日本.txt", "50%.txt", "'; drop"] {
            assert_eq!(filename_of(&content_disposition(name)).as_deref(), Some(name));
        }
    }
}
