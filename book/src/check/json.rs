//! The outcome as one JSON document, for programs that grade a class.
//!
//! ```text
//! {"checks":[{"id":"2a","title":"…","chapter":"2.1","seconds":0.2,"verdict":"passed"},
//!            {"id":"2c",…,"verdict":"failed","finding":{"what":"…","sent":"…",…}}]}
//! ```
//!
//! Octets are shown as in the printed report: text with escapes, such as `\r\n` and `\xff`.

use super::Outcome;
use check::grader::{Finding, Problem};
use std::fmt::Write;

/// The document, without a line end.
pub(super) fn document(outcomes: &[Outcome]) -> String {
    let rows: Vec<String> = outcomes.iter().map(row).collect();
    format!("{{\"checks\":[{}]}}", rows.join(","))
}

/// One check of it.
pub(super) fn row(outcome: &Outcome) -> String {
    let check = &outcome.check;
    let fields = [
        ("id", quoted(check.id)),
        ("title", quoted(check.title)),
        ("chapter", quoted(check.chapter)),
        ("seconds", format!("{:.3}", outcome.took.as_secs_f64())),
    ];
    let verdict = match &outcome.verdict {
        Ok(()) => vec![("verdict", quoted("passed"))],
        Err(Problem::Wrong(wrong)) => {
            vec![("verdict", quoted("failed")), ("finding", finding(wrong))]
        }
        Err(Problem::NotServing(why)) => {
            vec![("verdict", quoted("not serving")), ("why", quoted(why))]
        }
        Err(Problem::NotJudged(why)) => {
            vec![("verdict", quoted("not judged")), ("why", quoted(why))]
        }
    };
    object(fields.into_iter().chain(verdict))
}

fn finding(finding: &Finding) -> String {
    let octets = |octets: &[u8]| quoted(&octets.escape_ascii().to_string());
    let number = |number: Option<usize>| number.map_or("null".into(), |n| n.to_string());
    let cuts: Vec<String> = finding.cuts.iter().map(usize::to_string).collect();
    object([
        ("what", quoted(finding.proof.what)),
        ("sent", octets(&finding.sent)),
        ("cuts", format!("[{}]", cuts.join(","))),
        ("received", octets(&finding.received)),
        ("at", number(finding.at)),
        ("expected", quoted(&finding.expected)),
        (
            "died",
            finding.died.as_deref().map_or("null".into(), quoted),
        ),
        ("rule", quoted(finding.proof.rule)),
    ])
}

fn object<'f>(fields: impl IntoIterator<Item = (&'f str, String)>) -> String {
    let pairs = fields
        .into_iter()
        .map(|(name, value)| format!("\"{name}\":{value}"));
    format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))
}

/// Source: RFC 8259 §7
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\0'..='\x1f' => {
                write!(quoted, "\\u{:04x}", u32::from(c)).expect("a String takes everything");
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_json_does_not_allow_in_a_string_is_escaped() {
        assert_eq!(quoted("a\"b\\c\n\u{e9}"), "\"a\\\"b\\\\c\\u000a\u{e9}\"");
    }
}
