//! The tables of the appendix, read to the letter: a cell that is not as agreed is a fault, not a
//! guess.
//!
//! ```text
//! | § | Level | Requirement | Code | Test |
//! |---|---|---|---|---|
//! | 2.2 | MUST | A bare CR is refused. | `step/src/file.rs::item` | `step/tests/file.rs::name` |
//! | 9.5 | SHOULD | It sends fireworks. | – | We have none, because … . |
//! | 5.6.1 | MUST | It takes all. | `step/src/file.rs::item` | Departure: we do not, because … . |
//! ```
//!
//! Whether a requirement is rendered truthfully is for people to judge; that what is named exists
//! is judged here.

use check::tidy;
use std::fmt;

/// The one header that a table may have.
const HEADER: &str = "| § | Level | Requirement | Code | Test |";

/// Under it.
const RULE: &str = "|---|---|---|---|---|";

/// What stands in the code cell of a requirement that no code meets.
const NOWHERE: &str = "–";

/// Words that a reason has at least: less is no reason.
const REASON_WORDS: usize = 5;

/// One requirement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) line: usize,
    pub(crate) section: String,
    pub(crate) level: Level,
    pub(crate) code: Vec<Place>,
    pub(crate) held: Held,
}

/// How strongly something is required (RFC 2119).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    Must,
    MustNot,
    Should,
    ShouldNot,
}

/// A named thing in a file of the workspace: `step/src/file.rs::item`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) file: String,
    pub(crate) item: String,
}

/// What speaks for a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Held {
    Tests(Vec<Place>),
    /// Why a SHOULD is not met, or a sentence on what makes a test needless.
    Reason,
    /// Why a MUST is not met.
    Departure,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}::{}", self.file, self.item)
    }
}

impl Level {
    fn parse(cell: &str) -> Option<Level> {
        match cell {
            "MUST" => Some(Level::Must),
            "MUST NOT" => Some(Level::MustNot),
            "SHOULD" => Some(Level::Should),
            "SHOULD NOT" => Some(Level::ShouldNot),
            _ => None,
        }
    }

    fn is_must(self) -> bool {
        match self {
            Level::Must | Level::MustNot => true,
            Level::Should | Level::ShouldNot => false,
        }
    }
}

/// Reads every table of a page; on the right, each fault with its line.
pub(crate) fn rows(text: &str) -> (Vec<Row>, Vec<String>) {
    let (mut rows, mut faults) = (Vec::new(), Vec::new());
    let mut expected = HEADER;
    for (number, line) in text.lines().enumerate().map(|(at, line)| (at + 1, line)) {
        let words = tidy::misplaced_words(line);
        faults.extend(words.iter().map(|(_, word)| format!("{number}: {word}")));
        if !line.starts_with('|') {
            expected = HEADER;
        } else if expected.is_empty() {
            match row(number, line) {
                Ok(row) => rows.push(row),
                Err(fault) => faults.push(format!("{number}: {fault}")),
            }
        } else {
            if line != expected {
                faults.push(format!("{number}: a table begins with `{expected}`"));
            }
            expected = if expected == HEADER { RULE } else { "" };
        }
    }
    (rows, faults)
}

fn row(number: usize, line: &str) -> Result<Row, String> {
    let inner = line.strip_prefix("| ").and_then(|it| it.strip_suffix(" |"));
    let cells: Vec<&str> = inner.ok_or("no row")?.split(" | ").map(str::trim).collect();
    let [section, level, requirement, code, test] = cells[..] else {
        return Err(format!("{} cells instead of 5", cells.len()));
    };
    if !is_section(section) {
        return Err(format!("{section:?} is no section"));
    }
    let level = Level::parse(level).ok_or_else(|| format!("{level:?} is no level"))?;
    if !is_sentence(requirement, 3) {
        return Err("the requirement is no sentence".into());
    }
    let held = held(level, test)?;
    let code = match (code, &held) {
        (NOWHERE, Held::Reason) => Vec::new(),
        (NOWHERE, _) => return Err("what is held, or departed from, is somewhere".into()),
        (code, _) => places(code)?,
    };
    Ok(Row {
        line: number,
        section: section.into(),
        level,
        code,
        held,
    })
}

fn is_section(cell: &str) -> bool {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    cell.split('.').all(is_number)
}

fn is_sentence(cell: &str, words: usize) -> bool {
    let begins = |first: char| first.is_uppercase() || !first.is_alphabetic();
    cell.starts_with(begins) && cell.ends_with('.') && cell.split_whitespace().count() >= words
}

fn held(level: Level, cell: &str) -> Result<Held, String> {
    if cell.starts_with('`') {
        return places(cell).map(Held::Tests);
    }
    let departure = cell.strip_prefix("Departure: ");
    if !is_sentence(cell, REASON_WORDS) {
        return Err("neither a test nor a reason".into());
    }
    match (departure, level.is_must()) {
        (Some(_), true) => Ok(Held::Departure),
        (None, false) => Ok(Held::Reason),
        (None, true) => Err("a MUST has a test or is called a departure".into()),
        (Some(_), false) => Err("a SHOULD that is left is no departure".into()),
    }
}

/// Reads `` `file::item` `file::item` ``.
pub(crate) fn places(cell: &str) -> Result<Vec<Place>, String> {
    cell.split(' ').map(place).collect()
}

fn place(word: &str) -> Result<Place, String> {
    let quoted = word.strip_prefix('`').and_then(|it| it.strip_suffix('`'));
    let (file, item) = quoted
        .and_then(|it| it.split_once("::"))
        .ok_or_else(|| format!("{word:?} is no `file::item`"))?;
    let is_word = |item: &str| item.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if item.is_empty() || !is_word(item) || !file.ends_with(".rs") {
        return Err(format!("{word:?} is no `file.rs::item`"));
    }
    Ok(Place {
        file: file.into(),
        item: item.into(),
    })
}

/// Whether `text` defines `item`.
pub(crate) fn defines(text: &str, item: &str) -> bool {
    let kinds = ["fn", "struct", "enum", "const", "static", "type", "trait"];
    let code = tidy::code_only(text);
    let mut words = code
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty());
    let mut before = "";
    words.any(|word| {
        let found = word == item && kinds.contains(&before);
        before = word;
        found
    })
}

/// Whether `text` has a test of that name.
pub(crate) fn has_test(text: &str, name: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let defined = format!("fn {name}(");
    lines.iter().enumerate().any(|(at, line)| {
        let attributes = lines[..at].iter().rev();
        line.starts_with(&defined)
            && attributes
                .take_while(|line| line.starts_with("#["))
                .any(|line| *line == "#[test]")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str =
        "| 2.2 | MUST | A bare CR is refused. | `a/b.rs::f` `a/c.rs::G` | `a/t.rs::x` |";

    fn table(row: &str) -> String {
        format!("Words.\n\n{HEADER}\n{RULE}\n{row}\n\nMore words.\n")
    }

    /// A page with one broken row, and a word of the fault that must be told.
    #[track_caller]
    fn check_bad(row: &str, told: &str) {
        let (rows, faults) = rows(&table(row));
        assert!(
            faults.len() == 1 && faults[0].contains(told) && faults[0].starts_with("5: "),
            "{row}: {rows:?} {faults:?}"
        );
    }

    #[test]
    fn a_good_row_is_read() {
        let (rows, faults) = rows(&table(GOOD));
        assert!(faults.is_empty(), "{faults:?}");
        let [row] = &rows[..] else { panic!("{rows:?}") };
        assert_eq!((row.line, row.level), (5, Level::Must));
        assert_eq!(row.code[1].to_string(), "a/c.rs::G");
        assert!(matches!(&row.held, Held::Tests(tests) if tests.len() == 1));
    }

    #[test]
    fn a_missing_or_surplus_cell_is_found() {
        check_bad(&GOOD.replace(" `a/t.rs::x` |", ""), "4 cells");
        check_bad(&GOOD.replace("MUST |", "MUST | x |"), "6 cells");
        check_bad(&GOOD[..GOOD.len() - 2], "no row");
    }

    #[test]
    fn each_cell_is_judged() {
        check_bad(&GOOD.replace("2.2", "2.x"), "section");
        check_bad(&GOOD.replace("MUST", "OUGHT"), "level");
        check_bad(&GOOD.replace("refused.", "refused"), "sentence");
        check_bad(&GOOD.replace("`a/b.rs::f`", "a/b.rs::f"), "file::item");
        check_bad(&GOOD.replace("b.rs::f", "b.rs"), "file::item");
        check_bad(&GOOD.replace("b.rs::f", "b.md::f"), "file.rs::item");
    }

    #[test]
    fn a_row_has_a_test_or_a_reason_that_suits_its_level() {
        let with = |level: &str, test: &str| {
            let row = GOOD.replace("`a/t.rs::x`", test);
            row.replace("MUST", level)
        };
        check_bad(&with("MUST", "We think it is fine."), "departure");
        check_bad(&with("SHOULD", "Not yet."), "reason");
        check_bad(&with("SHOULD", "–"), "reason");
        check_bad(&with("SHOULD", "Departure: for no good reason."), "is left");
        let row = with("MUST", "Departure: it would open a door.");
        assert!(rows(&table(&row)).1.is_empty());
        let row = with("SHOULD", "We have none of these here.");
        assert!(rows(&table(&row)).1.is_empty());
        check_bad(
            &GOOD.replace("`a/b.rs::f` `a/c.rs::G`", NOWHERE),
            "somewhere",
        );
    }

    #[test]
    fn unfinished_words_and_other_tables_are_found() {
        let word = ["TO", "DO"].concat();
        check_bad(&GOOD.replace("CR", &word), &word);
        let (found, faults) = rows(&table(GOOD).replace("| Level |", "| How |"));
        assert_eq!((found.len(), faults.len()), (1, 1));
    }

    #[test]
    fn definitions_and_tests_are_found_by_their_whole_names() {
        let text = "pub(crate) fn one() {}\nstruct Two;\n// fn three() {}\n#[test]\n#[ignore]\nfn four() {}\n";
        assert!(defines(text, "one") && defines(text, "Two"));
        assert!(!defines(text, "three") && !defines(text, "on") && !defines(text, "wo"));
        assert!(has_test(text, "four"));
        assert!(!has_test(text, "one") && !has_test(text, "fou"));
    }
}
