//! What the sources promise: where `unsafe` may stand, how long a file and a function may be, and
//! that every file says what it is for.

use super::code_only;

/// Words that have no place in a finished text; put together here so that this file has none of them.
const UNFINISHED: [&str; 3] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("X", "XX"),
];

/// Beginnings of paths that exist on one machine only, put together likewise.
const MACHINES: [&str; 3] = [
    concat!("/ho", "me/"),
    concat!("/ro", "ot/"),
    concat!("/wo", "rk/"),
];

/// Lines (from 1) on which the word `unsafe` stands in code.
pub fn unsafe_words(text: &str) -> Vec<usize> {
    let code = code_only(text);
    numbered(&code)
        .filter(|(_, line)| has_word(line, "unsafe"))
        .map(|(number, _)| number)
        .collect()
}

/// Lines (from 1) with an `unsafe` block or implementation that no `// SAFETY:` comment directly
/// above justifies, or with two of them under one comment.
///
/// Declarations (`unsafe extern`) are promises about other people's code; the blocks that call
/// them are where the promise is kept.
pub fn unjustified_unsafe(text: &str) -> Vec<usize> {
    let original: Vec<&str> = text.lines().collect();
    let code = code_only(text);
    numbered(&code)
        .filter(|(_, line)| has_word(line, "unsafe") && !line.contains("unsafe extern"))
        .filter(|(number, line)| {
            let many = line.matches("unsafe").count() > 1;
            many || !is_justified(&original[..number - 1])
        })
        .map(|(number, _)| number)
        .collect()
}

/// Whether the comment above has a line which begins with `SAFETY:`.
fn is_justified(above: &[&str]) -> bool {
    above
        .iter()
        .rev()
        .map(|line| line.trim())
        // A long statement begins on the line before its block.
        .skip_while(|line| line.ends_with('='))
        .take_while(|line| line.starts_with("//") || line.starts_with("#["))
        .any(|line| line.starts_with("// SAFETY: "))
}

/// Whether a crate's root forbids `unsafe` everywhere below it.
pub fn forbids_unsafe(text: &str) -> bool {
    code_only(text).contains("#![forbid(unsafe_code)]")
}

/// The number of lines before the tests at the end of the file, without the marks by which the book
/// finds its passages.
pub fn lines_before_tests(text: &str) -> usize {
    text.lines()
        .take_while(|line| line.trim() != "#[cfg(test)]")
        .filter(|line| !is_mark(line))
        .count()
}

fn is_mark(line: &str) -> bool {
    line.trim_start().starts_with("// ANCHOR")
}

/// Names of functions longer than `limit` lines, braces and signature included, the book's marks
/// not; relies on rustfmt's indentation.
pub fn long_functions(text: &str, limit: usize) -> Vec<String> {
    let code = code_only(text);
    let lines = code.lines().zip(text.lines());
    let lines: Vec<&str> = lines
        .filter(|(_, original)| !is_mark(original))
        .map(|(line, _)| line)
        .collect();
    let mut long = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let Some(name) = function_name(line) else {
            continue;
        };
        let indent = line.len() - line.trim_start().len();
        let close = format!("{}}}", " ".repeat(indent));
        let Some(end) = lines[start..].iter().position(|line| *line == close) else {
            continue;
        };
        if end + 1 > limit {
            long.push(format!("{name}: {} lines", end + 1));
        }
    }
    long
}

fn function_name(line: &str) -> Option<&str> {
    let (before, after) = line.trim_start().split_once("fn ")?;
    let modifiers = before.split_whitespace().all(|word| {
        word.starts_with("pub") || ["const", "unsafe", "extern", "safe"].contains(&word)
    });
    let name = after.split(['(', '<']).next()?;
    let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    (modifiers && is_name && !line.trim_end().ends_with([';', '}'])).then_some(name)
}

/// Whether the file begins by saying what it is for.
pub fn has_module_doc(text: &str) -> bool {
    text.starts_with("//! ")
}

/// Whether a line of a text is that command, with or without a prompt before and a comment after it.
pub fn is_command(line: &str, command: &str) -> bool {
    let line = line.trim_start();
    let typed = line.strip_prefix("$ ").unwrap_or(line);
    let rest = typed.strip_prefix(command).map(str::trim_start);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('#'))
}

/// Words in any text that belong to unfinished work or to one machine, with their lines.
pub fn misplaced_words(text: &str) -> Vec<(usize, &'static str)> {
    let mut found = Vec::new();
    for (number, line) in numbered(text) {
        let unfinished = UNFINISHED.into_iter().filter(|word| has_word(line, word));
        let machines = MACHINES.into_iter().filter(|path| line.contains(path));
        found.extend(unfinished.chain(machines).map(|word| (number, word)));
    }
    found
}

fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(at, line)| (at + 1, line))
}

fn has_word(line: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        !line[..at].ends_with(is_part) && !line[at + word.len()..].starts_with(is_part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsafe_in_comments_strings_and_names_is_none() {
        let text = "// unsafe\n#![forbid(unsafe_code)]\nlet a = \"unsafe\";\nunsafe { b() }\n";
        assert_eq!(unsafe_words(text), [4]);
    }

    #[test]
    fn unsafe_without_a_reason_is_found() {
        let good = "// SAFETY: `a` is a live\n// descriptor.\nlet x = unsafe { f(a) };\n";
        assert!(unjustified_unsafe(good).is_empty());
        let broken = "// SAFETY: x\nlet y =\n    unsafe { f() };\n";
        assert!(unjustified_unsafe(broken).is_empty());
        assert_eq!(unjustified_unsafe("unsafe { f(a) };\n"), [1]);
        assert_eq!(
            unjustified_unsafe("// SAFETY: x\nlet y = 1;\nunsafe { f(y) };\n"),
            [3]
        );
        assert_eq!(
            unjustified_unsafe("// SAFETY: x\nunsafe { f() }; unsafe { g() };\n"),
            [2]
        );
        assert!(unjustified_unsafe("unsafe extern \"C\" {\n}\n").is_empty());
    }

    #[test]
    fn a_root_that_forbids_nothing_is_found() {
        assert!(forbids_unsafe("//! x\n#![forbid(unsafe_code)]\n"));
        assert!(!forbids_unsafe(
            "//! #![forbid(unsafe_code)]\n#![deny(unsafe_code)]\n"
        ));
    }

    #[test]
    fn lines_count_up_to_the_tests() {
        assert_eq!(lines_before_tests("a\nb\n#[cfg(test)]\nc\n"), 2);
        assert_eq!(lines_before_tests("a\nb\n"), 2);
        let marked = "// ANCHOR: a\na\n    // ANCHOR_END: a\nb\n";
        assert_eq!(lines_before_tests(marked), 2);
    }

    #[test]
    fn a_long_function_is_named_with_its_length() {
        let body = "    a();\n".repeat(4);
        let text =
            format!("impl A {{\n    pub fn short() {{\n    }}\n}}\npub fn long() {{\n{body}}}\n");
        assert_eq!(long_functions(&text, 5), ["long: 6 lines"]);
        assert!(long_functions(&text, 6).is_empty());
        let marked = text.replace("    a();\n", "    // ANCHOR: a\n    a();\n");
        assert_eq!(long_functions(&marked, 5), ["long: 6 lines"]);
        assert!(long_functions("trait A {\n    fn a();\n}\n", 1).is_empty());
    }

    #[test]
    fn a_file_without_a_purpose_is_found() {
        assert!(has_module_doc("//! What it is for.\n"));
        assert!(!has_module_doc("use std::io;\n//! x\n"));
    }

    #[test]
    fn a_command_has_a_line_of_its_own() {
        assert!(is_command("$ cargo run", "cargo run"));
        assert!(is_command("cargo run   # opens the book", "cargo run"));
        assert!(!is_command("cargo run -- build", "cargo run"));
        assert!(!is_command("try `cargo run`", "cargo run"));
    }

    #[test]
    fn misplaced_words_are_found_with_their_lines() {
        let text = format!(
            "fine\n// {}: later\nsee {}me/x\n",
            UNFINISHED[0],
            MACHINES[0].trim_end_matches("me/")
        );
        let found = misplaced_words(&text);
        assert_eq!(found, [(2, UNFINISHED[0]), (3, MACHINES[0])]);
        assert!(misplaced_words("methods, hacks and todos").is_empty());
    }
}
