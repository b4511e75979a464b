//! Checks of step 3: files, folders and methods.

use crate::answer::Asked;
use crate::grader::finding::Proof;
use crate::grader::request::{escaped, get, last_get};
use crate::grader::subject::{Server, Subject, Verdict};
use crate::grader::talk::{Found, Talk};
use crate::grader::tree::{MARKS, ODD_NAMES, SPARSE_BYTES, Tree};
use crate::rng::Rng;

/// Octets of a window into the large file.
const WINDOW: u64 = 1024;

/// Windows at random places, besides those that are known to be special.
const RANDOM_WINDOWS: usize = 20;

/// Octets by which a server may grow while it serves them.
const GROWTH_BYTES: u64 = 8 << 20;

/// 3a: every file comes back as it is, and what is not there is 404.
pub(crate) fn serve_the_tree(subject: &Subject, tree: &Tree) -> Verdict {
    const FILE: Proof = Proof {
        what: "a file",
        rule: "RFC 9110 §9.3.1: GET answers with what is there, octet by octet",
        chapter: "3.1",
    };
    const NOTHING: Proof = Proof {
        what: "a file that is not there",
        rule: "RFC 9110 §15.5.5: what is not there is 404",
        chapter: "3.1",
    };
    subject.judged(tree, |server| {
        for (target, content) in tree.made() {
            let mut talk = FILE.talk(server)?;
            let answer = talk.say(last_get(target)).status(Asked::Other, &[200])?;
            talk.content(&answer, content)?;
        }
        for target in ["/no-such.txt", "/made/0/no-such", "/no/such/folder/"] {
            let mut talk = NOTHING.talk(server)?;
            talk.say(last_get(target)).status(Asked::Other, &[404])?;
        }
        Ok(())
    })
}

/// 3c: a folder's address ends in a slash, and who leaves it out is sent there.
pub(crate) fn slash(subject: &Subject, tree: &Tree) -> Verdict {
    const PROOF: Proof = Proof {
        what: "a folder without its slash",
        rule: "RFC 9110 §15.4.2 and RFC 3986 §5.2: without the slash, the page's relative links \
               would lead to the folder above",
        chapter: "3.2",
    };
    subject.judged(tree, |server| {
        let mut talk = PROOF.talk(server)?;
        let answer = talk.say(last_get("/sub")).status(Asked::Other, &[301])?;
        let location = String::from_utf8_lossy(talk.field(&answer, "Location")?).into_owned();
        if path_of(&location) != "/sub/" {
            let expected = "a Location whose path is /sub/";
            return Err(talk.wrong_field(&answer, "Location", expected));
        }
        talk.leave();
        let mut talk = PROOF.talk(server)?;
        let answer = talk.say(last_get("/sub/")).status(Asked::Other, &[200])?;
        talk.content(&answer, b"<!doctype html><title>sub</title>")
    })
}

/// The path of a reference, whether or not a scheme and a host come before it.
fn path_of(location: &str) -> &str {
    match location.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("", |slash| &rest[slash..]),
        None => location,
    }
}

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
        let links: Vec<String> = links(&page).iter().filter_map(|l| target_of(l)).collect();
        for name in ODD_NAMES {
            let leads_there = |link: &&String| decoded(link) == [b"/odd/", name].concat();
            match links.iter().find(leads_there) {
                Some(link) => fetches(server, link, name)?,
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

fn fetches(server: &Server, target: &str, name: &[u8]) -> Found {
    let proof = Proof {
        what: "a link of the listing",
        rule: "a link leads to the file it names",
        chapter: "3.2",
    };
    let mut talk = proof.talk(server)?;
    let answer = talk.say(last_get(target)).status(Asked::Other, &[200])?;
    talk.content(&answer, name)
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

/// The target that a browser on `/odd/` would ask for; `None` where a link leads elsewhere.
fn target_of(link: &str) -> Option<String> {
    let (link, _) = link.split_once('#').unwrap_or((link, ""));
    let (path, _) = link.split_once('?').unwrap_or((link, ""));
    // A colon before the first slash ends a scheme, not a name (RFC 3986 §4.2).
    let first = path.split('/').next().unwrap_or("");
    if first.contains(':') {
        return None;
    }
    let path = path.strip_prefix("./").unwrap_or(path);
    match path.strip_prefix('/') {
        Some(_) => Some(path.to_owned()),
        None => Some(format!("/odd/{path}")),
    }
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

/// 3g: any part of a file that is larger than memory should have to be.
pub(crate) fn two_gigabytes(subject: &Subject, tree: &Tree) -> Verdict {
    const PROOF: Proof = Proof {
        what: "a part of a file of 2 GiB",
        rule: "RFC 9110 §14.2: only the part is sent, so only the part is read; lengths and \
               offsets need more than 32 bits",
        chapter: "3.5",
    };
    subject.judged(tree, |server| {
        // The first request may make what every request needs; it must not be for the large file,
        // which a wrong server would have in memory then, and never more of it.
        let mut talk = PROOF.talk(server)?;
        talk.say(get("/hello.txt", "Connection: close\r\n"));
        talk.status(Asked::Other, &[200])?;
        talk.leave();
        let before = server.memory();
        let mut rng = Rng::from_seed(7);
        let mut places: Vec<u64> = MARKS.iter().map(|(at, _)| at - WINDOW / 2).collect();
        places.push(SPARSE_BYTES - WINDOW);
        places.extend((0..RANDOM_WINDOWS).map(|_| rng.next_u64() % (SPARSE_BYTES - WINDOW)));
        for from in places {
            let to = (from + WINDOW).min(SPARSE_BYTES);
            let mut talk = PROOF.talk(server)?;
            let range = format!("Connection: close\r\nRange: bytes={from}-{}\r\n", to - 1);
            talk.say(get("/sparse.bin", &range));
            let answer = talk.status(Asked::Other, &[206])?;
            talk.content(&answer, &window(from, to))?;
        }
        let grown = before.zip(server.memory());
        match grown.map(|(before, after)| after.peak.saturating_sub(before.peak)) {
            Some(grown) if grown > GROWTH_BYTES => Err(PROOF.fails(format!(
                "memory that grows by less than 8 MiB, not by {} MiB",
                grown >> 20
            ))),
            _ => Ok(()),
        }
    })
}

/// What stands in the large file from one offset up to another.
fn window(from: u64, to: u64) -> Vec<u8> {
    let octet = |at: u64| {
        let marked = MARKS.iter().find_map(|(start, text)| {
            let offset = usize::try_from(at.checked_sub(*start)?).ok()?;
            text.get(offset)
        });
        marked.copied().unwrap_or(0)
    };
    (from..to).map(octet).collect()
}

/// 3h: a file can be read and not be posted to, and the answer says so.
pub(crate) fn methods(subject: &Subject, tree: &Tree) -> Verdict {
    const KNOWN: Proof = Proof {
        what: "a method that a file does not have",
        rule: "RFC 9110 §15.5.6: 405, with an Allow that names the methods there are",
        chapter: "3.2",
    };
    const UNKNOWN: Proof = Proof {
        what: "a method that nobody knows",
        rule: "RFC 9110 §9.1: a method that the server does not know is 501",
        chapter: "2.2",
    };
    subject.judged(tree, |server| {
        let ask = |proof: Proof, method: &str, status| -> Found<_> {
            let mut talk = proof.talk(server)?;
            let lines = "Connection: close\r\nContent-Length: 0\r\n";
            talk.say(get("/hello.txt", lines).replacen("GET", method, 1));
            let answer = talk.status(Asked::Other, &[status])?;
            Ok((talk, answer))
        };
        for method in ["POST", "DELETE"] {
            let (talk, answer) = ask(KNOWN, method, 405)?;
            let allow = String::from_utf8_lossy(talk.field(&answer, "Allow")?).into_owned();
            let has = |name| allow.split(',').any(|method| method.trim() == name);
            if !(has("GET") && has("HEAD")) {
                return Err(talk.wrong_field(&answer, "Allow", "an Allow with GET and HEAD"));
            }
        }
        ask(UNKNOWN, "FETCH", 501)?;
        is_untouched(server)
    })
}

fn is_untouched(server: &Server) -> Found {
    let proof = Proof {
        what: "the same file after DELETE",
        rule: "RFC 9110 §15.5.6: a method that is refused does nothing",
        chapter: "3.2",
    };
    let mut talk: Talk = proof.talk(server)?;
    let answer = talk
        .say(last_get("/hello.txt"))
        .status(Asked::Other, &[200])?;
    talk.content(&answer, b"Hello, reader.\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_read_as_a_browser_reads_them() {
        let page = "<a href=\"./a%20b.txt\">x</a><a href='a:b.txt'></a><a href=\"&amp;lt;?q\">";
        let targets: Vec<_> = links(page).iter().map(|link| target_of(link)).collect();
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(targets, [some("/odd/a%20b.txt"), None, some("/odd/&lt;")]);
        assert_eq!(decoded("/odd/a%20%zz"), b"/odd/a %zz");
    }

    #[test]
    fn a_window_shows_the_mark_where_it_is() {
        let (at, text) = MARKS[0];
        let shown = window(at - 1, at + text.len() as u64 + 1);
        assert_eq!(shown, [b"\0", text, b"\0"].concat());
    }
}
