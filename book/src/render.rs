//! From chapters to pages.

use crate::collected::Collected;
use crate::{include, prediction, reading, transcript, warnings};
use mdbook_driver::MDBook;
use mdbook_driver::book::{Book, BookItem, Chapter};
use mdbook_driver::config::Config;
use mdbook_preprocessor::errors::{Error, Result};
use mdbook_preprocessor::{Preprocessor, PreprocessorContext};
use std::fmt;
use std::path::{Path, PathBuf};

/// The folder of the book's sources, with `book.toml` in it.
pub fn home() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Why there is no book.
#[derive(Debug)]
pub struct BuildError(Error);

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The alternative form is the whole chain of reasons in one line.
        write!(f, "{:#}", self.0)
    }
}

impl std::error::Error for BuildError {}

impl From<Error> for BuildError {
    fn from(error: Error) -> BuildError {
        BuildError(error)
    }
}

/// Builds the book into `out`, and returns the folder of its pages. What was in it is deleted.
///
/// # Errors
/// A tag or a fence that breaks the book's rules, all of them at once, each with its chapter and
/// line; what mdBook warns of; and whatever it cannot read or write.
pub fn build(out: &Path) -> std::result::Result<PathBuf, BuildError> {
    let mut config = Config::from_disk(home().join("book.toml"))?;
    config.build.build_dir = std::path::absolute(out).map_err(Error::from)?;
    let mut book = MDBook::load_with_config(home(), config)?;
    book.with_preprocessor(Course);
    let (built, warnings) = warnings::heard_during(|| book.build());
    built?;
    if !warnings.is_empty() {
        return Err(Error::msg(warnings.join("\n")).into());
    }
    Ok(book.build_dir_for("html"))
}

/// The book's own changes to its chapters, made before mdBook turns them into pages.
struct Course;

impl Preprocessor for Course {
    fn name(&self) -> &str {
        "course"
    }

    fn run(&self, context: &PreprocessorContext, mut book: Book) -> Result<Book> {
        let source = context.root.join(&context.config.book.src);
        let collected = Collected::from(&book);
        let mut mistakes = Vec::new();
        book.for_each_mut(|item: &mut BookItem| {
            if let BookItem::Chapter(chapter) = item
                && let Err(mistake) = rewrite(chapter, &source, &collected)
            {
                mistakes.push(mistake);
            }
        });
        if mistakes.is_empty() {
            Ok(book)
        } else {
            Err(Error::msg(mistakes.join("\n")))
        }
    }
}

/// Replaces the tags of a chapter, and shows its console fences as a reader wants them.
fn rewrite(
    chapter: &mut Chapter,
    source: &Path,
    collected: &Collected,
) -> std::result::Result<(), String> {
    // A chapter that is announced and not written yet has no file, and no text.
    let Some(file) = &chapter.source_path else {
        return Ok(());
    };
    let path = source.join(file);
    let folder = path.parent().unwrap_or(source);
    let named = |mistake: &dyn fmt::Display| format!("{}: {mistake}", path.display());
    // Looked at first, while a line's number is still that of the file.
    transcript::blocks(&chapter.content).map_err(|mistake| named(&mistake))?;
    let collected = collected.placed(&chapter.content);
    let expanded = include::expand(&collected, folder).map_err(|error| named(&error))?;
    let timed = reading::timed(&chapter.name, &expanded);
    let boxed = prediction::boxed(&timed);
    chapter.content = transcript::for_reading(&boxed).map_err(|mistake| named(&mistake))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(content: &str, place: &str) {
        let file = "step09/chapter.md";
        let mut chapter = Chapter::new("A chapter", content.to_owned(), file, Vec::new());
        let mistake =
            rewrite(&mut chapter, Path::new("/chapters"), &Collected::default()).unwrap_err();
        assert!(mistake.starts_with(place), "{mistake}");
    }

    #[test]
    fn a_mistake_names_its_chapter_and_line() {
        refused(
            "\n{{#include none.rs}}\n",
            "/chapters/step09/chapter.md: line 2: cannot read /chapters/step09/none.rs",
        );
        refused(
            "```rust\nfn typed() {}\n```\n",
            "/chapters/step09/chapter.md: line 2: Rust in a chapter",
        );
    }

    #[test]
    fn a_chapter_to_come_is_left_alone() {
        let mut chapter = Chapter::new_draft("To come", Vec::new());
        assert_eq!(
            rewrite(&mut chapter, Path::new("/chapters"), &Collected::default()),
            Ok(())
        );
    }
}
