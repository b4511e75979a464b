//! Free ports in place of those a chapter names.
//!
//! A reader types 8080 or 7000; a test must not depend on nobody else using them. So each of the
//! book's ports stands for a free one, the same throughout a chapter, in commands and in output.

use check::free_port;
use std::collections::BTreeMap;

/// Free ports in place of those a chapter names, the same for the same throughout the chapter.
#[derive(Debug, Default)]
pub(crate) struct Ports {
    chosen: BTreeMap<u16, u16>,
}

impl Ports {
    /// Replaces every port that is the chapter's to choose.
    pub(crate) fn translate(&mut self, text: &str) -> String {
        replace_numbers(text, |number| {
            let ours = number == 8080 || (7000..7100).contains(&number);
            ours.then(|| *self.chosen.entry(number).or_insert_with(free_port))
        })
    }

    /// The opposite.
    pub(crate) fn back(&self, text: &str) -> String {
        replace_numbers(text, |number| {
            let named = self.chosen.iter().find(|(_, chosen)| **chosen == number);
            named.map(|(name, _)| *name)
        })
    }
}

/// Replaces numbers in a text that stand alone: not those inside a word, or after a point.
fn replace_numbers(text: &str, mut replacement: impl FnMut(u16) -> Option<u16>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_ascii_alphanumeric()) {
        let (before, from) = rest.split_at(at);
        let end = from
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(from.len());
        let (word, after) = from.split_at(end);
        out.push_str(before);
        let number = word
            .parse()
            .ok()
            .filter(|_| !before.ends_with('.'))
            .and_then(&mut replacement);
        match number {
            Some(number) => out.push_str(&number.to_string()),
            None => out.push_str(word),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_replaced_alike_and_back() {
        let mut ports = Ports::default();
        let there = ports.translate("127.0.0.1:7000 to 8080, 7000; not 70001, x7000, 0.7000, 7100");
        assert!(there.ends_with("not 70001, x7000, 0.7000, 7100"), "{there}");
        assert!(!there.contains("8080"), "{there}");
        assert_eq!(
            ports.back(&there),
            "127.0.0.1:7000 to 8080, 7000; not 70001, x7000, 0.7000, 7100"
        );
    }
}
