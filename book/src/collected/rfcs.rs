//! Which documents the chapters go by, and which of their sections.

use super::{Page, places};
use std::collections::BTreeMap;

/// What each is about; one that is missing here stands in the table without a title.
const TITLES: [(&str, &str); 14] = [
    ("2616", "HTTP/1.1 as it was until 2014"),
    ("3875", "The Common Gateway Interface"),
    ("3986", "URI: generic syntax"),
    ("5861", "Stale content in caches"),
    ("6455", "WebSocket"),
    ("6585", "Statuses 428, 429, 431 and 511"),
    ("7230", "HTTP/1.1 messages, until 2022"),
    ("7239", "Forwarded"),
    ("7617", "Basic authentication"),
    ("8297", "Early hints"),
    ("8615", "Well-known addresses"),
    ("9110", "HTTP: what messages mean"),
    ("9111", "HTTP: caches"),
    ("9112", "HTTP/1.1: messages on the wire"),
];

pub(super) fn listed(pages: &[Page]) -> String {
    let mut named: BTreeMap<(&str, Vec<u32>), Vec<&Page>> = BTreeMap::new();
    for page in pages {
        for document in page.text.split("RFC ").skip(1) {
            let Some((number, rest)) = document.split_at_checked(4) else {
                continue;
            };
            if number.bytes().all(|octet| octet.is_ascii_digit()) {
                named.entry((number, section(rest))).or_default().push(page);
            }
        }
    }
    let mut text = String::new();
    let mut last = "";
    for ((number, section), pages) in named {
        if number != last {
            let title = TITLES.iter().find(|(known, _)| *known == number);
            let title = title.map_or(String::new(), |(_, title)| format!(": {title}"));
            text.push_str(&format!(
                "\n## RFC {number}{title}\n\n| section | chapters |\n|---|---|\n"
            ));
            last = number;
        }
        let section: Vec<String> = section.iter().map(u32::to_string).collect();
        let section = match section.is_empty() {
            true => "as a whole".to_owned(),
            false => format!("§{}", section.join(".")),
        };
        let chapters = places(pages.into_iter());
        text.push_str(&format!("| {section} | {chapters} |\n"));
    }
    text
}

/// The numbers of the section that is named next, if one is.
fn section(rest: &str) -> Vec<u32> {
    let Some(rest) = rest.trim_start().strip_prefix('§') else {
        return Vec::new();
    };
    let rest = rest.trim_start();
    let end = rest.find(|c: char| c != '.' && !c.is_ascii_digit());
    let numbers = &rest[..end.unwrap_or(rest.len())];
    numbers.split('.').map_while(|n| n.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::made;
    use super::*;

    #[test]
    fn sections_are_in_order_of_numbers_and_pages_named_once() {
        let pages = [
            made(
                "1.1",
                "RFC 9112 §10.1. RFC 9112\n§2.2, RFC 9112 §2.2; RFC 999",
            ),
            made("1.2", "as RFC 9112 has it"),
        ];
        let listed = listed(&pages);
        let rows: Vec<&str> = listed.lines().skip(5).collect();
        let [whole, second, tenth] = rows[..] else {
            panic!("{listed}");
        };
        assert!(
            whole.ends_with("| as a whole | [1.2](../step/1.2.md) |"),
            "{whole}"
        );
        assert!(
            second.ends_with("| §2.2 | [1.1](../step/1.1.md) |"),
            "{second}"
        );
        assert!(tenth.starts_with("| §10.1 |"), "{tenth}");
    }
}
