//! The appendix, held to its word: what the standards require, where the code does it, and which
//! test would notice if it no longer did.
//!
//! A row that names a file, an item or a test that is not there fails; so does a section of a standard
//! that has no row, and a departure that is not on the list below.
#![forbid(unsafe_code)]

#[path = "conformance/points.rs"]
mod points;
#[path = "conformance/table.rs"]
mod table;
#[path = "conformance/wire.rs"]
mod wire;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use table::{Held, Place, Row};

/// Every page of tables, with the sections that it must have rows for: those with a requirement for
/// an origin server, or for a gateway that runs programs.
const PAGES: [(&str, &[&str]); 4] = [
    (
        "conformance.md",
        &[
            "2.2", "3", "3.2", "3.2.2", "4", "5.1", "5.2", "6.1", "6.2", "6.3", "7.1", "7.1.1",
            "7.1.2", "9.3", "9.3.2", "9.5", "9.6",
        ],
    ),
    (
        "conformance-messages.md",
        &[
            "2.2", "2.3", "2.4", "3.3", "4.1", "4.2.1", "4.2.3", "4.2.4", "5.1", "5.3", "5.4",
            "5.5", "5.6.1.1", "5.6.1.2", "5.6.3", "5.6.4", "5.6.7", "6.2", "6.5.1", "6.6.1", "7.1",
            "7.4", "7.6.1", "7.8", "8.3", "8.3.3", "8.4", "8.4.1.3", "8.6", "8.7", "8.8.2.1",
            "8.8.3", "8.8.3.1", "10.1.1", "10.1.2", "10.2.1", "10.2.4", "12.5.3", "12.5.5",
        ],
    ),
    (
        "conformance-answers.md",
        &[
            "9.1", "9.3.1", "9.3.2", "9.3.6", "9.3.7", "9.3.8", "13.1.1", "13.1.2", "13.1.3",
            "13.1.4", "13.1.5", "13.2.1", "13.2.2", "14.1.2", "14.2", "14.4", "14.5", "15.2",
            "15.3.1", "15.3.6", "15.3.7", "15.3.7.1", "15.3.7.2", "15.4.2", "15.4.5", "15.5",
            "15.5.6", "15.5.14", "15.5.17", "15.6", "15.6.6",
        ],
    ),
    (
        "conformance-cgi.md",
        &[
            "3.1", "3.3", "4.1", "4.1.1", "4.1.2", "4.1.3", "4.1.4", "4.1.5", "4.1.6", "4.1.7",
            "4.1.8", "4.1.9", "4.1.11", "4.1.12", "4.1.13", "4.1.14", "4.1.15", "4.1.16", "4.1.17",
            "4.1.18", "4.2", "4.3.3", "4.4", "5.1", "6.2.1", "6.2.2", "6.2.3", "6.2.4", "6.3",
            "6.3.1", "6.3.4", "6.4", "7.2",
        ],
    ),
];

/// Every departure from a MUST: one more, or one less, is to be noticed.
const DEPARTURES: &[(&str, &str)] = &[
    ("conformance-messages.md", "5.6.1.2"),
    ("conformance-cgi.md", "4.1.2"),
    ("conformance-cgi.md", "4.1.17"),
    ("conformance-cgi.md", "6.4"),
];

fn read(name: &str) -> Option<String> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    fs::read_to_string(root.join(name)).ok()
}

fn page(name: &str) -> String {
    let name = format!("book/chapters/appendix/{name}");
    read(&name).unwrap_or_else(|| panic!("{name} is there"))
}

/// What is wrong with the places that a row names.
fn missing(row: &Row, read: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let missing = |place: &Place, is_there: fn(&str, &str) -> bool| {
        let found = read(&place.file).is_some_and(|text| is_there(&text, &place.item));
        (!found).then(|| format!("{}: {place} is not there", row.line))
    };
    let mut all: Vec<_> = row
        .code
        .iter()
        .filter_map(|place| missing(place, table::defines))
        .collect();
    if let Held::Tests(tests) = &row.held {
        all.extend(
            tests
                .iter()
                .filter_map(|place| missing(place, table::has_test)),
        );
    }
    all
}

/// Sections without a row, and rows of sections that nobody listed.
fn incomplete(sections: &[&str], rows: &[Row]) -> Vec<String> {
    let listed: BTreeSet<&str> = sections.iter().copied().collect();
    let there: BTreeSet<&str> = rows.iter().map(|row| row.section.as_str()).collect();
    let without = listed
        .difference(&there)
        .map(|it| format!("§{it} has no row"));
    let surplus = there
        .difference(&listed)
        .map(|it| format!("§{it} is not listed"));
    without.chain(surplus).collect()
}

#[test]
fn every_row_names_code_and_tests_that_exist() {
    let mut wrong = Vec::new();
    for (name, _) in PAGES {
        let (rows, faults) = table::rows(&page(name));
        let missing = rows.iter().flat_map(|row| missing(row, read));
        wrong.extend(
            faults
                .into_iter()
                .chain(missing)
                .map(|it| format!("{name}:{it}")),
        );
        let tested = rows.iter().filter(|row| matches!(row.held, Held::Tests(_)));
        println!(
            "{name}: {} rows, {} with a test",
            rows.len(),
            tested.count()
        );
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_section_with_a_requirement_has_a_row() {
    let mut wrong = Vec::new();
    for (name, sections) in PAGES {
        let (rows, _) = table::rows(&page(name));
        let faults = incomplete(sections, &rows);
        wrong.extend(faults.into_iter().map(|it| format!("{name}: {it}")));
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn departures_are_those_that_are_known() {
    let mut found = Vec::new();
    for (name, _) in PAGES {
        let (rows, _) = table::rows(&page(name));
        let departures = rows.into_iter().filter(|row| row.held == Held::Departure);
        found.extend(departures.map(|row| (name, row.section)));
    }
    let found: Vec<(&str, &str)> = found
        .iter()
        .map(|(name, it)| (*name, it.as_str()))
        .collect();
    assert_eq!(found, DEPARTURES);
}

#[test]
fn every_point_of_behaviour_names_a_test_that_exists() {
    let (points, mut wrong) = points::points(&page("behaviour.md"));
    for place in points.iter().flat_map(|point| &point.tests) {
        if !read(&place.file).is_some_and(|text| table::has_test(&text, &place.item)) {
            wrong.push(format!("{place} is not there"));
        }
    }
    let numbers: Vec<usize> = points.iter().map(|point| point.number).collect();
    let expected: Vec<usize> = (1..=points::COUNT).collect();
    assert_eq!(numbers, expected, "the points are counted");
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn places_that_do_not_exist_are_found() {
    let text = "| § | Level | Requirement | Code | Test |\n|---|---|---|---|---|\n\
                | 1 | MUST | It does this. | `a.rs::f` `a.rs::g` | `t.rs::one` `t.rs::two` |\n\
                | 2 | MUST | It does that. | `b.rs::f` | `t.rs::f` |\n";
    let (rows, faults) = table::rows(text);
    assert!(faults.is_empty(), "{faults:?}");
    let read = |name: &str| match name {
        "a.rs" => Some("fn f() {}".to_owned()),
        "t.rs" => Some("#[test]\nfn one() {}\nfn f() {}\n".to_owned()),
        _ => None,
    };
    let found: Vec<String> = rows.iter().flat_map(|row| missing(row, read)).collect();
    let expected = ["3: a.rs::g", "3: t.rs::two", "4: b.rs::f", "4: t.rs::f"];
    assert_eq!(found, expected.map(|it| format!("{it} is not there")));
}

#[test]
fn a_section_without_a_row_and_a_row_without_a_section_are_found() {
    let text = "| § | Level | Requirement | Code | Test |\n|---|---|---|---|---|\n\
                | 1.2 | MUST | It does this. | `a.rs::f` | `t.rs::one` |\n";
    let (rows, _) = table::rows(text);
    assert!(incomplete(&["1.2"], &rows).is_empty());
    let found = incomplete(&["1", "3"], &rows);
    assert_eq!(
        found,
        ["§1 has no row", "§3 has no row", "§1.2 is not listed"]
    );
}
