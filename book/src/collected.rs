//! What is said in many chapters, collected on one page.
//!
//! | tag, alone in its line | becomes |
//! |---|---|
//! | `{{#collect servers}}` | what real servers do: for each of them, what the chapters tell of it |
//! | `{{#collect commands}}` | the programs that are typed, what each is for, and where |
//! | `{{#collect rfcs}}` | the documents and sections that the chapters go by |
//!
//! Everything is read from the chapters whenever the book is built, so a page of these cannot be
//! behind. The pages that hold the tags are not read themselves.

mod commands;
mod rfcs;
mod servers;

use mdbook_driver::book::{Book, BookItem, Chapter};

const OPEN: &str = "{{#collect ";

/// A chapter, as far as it is collected from.
#[derive(Debug, Clone)]
struct Page {
    /// Its number in the book, such as `3.4`.
    number: String,
    /// Its file, from the folder of the chapters.
    file: String,
    text: String,
}

impl Page {
    /// A link to it from a page of another part.
    fn link(&self) -> String {
        format!("[{}](../{})", self.number, self.file)
    }
}

/// The tables and lists that the tags stand for.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    lists: [(&'static str, String); 3],
}

impl Collected {
    /// Reads the chapters of a book.
    pub(crate) fn from(book: &Book) -> Collected {
        let items = book.iter().filter_map(|item| match item {
            BookItem::Chapter(chapter) => page(chapter),
            BookItem::Separator | BookItem::PartTitle(_) => None,
        });
        let pages: Vec<Page> = items.collect();
        Collected {
            lists: [
                ("servers", servers::listed(&pages)),
                ("commands", commands::listed(&pages)),
                ("rfcs", rfcs::listed(&pages)),
            ],
        }
    }

    /// Replaces the tags of a chapter. One that names nothing is left, and no tag of the book.
    pub(crate) fn placed(&self, chapter: &str) -> String {
        let mut placed = chapter.to_owned();
        for (name, list) in &self.lists {
            placed = placed.replace(&format!("{OPEN}{name}}}}}"), list.trim_end());
        }
        placed
    }
}

/// A chapter with a number; the appendix has letters, and is where things are collected.
fn page(chapter: &Chapter) -> Option<Page> {
    let (number, _) = chapter.name.split_once(' ')?;
    if !number.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    Some(Page {
        number: number.to_owned(),
        file: chapter.source_path.as_ref()?.to_str()?.to_owned(),
        text: chapter.content.clone(),
    })
}

/// Where something is found: links to pages, each once, in the order of the book.
fn places<'p>(pages: impl Iterator<Item = &'p Page>) -> String {
    let mut links: Vec<String> = pages.map(Page::link).collect();
    links.dedup();
    links.join(", ")
}

#[cfg(test)]
fn made(number: &str, text: &str) -> Page {
    Page {
        number: number.to_owned(),
        file: format!("step/{number}.md"),
        text: text.to_owned(),
    }
}
