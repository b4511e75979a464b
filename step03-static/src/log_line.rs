//! One line of an access log.
//!
//! ```text
//! 127.0.0.1 - - [06/Nov/1994:08:49:37 +0000] "GET /a HTTP/1.1" 200 12 "-" "curl/8.5" 0.000153
//! {"time":"1994-11-06T08:49:37Z","peer":"127.0.0.1","method":"GET","target":"/a", … }
//! ```
//!
//! Almost everything in it was chosen by a stranger, and is read by people in terminals and by
//! programs that split at quotes and line ends. So whatever could end a string or a line, or
//! command a terminal, is written as an escape: one response is one line, whatever was asked.

use crate::respond::text_of;
use http_parse::{HttpDate, RequestHead, Version};
use std::fmt::Write as _;
use std::net::IpAddr;
use std::time::Duration;

/// Octets of a target or a field's value that are kept; there is more of it only in attacks, and
/// the lines that wait to be written have to fit in memory.
const MAX_VALUE: usize = 1024;

/// How a line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// The combined format of Apache and nginx, and the seconds that the answer took behind it.
    Combined,
    /// A JSON object.
    Json,
}

/// What is known of a request that was answered.
#[derive(Debug)]
pub(crate) struct Asked {
    method: Box<str>,
    target: Box<[u8]>,
    version: Version,
    referer: Option<Box<[u8]>>,
    agent: Option<Box<[u8]>>,
}

/// What a line tells.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) peer: IpAddr,
    /// When the answer began.
    pub(crate) date: HttpDate,
    /// `None` when the request could not be read.
    pub(crate) asked: Option<Asked>,
    pub(crate) status: u16,
    /// Octets of content that were sent.
    pub(crate) octets: u64,
    pub(crate) duration: Duration,
}

impl Asked {
    pub(crate) fn new(head: &RequestHead) -> Asked {
        let field = |name| head.fields.get(name).map(cut);
        Asked {
            method: head.method.as_str().into(),
            target: cut(head.target.raw()),
            version: head.version,
            referer: field("Referer"),
            agent: field("User-Agent"),
        }
    }
}

impl Line {
    /// Appends the line, its end included.
    pub(crate) fn write(&self, format: LogFormat, into: &mut String) {
        let written = match format {
            LogFormat::Combined => self.write_combined(into),
            LogFormat::Json => self.write_json(into),
        };
        written.expect("a String takes every text");
    }

    fn write_combined(&self, into: &mut String) -> std::fmt::Result {
        let date = self.date.format();
        let date = text_of(&date);
        let (day, month, year, time) = (&date[5..7], &date[8..11], &date[12..16], &date[17..25]);
        write!(
            into,
            "{} - - [{day}/{month}/{year}:{time} +0000] \"",
            self.peer
        )?;
        match &self.asked {
            Some(asked) => {
                let target = asked.target.escape_ascii();
                write!(into, "{} {target} {}", asked.method, asked.version)?;
            }
            None => into.push('-'),
        }
        write!(into, "\" {} {}", self.status, self.octets)?;
        let asked = self.asked.as_ref();
        for value in [
            asked.and_then(|asked| asked.referer.as_deref()),
            asked.and_then(|asked| asked.agent.as_deref()),
        ] {
            write!(into, " \"{}\"", value.unwrap_or(b"-").escape_ascii())?;
        }
        writeln!(into, " {:.6}", self.duration.as_secs_f64())
    }

    fn write_json(&self, into: &mut String) -> std::fmt::Result {
        write!(into, "{{\"time\":\"{}\"", rfc3339(self.date))?;
        write!(into, ",\"peer\":\"{}\"", self.peer)?;
        if let Some(asked) = &self.asked {
            write_member("method", asked.method.as_bytes(), into)?;
            write_member("target", &asked.target, into)?;
            write!(into, ",\"version\":\"{}\"", asked.version)?;
        }
        write!(
            into,
            ",\"status\":{},\"octets\":{}",
            self.status, self.octets
        )?;
        let asked = self.asked.as_ref();
        if let Some(referer) = asked.and_then(|asked| asked.referer.as_deref()) {
            write_member("referer", referer, into)?;
        }
        if let Some(agent) = asked.and_then(|asked| asked.agent.as_deref()) {
            write_member("agent", agent, into)?;
        }
        writeln!(into, ",\"seconds\":{:.6}}}", self.duration.as_secs_f64())
    }
}

fn cut(value: &[u8]) -> Box<[u8]> {
    value[..value.len().min(MAX_VALUE)].into()
}

/// A JSON string holds text (RFC 8259 §8.1), so octets that are no UTF-8 show as U+FFFD.
fn write_member(name: &str, value: &[u8], into: &mut String) -> std::fmt::Result {
    write!(into, ",\"{name}\":\"")?;
    for character in String::from_utf8_lossy(value).chars() {
        match character {
            '"' | '\\' => write!(into, "\\{character}")?,
            // DEL and U+0080 to U+009F too: JSON allows them, and terminals obey them.
            control if control.is_control() => write!(into, "\\u{:04x}", u32::from(control))?,
            other => into.push(other),
        }
    }
    into.push('"');
    Ok(())
}

/// `Sun, 06 Nov 1994 08:49:37 GMT` as `1994-11-06T08:49:37Z` (RFC 3339 §5.6).
fn rfc3339(date: HttpDate) -> String {
    let text = date.format();
    let text = text_of(&text);
    let months = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let month = months.find(&text[8..11]).map_or(0, |at| at / 3 + 1);
    let (year, day, time) = (&text[12..16], &text[5..7], &text[17..25]);
    format!("{year}-{month:02}-{day}T{time}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(target: &[u8], agent: Option<&[u8]>) -> Line {
        Line {
            peer: "::1".parse().unwrap(),
            date: HttpDate {
                seconds: 784_111_777,
            },
            asked: Some(Asked {
                method: "GET".into(),
                target: cut(target),
                version: Version::Http11,
                referer: None,
                agent: agent.map(cut),
            }),
            status: 206,
            octets: 12,
            duration: Duration::from_micros(1_000_153),
        }
    }

    #[track_caller]
    fn check(format: LogFormat, line: &Line, expected: &str) {
        let mut text = String::new();
        line.write(format, &mut text);
        assert_eq!(text, format!("{expected}\n"));
    }

    #[test]
    fn a_line_tells_who_what_and_how_long() {
        let told = line(b"/a?b", Some(b"curl"));
        check(
            LogFormat::Combined,
            &told,
            "::1 - - [06/Nov/1994:08:49:37 +0000] \"GET /a?b HTTP/1.1\" 206 12 \"-\" \"curl\" 1.000153",
        );
        check(
            LogFormat::Json,
            &told,
            "{\"time\":\"1994-11-06T08:49:37Z\",\"peer\":\"::1\",\"method\":\"GET\",\
             \"target\":\"/a?b\",\"version\":\"HTTP/1.1\",\"status\":206,\"octets\":12,\
             \"agent\":\"curl\",\"seconds\":1.000153}",
        );
    }

    #[test]
    fn a_request_that_could_not_be_read_has_its_line() {
        let mut told = line(b"", None);
        told.asked = None;
        check(
            LogFormat::Combined,
            &told,
            "::1 - - [06/Nov/1994:08:49:37 +0000] \"-\" 206 12 \"-\" \"-\" 1.000153",
        );
        check(
            LogFormat::Json,
            &told,
            "{\"time\":\"1994-11-06T08:49:37Z\",\"peer\":\"::1\",\"status\":206,\"octets\":12,\
             \"seconds\":1.000153}",
        );
    }

    #[test]
    fn no_value_can_end_its_string_or_its_line_or_command_a_terminal() {
        let values: Vec<Vec<u8>> = (0..=255).map(|octet| vec![b'x', octet, b'"']).collect();
        for value in values {
            for format in [LogFormat::Combined, LogFormat::Json] {
                let mut text = String::new();
                line(b"/", Some(&value)).write(format, &mut text);
                let (line, rest) = text.split_once('\n').unwrap();
                assert_eq!(rest, "", "{text:?}");
                assert!(!line.contains(char::is_control), "{text:?}");
                assert!(line.contains("\\\""), "{text:?}");
            }
        }
    }

    #[test]
    fn json_keeps_text_and_marks_what_is_none() {
        let mut text = String::new();
        line("/é".as_bytes(), Some(b"\xff\t\\")).write(LogFormat::Json, &mut text);
        assert!(text.contains("\"target\":\"/é\""), "{text}");
        assert!(text.contains("\"agent\":\"\u{fffd}\\u0009\\\\\""), "{text}");
    }

    #[test]
    fn long_values_are_cut() {
        for (len, kept) in [(1024, 1024), (1025, 1024)] {
            assert_eq!(cut(&vec![b'a'; len]).len(), kept);
        }
    }
}
