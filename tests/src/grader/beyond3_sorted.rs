//! Beyond the course: a listing in the order that a query asks for.

use crate::answer::{Answer, Asked};
use crate::grader::finding::Proof;
use crate::grader::request::last_get;
use crate::grader::step03_files::leads;
use crate::grader::step03_listing::{fetches, leads_to, targets};
use crate::grader::subject::{Server, Subject, Verdict};
use crate::grader::talk::{Found, Talk};
use crate::grader::tree::Tree;
use crate::grader::tree_beyond::{SORTED, sorted_content};

const FOLDER: &str = "/sorted/";

/// What files are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    Name,
    Size,
    Time,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Up,
    Down,
}

use Direction::{Down, Up};
use Key::{Name, Size, Time};

const ORDER: &str =
    "sort=name, size or time says by what, numbers as numbers; order=desc turns it round";

const DEFAULT: &str = "a query comes from anybody: what has no meaning in it counts as not said, and is no \
                       reason to refuse the page";

/// Queries, the order that each asks for, and why.
const QUERIES: [(&str, Key, Direction, &str); 15] = [
    ("", Name, Up, "without a word, a listing is sorted by name"),
    ("?sort=name", Name, Up, ORDER),
    ("?sort=size", Size, Up, ORDER),
    ("?sort=time", Time, Up, ORDER),
    ("?sort=name&order=desc", Name, Down, ORDER),
    ("?sort=size&order=desc", Size, Down, ORDER),
    ("?sort=time&order=desc", Time, Down, ORDER),
    ("?order=desc&sort=size", Size, Down, ORDER),
    ("?order=desc", Name, Down, ORDER),
    ("?lang=en&sort=size", Size, Up, ORDER),
    ("?resort=size", Name, Up, DEFAULT),
    ("?sort=colour&order=desc", Name, Down, DEFAULT),
    ("?sort=size&order=sideways", Size, Up, DEFAULT),
    ("?sort", Name, Up, DEFAULT),
    ("?&=&sort=&order", Name, Up, DEFAULT),
];

/// 3i: a listing is sorted as its query says, and its links keep working.
pub(crate) fn sorted_listing(subject: &Subject, tree: &Tree) -> Verdict {
    const SLASH: Proof = Proof {
        what: "the folder without its slash, and a query",
        rule: "RFC 3986 §3.4: the query belongs to what was asked for, so it goes along",
        chapter: "3.2",
    };
    subject.judged(tree, |server| {
        for (query, key, direction, rule) in QUERIES {
            listed(server, query, (key, direction), rule)?;
        }
        is_only_text(server)?;
        turns_round(server)?;
        leads(server, SLASH, "/sorted?sort=size", "/sorted/?sort=size")?;
        let page = listed(server, "?sort=size&order=desc", (Size, Down), ORDER)?;
        for (name, len, _) in SORTED {
            let mut targets = targets(&page, FOLDER).into_iter();
            let target = targets.find(|target| leads_to(target, FOLDER, name.as_bytes()));
            let target = target.expect("the order was right, so it is there");
            fetches(server, &target, &sorted_content(name, len))?;
        }
        Ok(())
    })
}

fn ask(server: &Server, query: &str, rule: &'static str) -> Found<(Talk, Answer, String)> {
    let proof = Proof {
        what: "a listing and a query",
        rule,
        chapter: "3.2",
    };
    let mut talk = proof.talk(server)?;
    talk.say(last_get(&format!("{FOLDER}{query}")));
    let answer = talk.status(Asked::Other, &[200])?;
    talk.leave();
    match String::from_utf8(answer.content.clone()) {
        Ok(page) => Ok((talk, answer, page)),
        Err(_) => Err(talk.wrong(&answer, answer.head.len(), "a page in UTF-8")),
    }
}

/// Demands that order of the page for that query, and returns it.
fn listed(
    server: &Server,
    query: &str,
    order: (Key, Direction),
    rule: &'static str,
) -> Found<String> {
    let (talk, answer, page) = ask(server, query, rule)?;
    let (expected, came) = (names(order), order_of(&page));
    if came == expected {
        return Ok(page);
    }
    let (expected, came) = (expected.join(", "), came.join(", "));
    let came = if came.is_empty() { "nothing" } else { &came };
    let expected = format!("links to {expected}, in this order, not to {came}");
    Err(talk.wrong(&answer, answer.head.len(), expected))
}

fn names((key, direction): (Key, Direction)) -> Vec<&'static str> {
    let mut files = SORTED;
    match key {
        Name => files.sort_by_key(|(name, _, _)| *name),
        Size => files.sort_by_key(|(_, len, _)| *len),
        Time => files.sort_by_key(|(_, _, modified)| *modified),
    }
    if direction == Down {
        files.reverse();
    }
    files.map(|(name, _, _)| name).to_vec()
}

/// The files that a page links to, each where it is named first.
fn order_of(page: &str) -> Vec<&'static str> {
    let mut order = Vec::new();
    for target in targets(page, FOLDER) {
        let named = |(name, _, _): &&(&str, usize, u64)| leads_to(&target, FOLDER, name.as_bytes());
        let name = SORTED.iter().find(named).map(|(name, _, _)| *name);
        order.extend(name.filter(|name| !order.contains(name)));
    }
    order
}

/// Demands that nothing out of a query becomes part of the page.
fn is_only_text(server: &Server) -> Found {
    const RULE: &str = "HTML §13.1.2: what a stranger has written is text in a page, or not there";
    let query = "?sort=%22%3E%3Cintruder%3E&order=%22%3E%3Cintruder%3E";
    let (talk, answer, page) = ask(server, query, RULE)?;
    match page.find("<intruder") {
        None => Ok(()),
        Some(at) => {
            let at = answer.head.len() + at;
            Err(talk.wrong(&answer, at, "no tag that the query has brought in"))
        }
    }
}

/// Follows the page's own links to the three orders, and then each of them once more.
fn turns_round(server: &Server) -> Found {
    const RULE: &str = "the page has a link to each order; where it is in that order already, the \
                        link turns it round";
    for (word, key) in [("name", Name), ("size", Size), ("time", Time)] {
        let mut query = match key {
            Name => "?sort=size".to_owned(),
            Size | Time => String::new(),
        };
        for direction in [Up, Down] {
            let (talk, answer, page) = ask(server, &query, RULE)?;
            let sorts = |target: &String| {
                let parameters = target.strip_prefix(FOLDER)?.strip_prefix('?')?;
                let sort = format!("sort={word}");
                let is_it = parameters.split('&').any(|part| part == sort);
                is_it.then(|| format!("?{parameters}"))
            };
            query = match targets(&page, FOLDER).iter().find_map(sorts) {
                Some(query) => query,
                None => {
                    let expected = format!("a link such as href=\"?sort={word}\"");
                    return Err(talk.wrong(&answer, answer.head.len(), expected));
                }
            };
            listed(server, &query, (key, direction), RULE)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_orders_are_the_same() {
        let orders = [Name, Size, Time].map(|key| [names((key, Up)), names((key, Down))]);
        let mut all = orders.concat();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 6);
    }

    #[test]
    fn a_file_stands_where_it_is_named_first() {
        let page = "<a href='?sort=size'>size</a><a href='d%25.txt'></a><a href='./a.txt'></a>\
                    <a href='/sorted/d%25.txt?x'></a>";
        assert_eq!(order_of(page), ["d%.txt", "a.txt"]);
    }
}
