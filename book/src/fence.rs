//! Where the fences of a chapter are.
//!
//! Of Markdown's two kinds of fence the book uses one, three or more backticks; whoever types the
//! other is told so. Nothing else of Markdown is understood here.

/// A fence, by the lines of the chapter it covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fence<'t> {
    /// Index of the line with the opening backticks, from 0.
    pub(crate) open: usize,
    /// Index of the line with the closing ones.
    pub(crate) close: usize,
    /// What follows the opening backticks.
    pub(crate) info: &'t str,
    /// Spaces before the opening backticks; every line inside is moved left by as much.
    pub(crate) indent: usize,
}

impl<'t> Fence<'t> {
    /// The language, which is the first word of the info string.
    pub(crate) fn language(&self) -> &'t str {
        self.info.split(',').next().unwrap_or("").trim()
    }

    /// What follows the language: `name` or `name=value`, between commas.
    pub(crate) fn settings(&self) -> impl Iterator<Item = &'t str> {
        self.info.split(',').skip(1).map(str::trim)
    }

    /// The lines inside, each with its index in the chapter.
    pub(crate) fn body<'l>(&self, lines: &'l [&'t str]) -> impl Iterator<Item = (usize, &'t str)> {
        let indent = self.indent;
        (self.open + 1..self.close).map(move |at| (at, unindented(lines[at], indent)))
    }
}

/// Finds every fence; an error is the index of a line and what is wrong with it.
pub(crate) fn fences<'t>(lines: &[&'t str]) -> Result<Vec<Fence<'t>>, (usize, String)> {
    let mut found = Vec::new();
    let mut open: Option<(usize, usize, usize, &str)> = None;
    for (at, line) in lines.iter().enumerate() {
        let text = line.trim_start_matches(' ');
        let ticks = text.len() - text.trim_start_matches('`').len();
        let info = text[ticks..].trim();
        match open {
            None if text.starts_with("~~~") => {
                return Err((at, "open a fence with backticks, not tildes".to_owned()));
            }
            None if ticks >= 3 && !info.contains('`') => {
                open = Some((at, ticks, line.len() - text.len(), info));
            }
            Some((open_at, opening, indent, opened_with))
                if ticks >= opening && info.is_empty() =>
            {
                open = None;
                found.push(Fence {
                    open: open_at,
                    close: at,
                    info: opened_with,
                    indent,
                });
            }
            None | Some(_) => {}
        }
    }
    match open {
        Some((at, ..)) => Err((at, "this fence is never closed".to_owned())),
        None => Ok(found),
    }
}

fn unindented(line: &str, indent: usize) -> &str {
    let spaces = line.len() - line.trim_start_matches(' ').len();
    &line[spaces.min(indent)..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fences_are_found_with_their_settings() {
        let text = "a\n```console,server=x\n$ y\n```\n  ````text\n  ```\n   b\n  ````\n";
        let lines: Vec<&str> = text.lines().collect();
        let found = fences(&lines).unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].open, found[0].close), (1, 3));
        assert_eq!(found[0].language(), "console");
        assert_eq!(found[0].settings().collect::<Vec<_>>(), ["server=x"]);
        let inside: Vec<_> = found[1].body(&lines).collect();
        assert_eq!(inside, [(5, "```"), (6, " b")]);
    }

    #[test]
    fn inline_code_opens_nothing() {
        let lines = ["```` ```console ```` is how", "`x`"];
        assert_eq!(fences(&lines).unwrap(), []);
    }

    #[test]
    fn open_ends_and_tildes_are_refused() {
        assert_eq!(fences(&["```text", "x"]).unwrap_err().0, 0);
        assert_eq!(fences(&["", "~~~"]).unwrap_err().0, 1);
    }
}
