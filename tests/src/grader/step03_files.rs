//! Checks of step 3: files, folders and methods.

use crate::answer::Asked;
use crate::grader::finding::Proof;
use crate::grader::request::{get, last_get};
use crate::grader::subject::{Server, Subject};
use crate::grader::talk::{Found, Talk};
use crate::grader::tree::{MARKS, SPARSE_BYTES, Tree};
use crate::grader::verdict::Verdict;
use crate::rng::Rng;
use std::net::SocketAddr;

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

/// 3c: a folder's address ends in a slash, and who leaves it out is sent there and nowhere else.
pub(crate) fn slash(subject: &Subject, tree: &Tree) -> Verdict {
    const PROOF: Proof = Proof {
        what: "a folder without its slash",
        rule: "RFC 9110 §15.4.2 and RFC 3986 §5.2: without the slash, the page's relative links \
               would lead to the folder above",
        chapter: "3.2",
    };
    const QUERY: Proof = Proof {
        what: "a folder without its slash, and a query",
        rule: "RFC 3986 §3.4: the query belongs to what was asked for, so it goes along",
        chapter: "3.2",
    };
    const EVIL: Proof = Proof {
        what: "the same folder, by a path that begins with somebody else's host",
        rule: "RFC 3986 §4.2: a reference that begins with two slashes names a host; a path that \
               was sent may not come back as one",
        chapter: "3.2",
    };
    subject.judged(tree, |server| {
        leads(server, PROOF, "/sub", "/sub/")?;
        leads(server, QUERY, "/sub?a=%20b", "/sub/?a=%20b")?;
        leads(server, EVIL, "//host.example/%2e%2e/sub", "/sub/")?;
        let mut talk = PROOF.talk(server)?;
        let answer = talk.say(last_get("/sub/")).status(Asked::Other, &[200])?;
        talk.content(&answer, b"<!doctype html><title>sub</title>")
    })
}

/// Demands that `target` is redirected to that path, be it with or without the server's own host.
pub(super) fn leads(server: &Server, proof: Proof, target: &str, path: &str) -> Found {
    let mut talk = proof.talk(server)?;
    let answer = talk.say(last_get(target)).status(Asked::Other, &[301])?;
    let location = String::from_utf8_lossy(talk.field(&answer, "Location")?).into_owned();
    talk.leave();
    match of_this_server(&location, server.addr()) == Some(path) {
        true => Ok(()),
        false => Err(talk.wrong_field(
            &answer,
            "Location",
            format!("a Location of this server whose path is {path}"),
        )),
    }
}

/// A reference without scheme and host; `None` where it names another host than the one asked, which
/// is called `a` in every request here, and has an address.
fn of_this_server(location: &str, addr: SocketAddr) -> Option<&str> {
    let Some(rest) = location.strip_prefix("http://") else {
        return (!location.starts_with("//")).then_some(location);
    };
    let (authority, path) = rest.split_at(rest.find('/')?);
    let host = authority.split(':').next();
    let is_this = host == Some("a") || authority == addr.to_string();
    is_this.then_some(path)
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
    fn a_reference_to_another_host_is_not_of_this_server() {
        let addr = SocketAddr::from(([127, 0, 0, 1], 80));
        let of = |location| of_this_server(location, addr);
        for same in ["/sub/?q", "http://a/sub/?q", "http://a:8080/sub/?q"] {
            assert_eq!(of(same), Some("/sub/?q"), "{same}");
        }
        assert_eq!(of("http://127.0.0.1:80/x"), Some("/x"));
        for other in [
            "//host.example/sub/",
            "http://host.example/sub/",
            "http://a",
        ] {
            assert_eq!(of(other), None, "{other}");
        }
    }

    #[test]
    fn a_window_shows_the_mark_where_it_is() {
        let (at, text) = MARKS[0];
        let shown = window(at - 1, at + text.len() as u64 + 1);
        assert_eq!(shown, [b"\0", text, b"\0"].concat());
    }
}
