//! Media types, by the ending of a file's name.
//!
//! Text is said to be UTF-8. What is not in the table is `application/octet-stream`, and every
//! response forbids browsers to guess (`X-Content-Type-Options: nosniff`): a guess turns a picture
//! that someone uploaded into a script that runs.

/// Endings in lower case, sorted, and what they mean (IANA media types registry).
const TYPES: &[(&str, &str)] = &[
    ("aac", "audio/aac"),
    ("apng", "image/apng"),
    ("atom", "application/atom+xml"),
    ("avif", "image/avif"),
    ("bmp", "image/bmp"),
    ("bz2", "application/x-bzip2"),
    ("cjs", "text/javascript; charset=utf-8"),
    ("css", "text/css; charset=utf-8"),
    ("csv", "text/csv; charset=utf-8"),
    ("epub", "application/epub+zip"),
    ("flac", "audio/flac"),
    ("gif", "image/gif"),
    ("gz", "application/gzip"),
    ("htm", "text/html; charset=utf-8"),
    ("html", "text/html; charset=utf-8"),
    ("ico", "image/vnd.microsoft.icon"),
    ("ics", "text/calendar; charset=utf-8"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("js", "text/javascript; charset=utf-8"),
    ("json", "application/json"),
    ("jsonld", "application/ld+json"),
    ("jxl", "image/jxl"),
    ("log", "text/plain; charset=utf-8"),
    ("m3u8", "application/vnd.apple.mpegurl"),
    ("m4a", "audio/mp4"),
    ("map", "application/json"),
    ("md", "text/markdown; charset=utf-8"),
    ("mjs", "text/javascript; charset=utf-8"),
    ("mp3", "audio/mpeg"),
    ("mp4", "video/mp4"),
    ("mpeg", "video/mpeg"),
    ("oga", "audio/ogg"),
    ("ogg", "audio/ogg"),
    ("ogv", "video/ogg"),
    ("opus", "audio/ogg"),
    ("otf", "font/otf"),
    ("pdf", "application/pdf"),
    ("png", "image/png"),
    ("rs", "text/plain; charset=utf-8"),
    ("rss", "application/rss+xml"),
    ("sh", "text/plain; charset=utf-8"),
    ("svg", "image/svg+xml"),
    ("tar", "application/x-tar"),
    ("tif", "image/tiff"),
    ("tiff", "image/tiff"),
    ("toml", "application/toml"),
    ("ts", "text/plain; charset=utf-8"),
    ("ttf", "font/ttf"),
    ("txt", "text/plain; charset=utf-8"),
    ("vtt", "text/vtt; charset=utf-8"),
    ("wasm", "application/wasm"),
    ("wav", "audio/wav"),
    ("weba", "audio/webm"),
    ("webm", "video/webm"),
    ("webmanifest", "application/manifest+json"),
    ("webp", "image/webp"),
    ("woff", "font/woff"),
    ("woff2", "font/woff2"),
    ("xhtml", "application/xhtml+xml"),
    ("xml", "application/xml"),
    ("yaml", "application/yaml"),
    ("yml", "application/yaml"),
    ("zip", "application/zip"),
    ("zst", "application/zstd"),
];

/// Longest ending of [`TYPES`].
const LONGEST: usize = 11;

/// The media type of a file called so.
pub fn media_type(file_name: &[u8]) -> &'static str {
    known(file_name).unwrap_or("application/octet-stream")
}

// ANCHOR: known
fn known(file_name: &[u8]) -> Option<&'static str> {
    let dot = file_name.iter().rposition(|octet| *octet == b'.')?;
    let ending = &file_name[dot + 1..];
    let mut buf = [0; LONGEST];
    let lower = buf.get_mut(..ending.len())?;
    lower.copy_from_slice(ending);
    lower.make_ascii_lowercase();
    let at = TYPES
        .binary_search_by(|(known, _)| known.as_bytes().cmp(lower))
        .ok()?;
    Some(TYPES[at].1)
}
// ANCHOR_END: known

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(file_name: &str, expected: &str) {
        assert_eq!(media_type(file_name.as_bytes()), expected, "{file_name}");
    }

    #[test]
    fn the_last_ending_counts_in_any_case() {
        check("index.html", "text/html; charset=utf-8");
        check("INDEX.HTM", "text/html; charset=utf-8");
        check("jquery.min.js", "text/javascript; charset=utf-8");
        check("site.webmanifest", "application/manifest+json");
        check("src.tar.gz", "application/gzip");
    }

    #[test]
    fn the_unknown_is_octets() {
        for name in ["README", "a.", "a.unheardof", "a.webmanifestt", "html", ""] {
            check(name, "application/octet-stream");
        }
    }

    #[test]
    fn the_table_is_sorted_and_fits() {
        assert!(TYPES.is_sorted_by(|a, b| a.0 < b.0));
        assert_eq!(
            TYPES.iter().map(|(ending, _)| ending.len()).max(),
            Some(LONGEST)
        );
    }
}
