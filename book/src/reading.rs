//! How long a chapter takes to read: a line under its title.

/// Words that a reader of technical prose takes in a minute.
const WORDS: usize = 180;

/// Words of a chapter without its fences, of which nobody knows how long they are looked at.
pub fn words(chapter: &str) -> usize {
    let prose = chapter.split("```").step_by(2);
    prose.map(|part| part.split_whitespace().count()).sum()
}

/// The same chapter with the line; the appendix is looked up, not read.
pub(crate) fn timed(chapter: &str, text: &str) -> String {
    let is_numbered = chapter.starts_with(|c: char| c.is_ascii_digit());
    match text.split_once('\n') {
        Some((title, rest)) if is_numbered => {
            let minutes = words(chapter_text(rest)).div_ceil(WORDS);
            format!(
                "{title}\n\n<p class=\"reading-time\">About {minutes} minutes to read, more to try.</p>\n{rest}"
            )
        }
        _ => text.to_owned(),
    }
}

/// What is read in order: not the exercises.
fn chapter_text(text: &str) -> &str {
    text.split("\n## Exercises\n").next().unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chapter_says_how_long_it_is() {
        let text = format!(
            "# 1.1 A\n\n{}\n```c\n{}\n```\n## Exercises\n\nmany words\n",
            "w ".repeat(350),
            "c ".repeat(999)
        );
        let timed = timed("1.1 A", &text);
        assert!(
            timed.starts_with("# 1.1 A\n\n<p class=\"reading-time\">About 2 minutes"),
            "{timed}"
        );
        assert_eq!(super::timed("A.1 A", &text), text);
    }
}
