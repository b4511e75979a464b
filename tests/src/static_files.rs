//! Scenarios of step 3: paths, folders, validators, ranges.

use crate::expected::Expected;
use crate::scenario::{Act, Scenario};
use crate::site::{MODIFIED, big};

/// A date before every file's.
const EARLIER: &str = "Tue, 31 Dec 2019 23:59:59 GMT";

/// Everything about files as responses.
pub fn scenarios() -> Vec<Scenario> {
    let mut all = paths();
    all.extend(media_types());
    all.extend(preconditions());
    all.extend(ranges());
    all
}

fn digits() -> Expected {
    Expected::status(200).content("0123456789")
}

fn paths() -> Vec<Scenario> {
    let get = |name, target, answer: Expected| {
        Scenario::get(name, target, "")
            .answered(answer)
            .by("course rules 13 to 17", "3.1")
    };
    let ok = |content: &str| Expected::status(200).content(content);
    let moved = |to: &str| Expected::status(301).field("Location", to);
    let status = Expected::status;
    vec![
        get("an empty file", "/empty.txt", ok("")),
        get("an escaped space", "/a%20b.txt", ok("space")),
        get("dot segments", "/sub/../digits.txt", digits()),
        get("a folder without slash", "/sub", moved("/sub/")),
        get("its query is kept", "/sub?a=b", moved("/sub/?a=b")),
        get("never another host", "//sub", moved("/sub/")),
        get("a folder without index", "/bare/", status(403)),
        get("above the root", "/../canary", status(400)),
        get("above the root, escaped", "/%2e%2e/canary", status(400)),
        get("an escaped slash", "/..%2fcanary", status(404)),
        get("an escaped NUL", "/digits.txt%00", status(400)),
        get("half an escape", "/%4", status(400)),
        get("a hidden file", "/.hidden", status(404)),
        get("a missing file", "/missing", status(404)),
        get("a file with a slash", "/digits.txt/", status(404)),
    ]
}

fn media_types() -> Vec<Scenario> {
    let get = |name, target, media_type: &str| {
        let answer = Expected::status(200).field("Content-Type", media_type);
        Scenario::get(name, target, "")
            .answered(answer)
            .by("RFC 9110 §8.3", "3.2")
    };
    vec![
        get("a text", "/digits.txt", "text/plain; charset=utf-8"),
        get("a page", "/index.html", "text/html; charset=utf-8"),
        get("a folder's page", "/", "text/html; charset=utf-8"),
        get("another folder's page", "/sub/", "text/html; charset=utf-8"),
    ]
}

fn preconditions() -> Vec<Scenario> {
    let get = |name, lines: String, answer| {
        Scenario::get(name, "/digits.txt", &lines)
            .answered(answer)
            .by("RFC 9110 §13.2.2", "3.3")
    };
    let unmodified = || Expected::status(304).with("ETag").content("");
    let since = |date: &str| format!("If-Modified-Since: {date}\r\n");
    let failed = || Expected::status(412);
    vec![
        get(
            "validators",
            String::new(),
            digits().with("ETag").field("Last-Modified", MODIFIED),
        ),
        get("any tag", "If-None-Match: *\r\n".into(), unmodified()),
        get("another tag", "If-None-Match: \"x\"\r\n".into(), digits()),
        get("not modified since", since(MODIFIED), unmodified()),
        get("modified since", since(EARLIER), digits()),
        get("since no date", since("yesterday"), digits()),
        get(
            "a tag beats a date",
            since(MODIFIED) + "If-None-Match: \"x\"\r\n",
            digits(),
        ),
        get(
            "a tag beats a range",
            "If-None-Match: *\r\nRange: bytes=0-4\r\n".into(),
            unmodified(),
        ),
        get("If-Match fails", "If-Match: \"x\"\r\n".into(), failed()),
        get("If-Match of anything", "If-Match: *\r\n".into(), digits()),
        get(
            "modified meanwhile",
            format!("If-Unmodified-Since: {EARLIER}\r\n"),
            failed(),
        ),
    ]
}

fn ranges() -> Vec<Scenario> {
    let get = |name, lines: String, answer: Expected| {
        Scenario::get(name, "/digits.txt", &lines)
            .answered(answer)
            .by("RFC 9110 §14.2", "3.4")
    };
    let bytes = |range: &str| format!("Range: bytes={range}\r\n");
    let part = |range: &str, content: &str| {
        Expected::status(206)
            .field("Content-Range", format!("bytes {range}/10"))
            .field("Content-Length", content.len().to_string())
            .content(content)
    };
    let unsatisfiable = || Expected::status(416).field("Content-Range", "bytes */10");
    let if_range = |validator: &str| bytes("0-4") + &format!("If-Range: {validator}\r\n");
    let head = format!(
        "HEAD /digits.txt HTTP/1.1\r\nHost: a\r\n{}\r\n",
        bytes("0-4")
    );
    vec![
        get("the first five", bytes("0-4"), part("0-4", "01234")),
        get("the last five", bytes("-5"), part("5-9", "56789")),
        get("from the ninth on", bytes("8-"), part("8-9", "89")),
        get("beyond the end is cut", bytes("8-99"), part("8-9", "89")),
        get("past the end", bytes("10-"), unsatisfiable()),
        get("an empty range of the last", bytes("-0"), unsatisfiable()),
        get("backwards is ignored", bytes("5-2"), digits()),
        get(
            "another unit is ignored",
            "Range: lines=0-4\r\n".into(),
            digits(),
        ),
        get("If-Range holds", if_range(MODIFIED), part("0-4", "01234")),
        get("If-Range is stale", if_range(EARLIER), digits()),
        Scenario::sending("HEAD has no ranges", head)
            .answered(Expected::head(200).field("Content-Length", "10"))
            .by("RFC 9110 §14.2", "3.4"),
    ]
}

/// A file larger than every buffer between the disk and the client.
pub fn big_file() -> Scenario {
    Scenario::get(
        "a file larger than every buffer",
        "/big.bin",
        "Connection: close\r\n",
    )
    .then(Act::CloseWrite)
    .answered(Expected::status(200).content(big()))
    .closed()
    .by("RFC 9112 §6.3", "3.5")
}
