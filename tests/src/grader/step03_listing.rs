//! The check of step 3 about listings, and how a page of links is read.

use crate::answer::Asked;
use crate::grader::finding::Proof;
use crate::grader::request::{escaped, last_get};
use crate::grader::subject::{Server, Subject, Verdict};
use crate::grader::talk::Found;
use crate::grader::tree::{ODD_NAMES, Tree};

/// 3d: in a listing every name is text, and every link leads to its file.
pub(crate) fn listing(subject: &Subject, tree: &Tree) -> Verdict {
    const LISTING: Proof = Proof {
        what: "a folder of odd names",
        rule: "HTML §13.1.2 and RFC 3986 §2.1: < and & are escaped in a page, % and space in a \
               link, or a file's name becomes part of the page",
        chapter: "3.2",
    };
    subject.judged(tree, |server| {
        let mut talk = LISTING.talk(server)?;
        let answer = talk.say(last_get("/odd/")).status(Asked::Other, &[200])?;
        talk.leave();
        let Ok(page) = String::from_utf8(answer.content.clone()) else {
            return Err(talk.wrong(&answer, answer.head.len(), "a page in UTF-8"));
        };
        if let Some(at) = page.find("<i>.txt") {
            let at = answer.head.len() + at;
            return Err(talk.wrong(&answer, at, "`&lt;` where the name has `<`"));
        }
        let targets = targets(&page, "/odd/");
        for name in ODD_NAMES {
            let leads_there = |target: &&String| leads_to(target, "/odd/", name);
            match targets.iter().find(leads_there) {
                Some(target) => fetches(server, target, name)?,
                None => {
                    let (name, link) = (name.escape_ascii(), escaped(name));
                    let expected = format!("a link to \"{name}\", such as href=\"./{link}\"");
                    return Err(talk.fails(expected));
                }
            }
        }
        Ok(())
    })
}

/// Demands that there is such content behind a link of a listing.
pub(super) fn fetches(server: &Server, target: &str, content: &[u8]) -> Found {
    let proof = Proof {
        what: "a link of the listing",
        rule: "a link leads to the file it names",
        chapter: "3.2",
    };
    let mut talk = proof.talk(server)?;
    let answer = talk.say(last_get(target)).status(Asked::Other, &[200])?;
    talk.content(&answer, content)
}

/// The targets that the links of a page lead to from `folder`, in their order.
pub(super) fn targets(page: &str, folder: &str) -> Vec<String> {
    let links = links(page);
    let targets = links.iter().filter_map(|link| target_of(link, folder));
    targets.collect()
}

/// What stands in each `href`, character references resolved.
fn links(page: &str) -> Vec<String> {
    let starts = page
        .match_indices("href=")
        .map(|(at, found)| at + found.len());
    let value = |at: usize| {
        let quote = page[at..]
            .chars()
            .next()
            .filter(|c| ['"', '\''].contains(c))?;
        let (value, _) = page[at + 1..].split_once(quote)?;
        Some(unescaped(value))
    };
    starts.filter_map(value).collect()
}

fn unescaped(value: &str) -> String {
    let references = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#x27;", "'"),
        ("&apos;", "'"),
        // Last, so that what it yields is not resolved once more.
        ("&amp;", "&"),
    ];
    let replace = |text: String, (from, to): &(&str, &str)| text.replace(from, to);
    references.iter().fold(value.to_owned(), replace)
}

/// The target that a browser on `folder` would ask for; `None` where a link leads to another host.
fn target_of(link: &str, folder: &str) -> Option<String> {
    let (link, _) = link.split_once('#').unwrap_or((link, ""));
    // A colon before the first slash ends a scheme, not a name (RFC 3986 §4.2).
    let first = path(link).split('/').next().unwrap_or("");
    if first.contains(':') {
        return None;
    }
    let link = link.strip_prefix("./").unwrap_or(link);
    match link.strip_prefix('/') {
        Some(_) => Some(link.to_owned()),
        None => Some(format!("{folder}{link}")),
    }
}

/// What comes before the query.
fn path(target: &str) -> &str {
    target.split_once('?').map_or(target, |(path, _)| path)
}

/// Whether a target leads to the file of that name in `folder`.
pub(super) fn leads_to(target: &str, folder: &str, name: &[u8]) -> bool {
    decoded(path(target)) == [folder.as_bytes(), name].concat()
}

fn decoded(target: &str) -> Vec<u8> {
    let octets = target.as_bytes();
    let mut plain = Vec::new();
    let mut at = 0;
    while at < octets.len() {
        let digits = target.get(at + 1..at + 3);
        let octet = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (octets[at], octet) {
            (b'%', Some(octet)) => {
                plain.push(octet);
                at += 3;
            }
            (octet, _) => {
                plain.push(octet);
                at += 1;
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_read_as_a_browser_reads_them() {
        let page = "<a href=\"./a%20b.txt\">x</a><a href='a:b.txt'></a><a href=\"&amp;lt;?q\">";
        assert_eq!(targets(page, "/odd/"), ["/odd/a%20b.txt", "/odd/&lt;?q"]);
        assert!(leads_to("/odd/a%20b.txt?q", "/odd/", b"a b.txt"));
        assert_eq!(decoded("/odd/a%20%zz"), b"/odd/a %zz");
    }
}
