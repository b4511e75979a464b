//! Beyond the course: a folder that is for one user with one password (RFC 7617).
//!
//! Whether the password is compared in constant time cannot be seen from here: nobody's network is
//! quiet enough for a verdict. It is asked for all the same.

use crate::answer::{Answer, Asked};
use crate::grader::finding::Proof;
use crate::grader::request::{get, last_get};
use crate::grader::subject::{Server, Subject, Verdict};
use crate::grader::talk::{Found, Talk};
use crate::grader::tree::{LETTER, Tree};

/// Who may read, and by which word. The user's name ends at the first colon.
const USER_PASS: &str = "reader:open: sésame";

/// What is kept.
const TARGET: &str = "/kept/letter.txt";

const CHALLENGE: &str = "RFC 9110 §11.6.1 and RFC 7617 §2: who lacks the right credentials is answered 401, with a \
                         challenge: WWW-Authenticate: Basic realm=\"…\"";

const CREDENTIALS: &str = "RFC 7617 §2: credentials are the word Basic, in whatever letters, and in base64 the user, a colon \
                           and the password, which may have colons of its own and is UTF-8";

const SPELLINGS: &str =
    "RFC 3986 §6.2.2: one resource has many spellings; who guards one of them guards nothing";

/// 5n: the right password opens, nothing else does, and other paths are free.
pub(crate) fn basic_authentication(subject: &Subject, tree: &Tree) -> Verdict {
    subject.judged(tree, |server| {
        others_are_free(server)?;
        challenges(server)?;
        opens(server)?;
        stays_shut(server)?;
        every_spelling_is_kept(server)?;
        nothing_is_remembered(server)
    })
}

fn proof(what: &'static str, rule: &'static str) -> Proof {
    Proof {
        what,
        rule,
        chapter: "5.8",
    }
}

/// The field line of these credentials.
fn authorization(scheme: &str, user_pass: &str) -> String {
    format!("Authorization: {scheme} {}\r\n", base64(user_pass))
}

/// Says nothing more on this connection.
const LAST: &str = "Connection: close\r\n";

fn others_are_free(server: &Server) -> Found {
    let what = "files that are nobody's secret";
    for target in ["/hello.txt", "/sub/", "/keptsake", "/digits.txt?/kept/"] {
        let mut talk = proof(what, "only what is kept asks for a password").talk(server)?;
        let status = if target == "/keptsake" { 404 } else { 200 };
        talk.say(last_get(target)).status(Asked::Other, &[status])?;
        talk.leave();
    }
    Ok(())
}

fn challenges(server: &Server) -> Found {
    let tries = [
        ("no password", "GET", ""),
        ("no password, and HEAD", "HEAD", ""),
        (
            "no password, for a part of it",
            "GET",
            "Range: bytes=0-4\r\n",
        ),
        (
            "no password, and what it was before",
            "GET",
            "If-None-Match: *\r\n",
        ),
    ];
    for (what, method, lines) in tries {
        let mut talk = proof(what, CHALLENGE).talk(server)?;
        let request = get(TARGET, &format!("{LAST}{lines}"));
        talk.say(request.replacen("GET", method, 1));
        let asked = if method == "HEAD" {
            Asked::Head
        } else {
            Asked::Other
        };
        let answer = talk.status(asked, &[401])?;
        is_shut(&talk, &answer)?;
        let challenge = talk.field(&answer, "WWW-Authenticate")?;
        let challenge = String::from_utf8_lossy(challenge).to_lowercase();
        let realm = challenge.strip_prefix("basic ");
        if !realm.is_some_and(|realm| realm.contains("realm=\"")) {
            let expected = "a challenge such as Basic realm=\"letters\"";
            return Err(talk.wrong_field(&answer, "WWW-Authenticate", expected));
        }
        talk.leave();
    }
    Ok(())
}

fn opens(server: &Server) -> Found {
    for scheme in ["Basic", "basic", "BASIC"] {
        let mut talk = proof("the right password", CREDENTIALS).talk(server)?;
        let line = authorization(scheme, USER_PASS);
        talk.say(get(TARGET, &format!("{LAST}{line}")));
        let answer = talk.status(Asked::Other, &[200])?;
        talk.content(&answer, LETTER)?;
        talk.leave();
    }
    Ok(())
}

fn stays_shut(server: &Server) -> Found {
    let right = base64(USER_PASS);
    let basic = |user_pass: &str| authorization("Basic", user_pass);
    let tries = [
        basic("reader:open"),
        basic("reader:open: sésam"),
        basic("reader:open: sésamee"),
        basic("reader:"),
        basic("reader"),
        basic(":open: sésame"),
        basic("Reader:open: sésame"),
        basic("readeropen: sésame"),
        basic(""),
        "Authorization: Basic\r\n".to_owned(),
        "Authorization: Basic =\r\n".to_owned(),
        "Authorization: Basic !!!!\r\n".to_owned(),
        format!("Authorization: Basic {}\r\n", &right[..right.len() - 5]),
        format!("Authorization: Bearer {right}\r\n"),
        format!("Authorization: {right}\r\n"),
        format!("Proxy-Authorization: Basic {right}\r\n"),
    ];
    for line in tries {
        let mut talk = proof("a password that is not the right one", CREDENTIALS).talk(server)?;
        talk.say(get(TARGET, &format!("{LAST}{line}")));
        let answer = talk.status(Asked::Other, &[401])?;
        is_shut(&talk, &answer)?;
        talk.leave();
    }
    Ok(())
}

fn every_spelling_is_kept(server: &Server) -> Found {
    let spellings = [
        "/k%65pt/letter.txt",
        "//kept//letter.txt",
        "/./kept/letter.txt",
        "/sub/../kept/letter.txt",
        "/kept/%2e/letter.txt",
        "http://a/kept/letter.txt",
    ];
    for target in spellings {
        let mut talk = proof("the same file, spelled differently", SPELLINGS).talk(server)?;
        let wanted = "any answer but the letter";
        let answer = talk.say(last_get(target)).answer(Asked::Other, wanted)?;
        is_shut(&talk, &answer)?;
        talk.leave();
    }
    Ok(())
}

fn nothing_is_remembered(server: &Server) -> Found {
    let rule = "RFC 9110 §11.2: each request brings its own credentials; on a connection that is shared \
                behind a proxy the next one may be somebody else's";
    let mut talk = proof("a second request on the same connection", rule).talk(server)?;
    let line = authorization("Basic", USER_PASS);
    talk.say(get(TARGET, &line)).status(Asked::Other, &[200])?;
    let answer = talk.say(last_get(TARGET)).status(Asked::Other, &[401])?;
    is_shut(&talk, &answer)?;
    talk.leave();
    Ok(())
}

/// Demands that no part of the letter was given away.
fn is_shut(talk: &Talk, answer: &Answer) -> Found {
    let start = &LETTER[..11];
    let told = |octets: &[u8]| octets.windows(start.len()).any(|part| part == start);
    match told(&answer.content) || (200..400).contains(&answer.status) {
        false => Ok(()),
        true => Err(talk.wrong(answer, 9, "no octet of the letter, and nothing about it")),
    }
}

/// RFC 4648 §4.
fn base64(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::new();
    for group in text.as_bytes().chunks(3) {
        let octet = |at: usize| u32::from(group.get(at).copied().unwrap_or_default());
        let bits = octet(0) << 16 | octet(1) << 8 | octet(2);
        for digit in 0..4 {
            let value = (bits >> (18 - 6 * digit)) & 63;
            encoded.push(match digit <= group.len() {
                true => DIGITS[value as usize].into(),
                false => '=',
            });
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_as_in_the_rfc() {
        let vectors = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
        ];
        for (text, encoded) in vectors {
            assert_eq!(base64(text), encoded);
        }
        // RFC 7617 §2.
        assert_eq!(
            base64("Aladdin:open sesame"),
            "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
        );
    }
}
