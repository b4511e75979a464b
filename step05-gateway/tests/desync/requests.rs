//! Requests that two servers could read in two ways. Nothing but tables: whoever plays the other
//! server includes this file.

/// What must never be seen as a request of its own: the start of one, which whatever comes next completes.
const HIDDEN: &str = "GET /api/hidden HTTP/1.1\r\nHost: a\r\nX: ";

/// What follows each ambiguous request.
pub(crate) const AFTER: &str = "GET /api/after HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

/// Lengths; the content is longer than each of them.
const LENGTHS: [&str; 16] = [
    "0",
    "5",
    "5, 5",
    "+5",
    "-5",
    "5 ",
    "05",
    "0x5",
    "5\u{b}",
    "5.0",
    "5e0",
    "18446744073709551621",
    "",
    "5;5",
    " 5",
    "5\r\nContent-Length: 5",
];

/// Codings, beside a length of five.
const CODINGS: [&str; 12] = [
    "chunked",
    "identity",
    "xchunked",
    "Chunked",
    " chunked",
    "chunked, identity",
    "identity, chunked",
    "\"chunked\"",
    "chunked;q=1",
    "\u{b}chunked",
    "\r\n chunked",
    "",
];

/// Fields that hide one of the two, or say it twice.
const FIELDS: [&str; 10] = [
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
    "Transfer-Encoding : chunked\r\nContent-Length: 5",
    "Transfer_Encoding: chunked\r\nContent-Length: 5",
    "X: y\nTransfer-Encoding: chunked\r\nContent-Length: 5",
    "X: y\rTransfer-Encoding: chunked\r\nContent-Length: 5",
    "Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked",
    "Connection: Content-Length\r\nContent-Length: 5",
    "Connection: Host, Content-Length, close\r\nContent-Length: 5",
];

/// Sizes of a chunk of two octets.
const SIZES: [&str; 8] = [
    "0x2",
    "+2",
    "2 ",
    "2;\n",
    "2\n",
    "00000000000000002",
    "-2",
    "2\u{b}",
];

/// Beginnings that change what a length means.
const STARTS: [&str; 6] = [
    "GET /api/seen HTTP/1.0\r\nTransfer-Encoding: chunked",
    "GET /api/seen HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: upgrade\r\nContent-Length: 5",
    "GET /api/seen HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5",
    "HEAD /api/seen HTTP/1.1\r\nHost: a\r\nContent-Length: 5",
    "GET /api/seen\r\nHost: a HTTP/1.1\r\nContent-Length: 5",
    "GET /api/seen HTTP/1.1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5",
];

/// Requests with content in which another one stands, as far as `end`.
pub(crate) fn ambiguous(end: &str) -> Vec<String> {
    const POST: &str = "POST /api/seen HTTP/1.1\r\nHost: a\r\n";
    let hidden = format!("0\r\n\r\n{HIDDEN}{end}");
    let whole = hidden.len();
    let post = |fields: &str| format!("{POST}{fields}\r\n\r\n{hidden}");
    let mut all: Vec<String> = FIELDS.map(post).into();
    for length in LENGTHS {
        all.push(post(&format!("Content-Length: {length}")));
    }
    for coding in CODINGS {
        for length in [5, whole] {
            let length = format!("Content-Length: {length}");
            all.push(post(&format!("{length}\r\nTransfer-Encoding: {coding}")));
        }
    }
    for name in ["Content-Length", "Content-Length "] {
        all.push(post(&format!("Content-Length: 5\r\n{name}: {whole}")));
        all.push(post(&format!("{name}: {whole}\r\nContent-Length: 5")));
    }
    all.push(post(&format!("Content-Length: {whole}")));
    for size in SIZES {
        let chunks = format!("{size}\r\nab\r\n0\r\n\r\n{HIDDEN}{end}");
        all.push(format!("{POST}Transfer-Encoding: chunked\r\n\r\n{chunks}"));
    }
    all.extend(STARTS.map(|start| format!("{start}\r\n\r\n{hidden}")));
    all
}
