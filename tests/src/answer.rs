//! A response as it came: the head's octets, its parts, and the decoded content.
//!
//! The grader reads responses by itself, with none of the course's own parsing, so that a mistake in one
//! does not hide the same mistake in the other. It is deliberately unforgiving: what a
//! server under test sends has to be exactly right.

/// Whether the request was a HEAD, whose answer has no content whatever its fields say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// HEAD.
    Head,
    /// Any other method.
    Other,
}

/// One response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Status line and field lines as they came, with the empty line after them.
    pub head: Vec<u8>,
    /// The status code.
    pub status: u16,
    /// Field names and values, in order, whitespace around the values removed.
    pub fields: Vec<(String, Vec<u8>)>,
    /// The content, chunk framing removed.
    pub content: Vec<u8>,
}

/// Where content ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    After(u64),
    LastChunk,
    Close,
}

/// What is wrong with the octets of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed {
    /// One sentence.
    pub what: &'static str,
    /// Offset of the first octet at fault, from the first of the head.
    pub at: usize,
}

impl Answer {
    /// Takes a complete head apart.
    ///
    /// # Errors
    /// Whatever RFC 9112 §4 and §5 do not allow a server to send.
    ///
    /// Source: RFC 9112 §4, §5
    pub fn parse(head: &[u8]) -> Result<Answer, Malformed> {
        let refuse = |what, at| Err(Malformed { what, at });
        let Some(lines) = head.strip_suffix(b"\r\n\r\n") else {
            return refuse("the head does not end in an empty line", head.len());
        };
        if let Some(at) = bare_line_end(head) {
            return refuse("a CR or a LF stands alone", at);
        }
        let text = split_lines(lines);
        let status = match text.first() {
            Some((_, line)) => parse_status_line(line)?,
            None => return refuse("there is no status line", 0),
        };
        let mut fields = Vec::with_capacity(text.len());
        for (at, line) in &text[1..] {
            fields.push(parse_field(line, *at)?);
        }
        Ok(Answer {
            head: head.to_vec(),
            status,
            fields,
            content: Vec::new(),
        })
    }

    /// The value of the first field of that name.
    pub fn field(&self, name: &str) -> Option<&[u8]> {
        self.fields
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_slice())
    }

    /// The number of fields of that name.
    pub fn count(&self, name: &str) -> usize {
        self.fields
            .iter()
            .filter(|(n, _)| n.eq_ignore_ascii_case(name))
            .count()
    }

    /// Whether it says that the connection ends after it.
    pub fn says_close(&self) -> bool {
        self.field("Connection")
            .is_some_and(|value| value.eq_ignore_ascii_case(b"close"))
    }

    /// The head with the value of `Date` replaced by stars: the part that may differ between
    /// two answers to the same request.
    pub fn masked_head(&self) -> Vec<u8> {
        const DATE: &[u8] = b"\r\nDate: ";
        let mut head = self.head.clone();
        let start = head
            .windows(DATE.len())
            .position(|window| window.eq_ignore_ascii_case(DATE));
        if let Some(start) = start {
            let value = &mut head[start + DATE.len()..];
            let len = value.iter().position(|&octet| octet == b'\r');
            value[..len.unwrap_or(0)].fill(b'*');
        }
        head
    }

    /// Decides where the content ends.
    ///
    /// # Errors
    /// Framing that two readers could read differently.
    ///
    /// Source: RFC 9112 §6.3
    pub(crate) fn end(&self, asked: Asked) -> Result<End, Malformed> {
        let refuse = |what| Err(Malformed { what, at: 0 });
        let (lengths, codings) = (
            self.count("Content-Length"),
            self.count("Transfer-Encoding"),
        );
        if lengths + codings > 1 {
            return refuse("the framing is stated more than once");
        }
        let none =
            asked == Asked::Head || self.status / 100 == 1 || matches!(self.status, 204 | 304);
        if none && (self.status / 100 == 1 || self.status == 204) && lengths + codings > 0 {
            return refuse("1xx and 204 have no Content-Length and no Transfer-Encoding");
        }
        if none {
            return Ok(End::After(0));
        }
        if let Some(value) = self.field("Transfer-Encoding") {
            return match value {
                b"chunked" => Ok(End::LastChunk),
                _ => refuse("Transfer-Encoding is not `chunked`"),
            };
        }
        match self.field("Content-Length") {
            None => Ok(End::Close),
            Some(value) => match digits(value) {
                Some(length) => Ok(End::After(length)),
                None => refuse("Content-Length is no number"),
            },
        }
    }
}

/// Reads a number of decimal digits and nothing else.
pub(crate) fn digits(text: &[u8]) -> Option<u64> {
    let text = str::from_utf8(text).ok()?;
    let plain = !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

/// Reads a chunk size; extensions are for servers that are asked to send them, and ours never is.
pub(crate) fn chunk_size(line: &[u8]) -> Option<u64> {
    let text = str::from_utf8(line).ok()?;
    let plain = !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_hexdigit());
    plain.then(|| u64::from_str_radix(text, 16).ok()).flatten()
}

/// The offset of a CR without LF or a LF without CR.
fn bare_line_end(head: &[u8]) -> Option<usize> {
    (0..head.len()).find(|&at| match head[at] {
        b'\r' => head.get(at + 1) != Some(&b'\n'),
        b'\n' => at == 0 || head[at - 1] != b'\r',
        _ => false,
    })
}

/// Lines and their offsets; every line end is known to be CR LF.
fn split_lines(lines: &[u8]) -> Vec<(usize, &[u8])> {
    let mut at = 0;
    let mut found = Vec::new();
    for line in lines.split(|&octet| octet == b'\n') {
        found.push((at, line.strip_suffix(b"\r").unwrap_or(line)));
        at += line.len() + 1;
    }
    found
}

fn parse_status_line(line: &[u8]) -> Result<u16, Malformed> {
    let refuse = |what, at| Err(Malformed { what, at });
    let Some(rest) = line.strip_prefix(b"HTTP/1.1 ") else {
        return refuse("the status line does not begin with `HTTP/1.1 `", 0);
    };
    let Some((code, phrase)) = rest.split_at_checked(3) else {
        return refuse("the status code is not three digits", 9);
    };
    let status = match digits(code).map(u16::try_from) {
        Some(Ok(status)) if status >= 100 => status,
        _ => return refuse("the status code is not three digits", 9),
    };
    // The space is there even where the phrase is empty.
    if !phrase.starts_with(b" ") {
        return refuse("no space follows the status code", 12);
    }
    Ok(status)
}

/// Reads a field line, which begins at that offset.
pub(crate) fn parse_field(line: &[u8], at: usize) -> Result<(String, Vec<u8>), Malformed> {
    let refuse = |what, offset| {
        Err(Malformed {
            what,
            at: at + offset,
        })
    };
    let Some(colon) = line.iter().position(|&octet| octet == b':') else {
        return refuse("a field line has no colon", 0);
    };
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    if name.is_empty() || !name.iter().all(|&octet| is_token(octet)) {
        return refuse("a field name is not a token", 0);
    }
    let control = |octet: &u8| (*octet < b' ' && *octet != b'\t') || *octet == 0x7f;
    if let Some(offset) = value.iter().position(control) {
        return refuse(
            "a control character stands in a field value",
            colon + 1 + offset,
        );
    }
    let name = String::from_utf8_lossy(name).into_owned();
    Ok((name, value.trim_ascii().to_vec()))
}

fn is_token(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&octet)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(head: &[u8], expected: Result<u16, usize>) {
        let parsed = Answer::parse(head).map(|a| a.status).map_err(|m| m.at);
        assert_eq!(parsed, expected, "{}", head.escape_ascii());
    }

    #[test]
    fn well_formed_heads_are_read() {
        check(b"HTTP/1.1 200 OK\r\n\r\n", Ok(200));
        check(b"HTTP/1.1 299 \r\nA: b\r\n\r\n", Ok(299));
    }

    #[test]
    fn malformed_heads_are_refused_where_they_are_wrong() {
        check(b"HTTP/1.0 200 OK\r\n\r\n", Err(0));
        check(b"HTTP/1.1 20 OK\r\n\r\n", Err(9));
        check(b"HTTP/1.1 200\r\n\r\n", Err(12));
        check(b"HTTP/1.1 200 OK\nA: b\r\n\r\n", Err(15));
        check(b"HTTP/1.1 200 OK\r\nA : b\r\n\r\n", Err(17));
        check(b"HTTP/1.1 200 OK\r\nA: b\0\r\n\r\n", Err(21));
        check(b"HTTP/1.1 200 OK\r\nA\r\n\r\n", Err(17));
        check(b"HTTP/1.1 200 OK\r\n", Err(17));
    }

    #[test]
    fn ambiguous_framing_is_refused() {
        let end = |fields: &str, asked| {
            let head = format!("HTTP/1.1 200 OK\r\n{fields}\r\n");
            Answer::parse(head.as_bytes()).unwrap().end(asked).ok()
        };
        assert_eq!(
            end("Content-Length: 3\r\n", Asked::Other),
            Some(End::After(3))
        );
        assert_eq!(
            end("Content-Length: 3\r\n", Asked::Head),
            Some(End::After(0))
        );
        assert_eq!(end("", Asked::Other), Some(End::Close));
        let chunked = "Transfer-Encoding: chunked\r\n";
        assert_eq!(end(chunked, Asked::Other), Some(End::LastChunk));
        assert_eq!(end("Content-Length: +3\r\n", Asked::Other), None);
        let both = "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n";
        assert_eq!(end(both, Asked::Other), None);
    }

    #[test]
    fn masking_hides_the_date_alone() {
        let head = b"HTTP/1.1 200 OK\r\nDate: Sun\r\nA: b\r\n\r\n";
        let answer = Answer::parse(head).unwrap();
        let masked = b"HTTP/1.1 200 OK\r\nDate: ***\r\nA: b\r\n\r\n";
        assert_eq!(answer.masked_head(), masked);
    }
}
