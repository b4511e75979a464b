//! The rules about the course's own files, applied to the tree.
//!
//! What each rule means stands with its function in `check::tidy`, where a broken example proves
//! that it can fail.

use check::tidy;
use std::fs;
use std::path::{Path, PathBuf};

/// Lines of a file before its tests (house style).
const FILE_LINES: usize = 300;

/// Lines of a function (house style).
const FUNCTION_LINES: usize = 50;

/// The one folder in which `unsafe` may stand.
const UNSAFE_FOLDER: &str = "step04-concurrency/src/sys/";

fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest
        .parent()
        .expect("tests/ is in the workspace")
        .to_owned()
}

/// Name from the root, and content, of every text file with one of these endings.
fn texts(endings: &[&str]) -> Vec<(String, String)> {
    let root = root();
    let files = tidy::files(&root, endings).expect("the tree can be read");
    assert!(
        !files.is_empty(),
        "the tree has files that end in {endings:?}"
    );
    let relative = |path: &Path| {
        let path = path.strip_prefix(&root).expect("it was found there");
        path.display().to_string()
    };
    let read = |path: &Path| fs::read_to_string(path).expect("a text is UTF-8");
    files
        .iter()
        .map(|path| (relative(path), read(path)))
        .collect()
}

fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[track_caller]
fn nothing_wrong(rule: &str, wrong: &[String]) {
    assert!(wrong.is_empty(), "{rule}:\n  {}", wrong.join("\n  "));
}

#[test]
fn steps_need_no_package_and_no_later_step() {
    let mut wrong = Vec::new();
    let names = tidy::names(&root()).unwrap();
    for folder in names
        .iter()
        .filter(|name| tidy::step_number(name).is_some())
    {
        let manifest = read(&format!("{folder}/Cargo.toml"));
        wrong.extend(tidy::wrong_dependencies(folder, &manifest));
    }
    nothing_wrong("a step's dependencies are earlier steps, by path", &wrong);
}

#[test]
fn the_grader_needs_no_package() {
    let manifest = read("tests/Cargo.toml");
    let packages: Vec<String> = tidy::dependencies(&manifest)
        .into_iter()
        .filter(|entry| entry.table == "dependencies" && entry.path.is_none())
        .map(|entry| entry.name)
        .collect();
    nothing_wrong(
        "the library `check` is made of std and the steps",
        &packages,
    );
}

#[test]
fn unsafe_is_in_one_directory_and_every_block_says_why_it_is_sound() {
    let (mut wrong, mut blocks) = (Vec::new(), 0);
    for (name, text) in texts(&[".rs"]) {
        let lines = match name.starts_with(UNSAFE_FOLDER) {
            true => tidy::unjustified_unsafe(&text),
            false => tidy::unsafe_words(&text),
        };
        wrong.extend(lines.iter().map(|line| format!("{name}:{line}")));
        blocks += tidy::unsafe_words(&text).len();
    }
    nothing_wrong("`unsafe` without a SAFETY line, or outside of sys", &wrong);
    assert!(
        blocks > 0,
        "a rule about `unsafe` that meets none is broken"
    );
    println!("{blocks} lines with `unsafe`, all in {UNSAFE_FOLDER}");
}

#[test]
fn every_crate_without_system_calls_forbids_unsafe() {
    let is_root = |name: &str| name.ends_with("src/lib.rs") || name.ends_with("src/main.rs");
    let wrong: Vec<String> = texts(&[".rs"])
        .into_iter()
        .filter(|(name, _)| is_root(name) && name != "step04-concurrency/src/lib.rs")
        .filter(|(_, text)| !tidy::forbids_unsafe(text))
        .map(|(name, _)| name)
        .collect();
    nothing_wrong("a crate's root has `#![forbid(unsafe_code)]`", &wrong);
}

#[test]
fn a_file_is_one_idea_of_bounded_length() {
    // A suite is nothing but tests.
    let is_suite = |name: &str| {
        name.split_once("tests/")
            .is_some_and(|(_, rest)| !rest.starts_with("src/"))
    };
    let mut wrong = Vec::new();
    for (name, text) in texts(&[".rs"]) {
        let lines = tidy::lines_before_tests(&text);
        if lines > FILE_LINES && !is_suite(&name) {
            wrong.push(format!("{name}: {lines} lines before its tests"));
        }
        let long = tidy::long_functions(&text, FUNCTION_LINES);
        wrong.extend(long.iter().map(|function| format!("{name}: {function}")));
    }
    nothing_wrong("300 lines a file before its tests, 50 a function", &wrong);
}

#[test]
fn every_file_says_what_it_is_for() {
    let wrong: Vec<String> = texts(&[".rs"])
        .into_iter()
        .filter(|(_, text)| !tidy::has_module_doc(text))
        .map(|(name, _)| name)
        .collect();
    nothing_wrong("a Rust file begins with `//! `", &wrong);
}

#[test]
fn nothing_is_left_unfinished_or_tied_to_one_machine() {
    let mut wrong = Vec::new();
    for (name, text) in texts(&[".rs", ".md", ".toml", ".css", ".sh", ".py"]) {
        let words = tidy::misplaced_words(&text);
        wrong.extend(
            words
                .iter()
                .map(|(line, word)| format!("{name}:{line}: {word}")),
        );
    }
    nothing_wrong("words of unfinished work, and paths of one machine", &wrong);
}

#[test]
fn every_invariant_names_tests_that_exist() {
    let rows = tidy::enforcers(&read("ARCHITECTURE.md"));
    assert!(
        !rows.is_empty(),
        "ARCHITECTURE.md has its table of invariants"
    );
    let mut wrong = Vec::new();
    for row in rows {
        if row.tests.is_empty() {
            wrong.push(format!("no test holds: {}", row.invariant));
        }
        for (file, function) in row.tests {
            let text = fs::read_to_string(root().join(&file)).unwrap_or_default();
            if !text.contains(&format!("fn {function}(")) {
                wrong.push(format!("no such test: {file}::{function}"));
            }
        }
    }
    nothing_wrong("an invariant is held by a test", &wrong);
}

#[test]
fn the_top_level_is_the_five_steps_the_book_and_the_tests() {
    let names = tidy::names(&root()).unwrap();
    let (licenses, others): (Vec<_>, Vec<_>) =
        names.iter().partition(|name| name.starts_with("LICENSE-"));
    assert!(!licenses.is_empty(), "there is a licence");
    let expected = [
        "ARCHITECTURE.md",
        "CHANGELOG.md",
        "Cargo.lock",
        "Cargo.toml",
        "README.md",
        "book",
        "step01-socket",
        "step02-http-parse",
        "step03-static",
        "step04-concurrency",
        "step05-gateway",
        "tests",
    ];
    assert_eq!(others, expected);
}

#[test]
fn the_readme_has_its_two_commands() {
    let readme = read("README.md");
    for command in ["cargo run", "cargo test"] {
        let shown = readme.lines().any(|line| tidy::is_command(line, command));
        assert!(shown, "README.md shows `{command}` on a line of its own");
    }
}
