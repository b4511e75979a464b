//! Checks of step 3: nothing outside of the root is ever served.

use crate::answer::Asked;
use crate::grader::finding::Proof;
use crate::grader::request::{escaped, get, last_get};
use crate::grader::subject::{Server, Subject};
use crate::grader::talk::Found;
use crate::grader::tree::{CANARY, Tree};
use crate::grader::verdict::Verdict;

/// Spellings of a way out.
const WAYS_OUT: [&str; 27] = [
    "/../canary",
    "/%2e%2e/canary",
    "/.%2e/canary",
    "/%2e./canary",
    "/..%2fcanary",
    "/..%2Fcanary",
    "/%2e%2e%2fcanary",
    "/sub/../../canary",
    "/sub/%2e%2e/%2e%2e/canary",
    "/sub/..%2f..%2fcanary",
    "/./../canary",
    "//../canary",
    "/sub/.//../../canary",
    "/no-such-folder/../../canary",
    "/hello.txt/../../canary",
    "/..\\canary",
    "/..%5ccanary",
    "/..;/canary",
    "/..%00/canary",
    "/../canary%00.txt",
    "/%252e%252e/canary",
    "/..%252fcanary",
    "/%c0%ae%c0%ae/canary",
    "/..%c0%afcanary",
    "/....//canary",
    "/made/../../canary",
    "http://a/../canary",
];

/// 3b: no spelling of a path, and no link, leads out of the root.
pub(crate) fn jail(subject: &Subject, tree: &Tree) -> Verdict {
    subject.judged(tree, |server| {
        for target in WAYS_OUT {
            stays_inside(server, target)?;
        }
        // To join an absolute path to a root forgets the root.
        let outside = tree.root().with_file_name("canary").display().to_string();
        stays_inside(server, &format!("/{outside}"))?;
        stays_inside(server, &format!("/{}", escaped(outside.as_bytes())))?;
        stays_inside(server, "/outward")?;
        serves_on(server)
    })
}

fn stays_inside(server: &Server, target: &str) -> Found {
    let proof = Proof {
        what: match target {
            "/outward" => "a symbolic link that leads out of the root",
            _ => "a path that leads out of the root",
        },
        rule: "RFC 9110 §17.3: a path is decoded once, made plain, and held inside of the root; \
               what it leads to is looked at before it is served",
        chapter: "3.1",
    };
    let mut talk = proof.talk(server)?;
    talk.say(get(target, "Connection: close\r\n"));
    // Any refusal will do, even a connection that ends without a word.
    let answer = talk.client().read_answer(Asked::Other);
    let canary = CANARY.as_bytes();
    let leaked = |content: &[u8]| {
        content
            .windows(canary.len())
            .position(|part| part == canary)
    };
    match answer {
        Ok(answer) => match leaked(&answer.content) {
            Some(at) => {
                let at = answer.head.len() + at;
                Err(talk.wrong(&answer, at, "not one octet of a file outside of the root"))
            }
            None => Ok(()),
        },
        Err(_) if leaked(talk.client().seen()).is_some() => {
            Err(talk.fails("not one octet of a file outside of the root"))
        }
        Err(_) => Ok(()),
    }
}

fn serves_on(server: &Server) -> Found {
    let proof = Proof {
        what: "an ordinary file, the long way round",
        rule: "RFC 3986 §5.2.4: dot segments that stay inside are removed, not refused",
        chapter: "3.1",
    };
    let mut talk = proof.talk(server)?;
    let answer = talk
        .say(last_get("/sub/../hello.txt"))
        .status(Asked::Other, &[200])?;
    talk.content(&answer, b"Hello, reader.\n")
}
