//! Which chapters there are: the list of contents, as programs see it.

use crate::home;
use std::{fs, io};

/// The number of every chapter and the name of its page, such as `3.4` and `step03/3-4-part.html`, in
/// the order of the book.
///
/// # Errors
/// What the file system reports.
pub fn chapters() -> io::Result<Vec<(String, String)>> {
    let contents = fs::read_to_string(home().join("chapters/SUMMARY.md"))?;
    Ok(contents.lines().filter_map(chapter).collect())
}

/// Reads `- [3.4 Send part of it](step03/3-4-part.md)`.
fn chapter(line: &str) -> Option<(String, String)> {
    let (title, file) = line.strip_prefix("- [")?.split_once("](")?;
    let (number, _) = title.split_once(' ')?;
    let name = file.strip_suffix(".md)")?;
    Some((number.to_owned(), format!("{name}.html")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chapter_is_found_by_its_number() {
        let all = chapters().unwrap();
        let page = all.iter().find(|(number, _)| number == "3.4");
        assert_eq!(page.unwrap().1, "step03/3-4-part.html");
        assert!(all.len() > 30);
    }
}
