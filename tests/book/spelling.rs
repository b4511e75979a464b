//! The prose of the text, without its code, as a spelling checker sees it.

use check::TempFolder;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

/// The dictionary: British, as the text is.
const DICTIONARY: &str = "en_GB";

/// Whether hunspell has the dictionary, which is a package of its own.
pub(crate) fn has_dictionary() -> bool {
    let mut asked = Command::new("hunspell");
    asked.args(["-l", "-d", DICTIONARY]);
    asked.stdin(Stdio::null()).stderr(Stdio::null());
    asked.status().is_ok_and(|status| status.success())
}

/// Words of `texts` that neither the dictionary nor the file `known` has, each with the names of the
/// texts it is in.
pub(crate) fn unknown(texts: &[(String, String)], known: &Path) -> io::Result<Vec<String>> {
    let texts = texts.iter().map(|(name, text)| (name, prose(text)));
    let texts: Vec<(&String, String)> = texts.collect();
    let folder = TempFolder::new()?;
    let file = folder.path().join("prose");
    let all: Vec<&str> = texts.iter().map(|(_, prose)| prose.as_str()).collect();
    fs::write(&file, all.join("\n"))?;
    let output = Command::new("hunspell")
        .args(["-l", "-i", "utf-8", "-d", DICTIONARY, "-p"])
        .args([known, &file])
        .output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(io::Error::other(said));
    }
    let words = String::from_utf8_lossy(&output.stdout).into_owned();
    let words: BTreeSet<&str> = words.lines().collect();
    // A name with a digit in it is no word of any language.
    let words = words
        .into_iter()
        .filter(|word| !word.contains(|c: char| c.is_ascii_digit()));
    let placed = words.map(|word| {
        let holds = texts.iter().filter(|(_, prose)| prose.contains(word));
        let names: Vec<&str> = holds.map(|(name, _)| name.as_str()).collect();
        format!("{word} in {}", names.join(", "))
    });
    Ok(placed.collect())
}

/// A Markdown text without fences, code, tags, and the targets of links.
fn prose(text: &str) -> String {
    let unfenced: String = text.split("```").step_by(2).collect();
    let uncoded: Vec<&str> = unfenced.split('`').step_by(2).collect();
    let mut prose = String::new();
    let mut rest = uncoded.join(" ");
    // Tags, ours and HTML's, and what stands in parentheses behind a link's text.
    for (open, close) in [("{{#", "}}"), ("](", ")"), ("<", ">")] {
        prose.clear();
        for (index, part) in rest.split(open).enumerate() {
            let kept = match index {
                0 => part,
                _ => part.split_once(close).map_or("", |(_, after)| after),
            };
            prose.push_str(kept);
            prose.push(' ');
        }
        rest.clone_from(&prose);
    }
    prose.replace('’', "'")
}

#[test]
fn code_and_addresses_are_not_prose() {
    let text = "One `tow` [three](fuor.html) <b title=\"fvie\">six</b>.\n```c\nsveen\n```\n{{#diff a b}} end";
    let words = prose(text);
    let words: Vec<&str> = words.split_whitespace().collect();
    assert_eq!(words, ["One", "[three", "six", ".", "end"]);
}
