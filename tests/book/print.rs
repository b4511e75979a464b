//! The whole book on paper: its print page, as the PDF that a browser makes of it.

use crate::browser::ARGUMENTS;
use crate::program::{Program, within};
use check::{TempFolder, needs};
use std::fs;

/// For a browser to lay out several hundred pages.
const PRINT_SECONDS: u64 = 120;

/// Pages that the book has at least.
const PAGES: usize = 200;

#[test]
fn the_whole_book_becomes_a_pdf() {
    if needs::is_missing("the printing of the book", &["chromium"]) {
        return;
    }
    let folder = TempFolder::new().unwrap();
    let pages = book::build(&folder.path().join("pages")).unwrap();
    let line = format!(
        "exec chromium {} --user-data-dir={1}/profile --no-pdf-header-footer \
         --print-to-pdf={1}/book.pdf file://{2}/print.html",
        ARGUMENTS.join(" "),
        folder.path().display(),
        pages.display(),
    );
    let program = Program::start(&line, folder.path()).unwrap();
    let status = program.wait(within(PRINT_SECONDS));
    assert!(
        status.is_some_and(|status| status.success()),
        "{:?}",
        program.lines()
    );
    let pdf = fs::read(folder.path().join("book.pdf")).unwrap();
    assert!(pdf.starts_with(b"%PDF-"), "it is no PDF");
    // One dictionary for each page; that of all of them is called Pages.
    let page = b"/Type /Page";
    let dictionaries = pdf.windows(page.len() + 1);
    let count = dictionaries
        .filter(|octets| octets.starts_with(page) && !octets.ends_with(b"s"))
        .count();
    assert!(count >= PAGES, "{count} pages");
}
