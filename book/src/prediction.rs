//! The places where a chapter asks for a prediction, set apart so that nobody reads past one.
//!
//! A paragraph that starts with `**Predict.**` becomes a box. Its answer follows as `<details>`, which
//! the browser keeps shut; that part is plain HTML and none of our business.

/// How such a paragraph starts.
const START: &str = "**Predict.**";

/// Turns every such paragraph into a quotation, which the style sheet draws as a box.
pub(crate) fn boxed(chapter: &str) -> String {
    let mut out = String::with_capacity(chapter.len());
    let mut inside = false;
    let mut between = true;
    for line in chapter.split_inclusive('\n') {
        let blank = line.trim().is_empty();
        inside = !blank && (inside || (between && line.starts_with(START)));
        if inside {
            out.push_str("> ");
        }
        out.push_str(line);
        between = blank;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_paragraph_is_in_the_box_and_nothing_else() {
        assert_eq!(
            boxed("a\n\n**Predict.** What\nhappens?\n\nb **Predict.**\n**Predict.** c\n"),
            "a\n\n> **Predict.** What\n> happens?\n\nb **Predict.**\n**Predict.** c\n"
        );
    }
}
