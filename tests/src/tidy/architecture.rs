//! The table of invariants: every row names the tests that hold it, and they exist.
//!
//! ```text
//! | invariant | enforced by |
//! |---|---|
//! | no step needs a later one | `tests/tidy.rs::steps_need_no_package_and_no_later_step` |
//! ```

/// One row's invariant and what it says holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enforcer {
    /// The invariant, as the row says it.
    pub invariant: String,
    /// File and function of every test that the row names.
    pub tests: Vec<(String, String)>,
}

/// Reads the rows of the table whose header is `| invariant | enforced by |`.
pub fn enforcers(text: &str) -> Vec<Enforcer> {
    text.lines()
        .skip_while(|line| !is_header(line))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .filter_map(row)
        .collect()
}

fn is_header(line: &str) -> bool {
    cells(line).is_some_and(|(one, other)| one == "invariant" && other == "enforced by")
}

fn row(line: &str) -> Option<Enforcer> {
    let (invariant, enforced_by) = cells(line)?;
    let quoted = enforced_by.split('`').skip(1).step_by(2);
    let tests = quoted
        .filter_map(|name| name.split_once("::"))
        .map(|(file, function)| (file.into(), function.into()))
        .collect();
    Some(Enforcer {
        invariant: invariant.into(),
        tests,
    })
}

fn cells(line: &str) -> Option<(&str, &str)> {
    let (one, other) = line.strip_prefix('|')?.strip_suffix('|')?.split_once('|')?;
    Some((one.trim(), other.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_with_every_test_they_name() {
        let text = "x\n\n| invariant | enforced by |\n|---|---|\n\
                    | `a` holds | `b.rs::c`, and `d/e.rs::f` |\n| g | a promise |\n\nafter | it\n";
        let pair = |file: &str, name: &str| (file.to_owned(), name.to_owned());
        let rows = enforcers(text);
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].tests, [pair("b.rs", "c"), pair("d/e.rs", "f")]);
        assert_eq!(rows[0].invariant, "`a` holds");
        assert!(rows[1].tests.is_empty());
    }

    #[test]
    fn a_text_without_the_table_has_no_rows() {
        assert!(enforcers("| a | b |\n|---|---|\n| c | d |\n").is_empty());
    }
}
