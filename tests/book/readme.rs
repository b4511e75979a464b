//! Numbers the README gives, recomputed.

use std::fs;
use std::io;
use std::path::Path;

/// How far a number may be from the truth, in per cent: it is there to compare steps by, and
/// a change of ten lines should not have to touch the README.
const TOLERANCE_PERCENT: usize = 10;

/// Every row of the README's table whose number of lines is not true any more.
pub(crate) fn faults(readme: &str, root: &Path) -> io::Result<Vec<String>> {
    let mut faults = Vec::new();
    let mut rows = 0;
    for line in readme.lines() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, step, _, said, ..] = cells.as_slice() else {
            continue;
        };
        let Some((_, folder)) = step.split_once("](") else {
            continue;
        };
        rows += 1;
        let folder = folder.trim_end_matches(')');
        let counted = code_lines(&root.join(folder).join("src"))?;
        let said: usize = said.replace(',', "").parse().unwrap_or(0);
        if said.abs_diff(counted) * 100 > counted * TOLERANCE_PERCENT {
            faults.push(format!("{folder} has {counted} lines, not {said}"));
        }
    }
    if rows == 0 {
        faults.push("no row of a step was found".to_owned());
    }
    Ok(faults)
}

/// Lines below `folder` that are neither blank, nor a comment, nor tests.
fn code_lines(folder: &Path) -> io::Result<usize> {
    let mut lines = 0;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            lines += code_lines(&path)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            lines += count(&fs::read_to_string(&path)?);
        }
    }
    Ok(lines)
}

fn count(source: &str) -> usize {
    source
        .lines()
        .map(str::trim)
        .take_while(|line| *line != "#[cfg(test)]")
        .filter(|line| !line.is_empty() && !line.starts_with("//"))
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use check::TempFolder;

    #[test]
    fn comments_blank_lines_and_tests_are_not_counted() {
        assert_eq!(
            count("//! a\n\nfn b() {\n    // c\n}\n#[cfg(test)]\nmod d {}\n"),
            2
        );
    }

    #[test]
    fn a_number_that_is_far_off_is_found() {
        let root = TempFolder::new().unwrap();
        root.write("step01/src/lib.rs", "fn a() {\n}\n".repeat(50))
            .unwrap();
        let row = |said: &str| format!("| [1](step01) | why? | {said} | x |\n");
        assert!(faults(&row("100"), root.path()).unwrap().is_empty());
        assert!(faults(&row("109"), root.path()).unwrap().is_empty());
        assert_eq!(faults(&row("80"), root.path()).unwrap().len(), 1);
        assert_eq!(faults("nothing", root.path()).unwrap().len(), 1);
    }
}
