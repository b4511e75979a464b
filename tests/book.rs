//! The book, held to its promises: its pages are whole, every command in it does what the page
//! says, and the front door serves it to a real browser.
//!
//! With `BLESS=1` a transcript that differs is printed ready to be pasted into its chapter; with
//! `CHAPTER=5-1` the commands of those chapters alone are run that have this in their name.
#![forbid(unsafe_code)]

#[path = "book/browser.rs"]
mod browser;
#[path = "book/door.rs"]
mod door;
#[path = "book/glossary.rs"]
mod glossary;
#[path = "book/links.rs"]
mod links;
#[path = "book/live.rs"]
mod live;
#[path = "book/ports.rs"]
mod ports;
#[path = "book/print.rs"]
mod print;
#[path = "book/program.rs"]
mod program;
#[path = "book/readme.rs"]
mod readme;
#[path = "book/runner.rs"]
mod runner;
#[path = "book/spelling.rs"]
mod spelling;
#[path = "book/xray.rs"]
mod xray;

use browser::Browser;
use check::{TempFolder, needs};
use door::{FRONT_DOOR_SECONDS, FrontDoor};
use program::{Program, within};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;

/// Chapters that are run at once: most of a chapter is waiting for one program or another.
const CHAPTERS_AT_ONCE: usize = 3;
/// For cargo to compile what a chapter runs.
const COMPILE_SECONDS: u64 = 600;
/// Words of one chapter, without its fences: what can be read at one sitting.
const CHAPTER_WORDS: usize = 2500;

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Every chapter: its name in the workspace, and its text.
fn chapters() -> Vec<(String, String)> {
    let folder = root().join("book/chapters");
    let mut files = Vec::new();
    collect(&folder, &mut files);
    files.sort();
    files
        .into_iter()
        .filter(|file| !file.ends_with("SUMMARY.md"))
        // Written by the benchmark, and part of the chapters that include it.
        .filter(|file| !file.iter().any(|folder| folder == "measured"))
        .map(|file| {
            let name = file.strip_prefix(root()).unwrap_or(&file);
            let text = fs::read_to_string(&file).expect("a chapter is readable");
            (name.display().to_string(), text)
        })
        .collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the chapters are readable") {
        let path = entry.expect("a folder can be read to its end").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            files.push(path);
        }
    }
}

/// Runs a command of cargo's to its good end.
#[track_caller]
fn cargo(line: &str) {
    let program = Program::start(line, root()).expect("bash starts");
    let status = program.wait(within(COMPILE_SECONDS));
    let printed = program.lines().join("\n");
    assert!(
        status.is_some_and(|status| status.success()),
        "{line}\n{printed}"
    );
}

#[test]
fn every_command_does_what_its_chapter_says() {
    let wanted = std::env::var("CHAPTER").unwrap_or_default();
    let mut chapters = chapters();
    chapters.retain(|(name, _)| name.contains(&wanted));
    let builds: BTreeSet<String> = chapters
        .iter()
        .flat_map(|(_, text)| runner::builds(text))
        .collect();
    builds.iter().for_each(|line| cargo(line));
    let queue = Mutex::new(chapters.iter());
    let faults = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..CHAPTERS_AT_ONCE {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().unwrap().next();
                    let Some((name, text)) = next else { return };
                    if let Err(fault) = runner::run(name, text, root()) {
                        faults.lock().unwrap().push(fault);
                    }
                }
            });
        }
    });
    let faults = faults.into_inner().unwrap();
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n\n"));
}

#[test]
fn every_chapter_is_in_the_contents_and_short_enough_to_read() {
    let contents = fs::read_to_string(root().join("book/chapters/SUMMARY.md")).unwrap();
    for (name, text) in chapters() {
        let link = name.trim_start_matches("book/chapters/");
        assert!(
            contents.contains(&format!("({link})")),
            "{name} is not in SUMMARY.md"
        );
        let words = book::words(&text);
        assert!(words <= CHAPTER_WORDS, "{name} has {words} words");
    }
}

#[test]
fn a_word_is_explained_once_and_where_the_glossary_says() {
    let chapters = chapters();
    let numbered = chapters.iter().filter_map(|(name, text)| {
        let file = Path::new(name).file_name()?.to_str()?;
        let number = file.get(..3)?.replace('-', ".");
        let is_number = number.starts_with(|c: char| c.is_ascii_digit());
        is_number.then(|| (number, text.clone()))
    });
    let glossary = fs::read_to_string(root().join("book/chapters/appendix/glossary.md")).unwrap();
    let faults = glossary::faults(&glossary, &numbered.collect::<Vec<_>>());
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn every_word_is_spelled_as_a_dictionary_has_it() {
    if needs::is_missing("the spelling of the book", &["hunspell"]) {
        return;
    }
    if !spelling::has_dictionary() {
        needs::is_left_out("the spelling of the book", "the package hunspell-en-gb");
        return;
    }
    let mut texts = chapters();
    for file in ["README.md", "ARCHITECTURE.md", "CHANGELOG.md"] {
        let text = fs::read_to_string(root().join(file)).expect("it is readable");
        texts.push((file.to_owned(), text));
    }
    let mut exercises = Vec::new();
    collect(&root().join("book/exercises"), &mut exercises);
    for file in exercises {
        let text = fs::read_to_string(&file).expect("an exercise is readable");
        texts.push((file.display().to_string(), text));
    }
    let unknown = spelling::unknown(&texts, &root().join("book/words.txt")).unwrap();
    assert!(
        unknown.is_empty(),
        "Mend these words, or add them to book/words.txt:\n{}",
        unknown.join("\n")
    );
}

#[test]
fn the_readme_counts_lines_as_they_are() {
    let text = fs::read_to_string(root().join("README.md")).unwrap();
    let faults = readme::faults(&text, root()).unwrap();
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn every_link_leads_somewhere_and_nothing_is_loaded_from_elsewhere() {
    let folder = TempFolder::new().unwrap();
    let pages = book::build(&folder.path().join("pages")).unwrap();
    let faults = links::faults(&pages).unwrap();
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn the_front_door_serves_the_book_and_closes_on_ctrl_c() {
    let door = FrontDoor::open();
    let (status, page) = door.get("/");
    assert_eq!(status, 200);
    assert!(
        page.contains("<title>Introduction - Build your own web server"),
        "{page}"
    );
    let (status, page) = door.get("/part0/0-1-what-is-a-web-server.html");
    assert_eq!(status, 200);
    assert!(page.contains("What real servers do"), "{page}");
    assert_eq!(door.get("/no/such/page").0, 404);
    door.program.interrupt();
    let status = door.program.wait(within(FRONT_DOOR_SECONDS));
    let printed = door.program.lines();
    assert!(status.is_some_and(|status| status.success()), "{printed:?}");
}

#[test]
fn a_browser_turns_a_page_copies_a_command_and_searches() {
    if needs::is_missing("the browser's test", &["chromium", "chromedriver"]) {
        return;
    }
    let door = FrontDoor::open();
    let browser = Browser::open().unwrap();
    browser.go(&format!("http://{}/", door.addr)).unwrap();
    assert_eq!(
        browser.title().unwrap(),
        "Introduction - Build your own web server"
    );

    browser
        .click("main a[href='part0/0-1-what-is-a-web-server.html']")
        .unwrap();
    let heading = browser.text("main h1").unwrap();
    assert_eq!(heading, "0.1 What a web server is");

    let copied = browser
        .script(
            "return playground_text(document.querySelector('code.language-console').closest('pre'))",
        )
        .unwrap();
    assert_eq!(copied, "curl -sS http://127.0.0.1:7000/");

    browser.click("#mdbook-search-toggle").unwrap();
    browser
        .type_into("#mdbook-searchbar", "what a web server is")
        .unwrap();
    let found = browser.text("#mdbook-searchresults a").unwrap();
    assert!(found.contains("0.1 What a web server is"), "{found}");

    let elsewhere = browser
        .script(
            "return performance.getEntriesByType('resource').map(entry => entry.name)\
             .filter(name => !name.startsWith(location.origin)).join(' ')",
        )
        .unwrap();
    assert_eq!(elsewhere, "");
}
