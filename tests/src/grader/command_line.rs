//! The command line of an executable: its words, and the places in it that are filled.
//!
//! ```text
//! python3 'my server.py' {port} {root}      as it is given
//! python3|my server.py|18080|/tmp/…/root    as it is started
//! ```

use crate::grader::behind::Behind;
use crate::grader::tree::Tree;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Takes a command line apart, as a shell does.
///
/// # Errors
/// One sentence: no word, a quote without end, no place for the address.
pub fn words(line: &str) -> Result<Vec<String>, String> {
    let words = split(line).ok_or("a quote in the command has no end")?;
    if words.is_empty() {
        return Err("the command is empty".into());
    }
    let told = |word: &String| word.contains("{port}") || word.contains("{addr}");
    match words.iter().any(told) {
        true => Ok(words),
        false => Err(format!(
            "`{line}` does not say where to listen: put {{port}} or {{addr}} where the server takes \
             its port or its address"
        )),
    }
}

/// Fills in what is around the server: folders of files and of programs, and who stands behind it.
pub(super) fn with_surroundings(words: &[String], tree: &Tree, behind: &Behind) -> Vec<String> {
    let folders = [
        ("{root}", tree.root()),
        ("{cgi}", tree.programs()),
        ("{wsgi}", tree.wsgi()),
    ];
    let placed = |word: &String| {
        let fill = |word: String, (place, folder): &(&str, PathBuf)| {
            word.replace(place, &folder.to_string_lossy())
        };
        behind.fill(&folders.iter().fold(word.clone(), fill))
    };
    words.iter().map(placed).collect()
}

/// Fills in the address.
pub(super) fn at(words: Vec<String>, addr: SocketAddr) -> Vec<String> {
    let placed = |word: String| {
        word.replace("{addr}", &addr.to_string())
            .replace("{port}", &addr.port().to_string())
    };
    words.into_iter().map(placed).collect()
}

/// The words of a command line; `None` where a quote has no end.
fn split(line: &str) -> Option<Vec<String>> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (c, quote) {
            (c, Some(q)) if c == q => quote = None,
            ('\'' | '"', None) => {
                quote = Some(c);
                // Nothing between quotes is a word too.
                word.get_or_insert_default();
            }
            ('\\', None | Some('"')) => word.get_or_insert_default().extend(chars.next()),
            (c, None) if c.is_whitespace() => words.extend(word.take()),
            (c, _) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: Option<&[&str]>) {
        let expected = expected.map(|words| words.iter().map(|&word| word.into()).collect());
        assert_eq!(split(line), expected);
    }

    #[test]
    fn a_command_line_is_cut_as_a_shell_cuts_it() {
        check("a  b ", Some(&["a", "b"]));
        check("a 'b c' \"d e\"f \\ g", Some(&["a", "b c", "d ef", " g"]));
        check("a ''", Some(&["a", ""]));
        check("", Some(&[]));
        check("a 'b", None);
    }

    #[test]
    fn a_command_has_to_say_where_to_listen() {
        assert!(words("server {port}").is_ok());
        assert!(words("server 8080").unwrap_err().contains("{port}"));
        assert!(words(" ").unwrap_err().contains("empty"));
    }

    #[test]
    fn every_place_is_filled() {
        let tree = Tree::new().unwrap();
        let line = words("x --at={addr} {port} {root}/a {cgi}").unwrap();
        let filled = at(
            with_surroundings(&line, &tree, &Behind::default()),
            ([127, 0, 0, 1], 80).into(),
        );
        let (root, cgi) = (tree.root(), tree.programs());
        let (root, cgi) = (root.display(), cgi.display());
        let expected = format!("x --at=127.0.0.1:80 80 {root}/a {cgi}");
        assert_eq!(filled.join(" "), expected);
    }
}
