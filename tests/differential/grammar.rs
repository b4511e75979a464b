//! Requests drawn from the grammar, mostly valid, and then spoilt a little.
//!
//! Octets drawn at random are refused at the first of them and test nothing behind it. So a request
//! is put together from parts that are right, or nearly so, and a few octets of it are changed: that
//! reaches every corner of a parser, and the places between two of them.

use arbtest::arbitrary::{Result, Unstructured};

/// One of several in most cases, and now and then one of others.
struct Mostly {
    usual: &'static [&'static [u8]],
    odd: &'static [&'static [u8]],
}

impl Mostly {
    fn draw(&self, u: &mut Unstructured<'_>) -> Result<&'static [u8]> {
        let from = if u.ratio(1, 8)? { self.odd } else { self.usual };
        u.choose(from).copied()
    }
}

const METHODS: Mostly = Mostly {
    usual: &[
        b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"OPTIONS", b"PATCH", b"TRACE", b"get",
    ],
    odd: &[
        b"CONNECT",
        b"M-SEARCH",
        b"!#$%&'*+-.^_`|~",
        b"MMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMM",
    ],
};

const TARGETS: Mostly = Mostly {
    usual: &[
        b"/",
        b"/a/b",
        b"/a?b=c&d",
        b"/?[a]|^{b}\\`\"<>",
        b"//a//",
        b"/%2e%2e/%00",
        b"/caf\xc3\xa9",
        b"/a/rather/long/path/of/many/segments/for/readers/of/many/octets/at/once.html",
        b"http://a.example/b",
        b"HTTP://a:8?c",
    ],
    odd: &[
        b"/\xff",
        b"/#a",
        b"*",
        b"a.example:443",
        b"[::1]:80",
        b"http://u@a/",
        b"http://:80/",
        b"ftp://a/",
        b"https://a/",
        b"a",
        b"?a",
    ],
};

const VERSIONS: Mostly = Mostly {
    usual: &[b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.0"],
    odd: &[
        b"HTTP/1.2",
        b"HTTP/1.9",
        b"HTTP/2.0",
        b"HTTP/0.9",
        b"HTTP/1",
        b"http/1.1",
        b"HTTP/1.10",
    ],
};

const HOSTS: Mostly = Mostly {
    usual: &[
        b"x",
        b"a.example:8080",
        b"",
        b"[::1]:80",
        b"a_b.c%20d",
        b"127.0.0.1",
    ],
    odd: &[b"a b", b"a@b", b":80", b"a:65536", b"::1", b"a/b", b"\xe9"],
};

/// Values, with all that may stand inside and around one.
const VALUES: Mostly = Mostly {
    usual: &[
        b"b",
        b"",
        b"b c\td",
        b"\"b, \\\"c\"",
        b"\x80\xff",
        b"keep-alive, x",
        b"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
        b"caf\xc3\xa9 au lait,\tfor readers of many octets at once\xff",
        b"a:b",
    ],
    odd: &[b"close", b" \t"],
};

/// Names of fields that nothing depends on.
const NAMES: &[&str] = &[
    "A",
    "Accept",
    "x-y_z",
    "!#$%&'*+-.^_`|~",
    "Cookie",
    "Access-Control-Request-Headers",
    "Connection",
];

/// What is put around a value.
const PADDING: &[&str] = &["", " ", " ", "\t", " \t "];

/// Octets that mean something to some reader.
const TELLING: &[u8] = b"\r\n\0 \t\x0b\x7f:;,/?#@[]%*0159afxX+-_\x16\x80\xff";

/// Pieces of text that mean something to some reader.
const PIECES: &[&[u8]] = &[
    b"\r\n",
    b"\n",
    b"\r",
    b"\r\n\r\n",
    b"\r\n ",
    b": ",
    b" :",
    b"0\r\n\r\n",
    b"Host: y\r\n",
    b"5\r\n",
    b"Content-Length: 5\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b" HTTP/1.1",
    b"GET / HTTP/1.1\r\n",
];

/// Draws a head; nothing in it announces a body.
pub(crate) fn head(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let mut head = Vec::new();
    start(u, &mut head)?;
    head.extend_from_slice(b"\r\n");
    Ok(head)
}

/// Draws a whole request.
pub(crate) fn request(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let mut request = Vec::new();
    start(u, &mut request)?;
    match u.int_in_range(0..=3)? {
        0 => request.extend_from_slice(b"\r\n"),
        1 => counted(u, &mut request)?,
        _ => chunked(u, &mut request)?,
    }
    Ok(request)
}

/// Request line and field lines, without the empty line after them.
fn start(u: &mut Unstructured<'_>, out: &mut Vec<u8>) -> Result<()> {
    if u.ratio(1, 8)? {
        let lines = u.int_in_range(1..=9)?;
        out.extend(b"\r\n".repeat(lines));
    }
    out.extend_from_slice(METHODS.draw(u)?);
    out.push(b' ');
    out.extend_from_slice(TARGETS.draw(u)?);
    out.push(b' ');
    out.extend_from_slice(VERSIONS.draw(u)?);
    out.extend_from_slice(b"\r\n");
    for _ in 0..u.int_in_range(0..=3)? {
        field(u, NAMES, &VALUES, out)?;
    }
    let hosts = if u.ratio(1, 8)? {
        *u.choose(&[0, 2])?
    } else {
        1
    };
    for _ in 0..hosts {
        field(u, &["Host", "hOST"], &HOSTS, out)?;
    }
    for _ in 0..u.int_in_range(0..=2)? {
        field(u, NAMES, &VALUES, out)?;
    }
    Ok(())
}

fn field(
    u: &mut Unstructured<'_>,
    names: &[&str],
    values: &Mostly,
    out: &mut Vec<u8>,
) -> Result<()> {
    out.extend_from_slice(u.choose(names)?.as_bytes());
    out.push(b':');
    out.extend_from_slice(u.choose(PADDING)?.as_bytes());
    out.extend_from_slice(values.draw(u)?);
    out.extend_from_slice(u.choose(PADDING)?.as_bytes());
    out.extend_from_slice(b"\r\n");
    Ok(())
}

/// A length, the empty line, and content that is mostly as long.
fn counted(u: &mut Unstructured<'_>, out: &mut Vec<u8>) -> Result<()> {
    let content = content(u)?;
    let length = match u.int_in_range(0..=9)? {
        0 => content.len() + 1,
        1 => content.len() / 2,
        _ => content.len(),
    };
    out.extend_from_slice(format!("Content-Length: {length}\r\n\r\n").as_bytes());
    out.extend_from_slice(&content);
    Ok(())
}

/// A coding, the empty line, chunks and trailers.
fn chunked(u: &mut Unstructured<'_>, out: &mut Vec<u8>) -> Result<()> {
    out.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
    for _ in 0..u.int_in_range(0..=3)? {
        let content = content(u)?;
        if content.is_empty() {
            continue;
        }
        let extension = u.choose(&["", "", ";a", " ;a=\"b\" ", ";;", " "])?;
        out.extend_from_slice(format!("{:x}{extension}\r\n", content.len()).as_bytes());
        out.extend_from_slice(&content);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(u.choose(&["0", "0", "000", "0;a"])?.as_bytes());
    out.extend_from_slice(b"\r\n");
    for _ in 0..u.int_in_range(0..=1)? {
        field(u, &["A", "Digest", "Host"], &VALUES, out)?;
    }
    out.extend_from_slice(b"\r\n");
    Ok(())
}

fn content(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let mut content = Vec::new();
    for _ in 0..u.int_in_range(0..=3)? {
        content.extend_from_slice(u.choose(PIECES)?);
        content.extend_from_slice(&b"hello, world"[..u.int_in_range(0..=12)?]);
    }
    Ok(content)
}

/// Changes a few places, or none.
pub(crate) fn spoil(u: &mut Unstructured<'_>, octets: &mut Vec<u8>) -> Result<()> {
    if u.ratio(2, 5)? {
        return Ok(());
    }
    for _ in 0..u.int_in_range(1..=3)? {
        if octets.is_empty() {
            return Ok(());
        }
        let at = u.int_in_range(0..=octets.len() - 1)?;
        match u.int_in_range(0..=5)? {
            0 => drop(octets.remove(at)),
            1 => octets.insert(at, *u.choose(TELLING)?),
            2 => octets[at] = *u.choose(TELLING)?,
            3 => octets[at] = u.arbitrary()?,
            4 => drop(octets.splice(at..at, u.choose(PIECES)?.iter().copied())),
            _ => octets.truncate(at),
        }
    }
    Ok(())
}

/// Draws where some octets are cut, ascending.
pub(crate) fn cuts(u: &mut Unstructured<'_>, len: usize) -> Result<Vec<usize>> {
    let count = u.int_in_range(0..=12)?;
    let mut cuts = Vec::with_capacity(count);
    for _ in 0..count {
        cuts.push(u.int_in_range(0..=len)?);
    }
    cuts.sort_unstable();
    Ok(cuts)
}
