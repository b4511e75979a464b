//! The check of step 5 that is about what a program is told.
//!
//! `GET /cgi/dump` runs a program that answers with its environment, a variable in a line. Every
//! request asks for some variables with the values they must have, and for some that may not be
//! there.

use crate::answer::Asked;
use crate::grader::finding::Proof;
use crate::grader::request::get;
use crate::grader::subject::{Server, Subject};
use crate::grader::talk::{Found, Talk};
use crate::grader::tree::Tree;
use crate::grader::verdict::Verdict;

/// What a program has to be told, or not to be told.
enum Told {
    Is(&'static str, &'static str),
    /// Something, whatever it is.
    Some(&'static str),
    /// Not there, or empty: the two mean the same (RFC 3875 §4.1).
    None(&'static str),
}

/// A request, and what the program is told.
struct Row {
    what: &'static str,
    request: String,
    told: Vec<Told>,
    rule: &'static str,
}

use Told::{Is, None as Nothing, Some as Anything};

/// 5a: a program is told what RFC 3875 says, and nothing that a client has made up.
pub(crate) fn cgi_variables(subject: &Subject, tree: &Tree) -> Verdict {
    subject.judged(tree, |server| {
        let mut rows = of_requests();
        rows.extend(of_targets());
        rows.extend(of_fields());
        rows.extend(of_strangers());
        rows.iter().try_for_each(|row| row.hold(server))?;
        of_addresses(server)
    })
}

fn row(what: &'static str, request: String, told: Vec<Told>, rule: &'static str) -> Row {
    Row {
        what,
        request,
        told,
        rule,
    }
}

const CLOSE: &str = "Connection: close\r\n";

fn dump(suffix: &str, lines: &str) -> String {
    get(&format!("/cgi/dump{suffix}"), &format!("{CLOSE}{lines}"))
}

fn of_requests() -> Vec<Row> {
    vec![
        row(
            "a GET of a program",
            dump("", ""),
            vec![
                Is("GATEWAY_INTERFACE", "CGI/1.1"),
                Is("REQUEST_METHOD", "GET"),
                Is("SERVER_PROTOCOL", "HTTP/1.1"),
                Is("SCRIPT_NAME", "/cgi/dump"),
                Nothing("PATH_INFO"),
                Anything("SERVER_SOFTWARE"),
            ],
            "RFC 3875 §4.1: these variables are what every program may rely on",
        ),
        row(
            "HTTP/1.0",
            dump("", "").replacen("HTTP/1.1", "HTTP/1.0", 1),
            vec![Is("SERVER_PROTOCOL", "HTTP/1.0")],
            "RFC 3875 §4.1.16: SERVER_PROTOCOL is the protocol of this request",
        ),
        row(
            "another method",
            dump("", "Content-Length: 0\r\n").replacen("GET", "PUT", 1),
            vec![Is("REQUEST_METHOD", "PUT")],
            "RFC 3875 §4.1.12: REQUEST_METHOD is the method, whatever it is",
        ),
    ]
}

fn of_targets() -> Vec<Row> {
    const SCRIPT: &str = "RFC 3875 §4.1.5 and §4.1.13: SCRIPT_NAME is the part of the path that has \
                          found the program, PATH_INFO what comes after it, decoded";
    const QUERY: &str = "RFC 3875 §4.1.7: QUERY_STRING is what follows the question mark, as it came, \
                         and is there even if it is empty";
    const CONTENT: &str = "RFC 3875 §4.1.2 and §4.1.3: CONTENT_LENGTH and CONTENT_TYPE are those of \
                           the content, and missing where there is none";
    let posted = dump("", "Content-Type: text/x-odd\r\nContent-Length: 5\r\n") + "hello";
    vec![
        row(
            "a query",
            dump("?a=b&c=%20d", ""),
            vec![Is("QUERY_STRING", "a=b&c=%20d")],
            QUERY,
        ),
        row(
            "no query",
            dump("", ""),
            vec![Nothing("QUERY_STRING")],
            QUERY,
        ),
        row(
            "a path after the program",
            dump("/x/y%20z?q", ""),
            vec![
                Is("SCRIPT_NAME", "/cgi/dump"),
                Is("PATH_INFO", "/x/y z"),
                Is("QUERY_STRING", "q"),
            ],
            SCRIPT,
        ),
        row(
            "content",
            posted.replacen("GET", "POST", 1),
            vec![Is("CONTENT_LENGTH", "5"), Is("CONTENT_TYPE", "text/x-odd")],
            CONTENT,
        ),
        row(
            "no content",
            dump("", ""),
            vec![Nothing("CONTENT_LENGTH"), Nothing("CONTENT_TYPE")],
            CONTENT,
        ),
    ]
}

fn of_fields() -> Vec<Row> {
    const FIELD: &str = "RFC 3875 §4.1.18: a field becomes HTTP_ and its name in capitals, dashes as \
                         underscores";
    vec![
        row(
            "a field",
            dump("", "User-Agent: a client\r\n"),
            vec![Is("HTTP_USER_AGENT", "a client")],
            FIELD,
        ),
        row(
            "a field in small letters",
            dump("", "x-odd-one:\tz \r\n"),
            vec![Is("HTTP_X_ODD_ONE", "z")],
            FIELD,
        ),
        row(
            "a field in two lines",
            dump("", "Accept: a/b\r\nX: y\r\nAccept: c/d\r\n"),
            vec![Is("HTTP_ACCEPT", "a/b, c/d")],
            "RFC 3875 §4.1.18 and RFC 9110 §5.3: lines of one name are one value, joined by commas",
        ),
    ]
}

fn of_strangers() -> Vec<Row> {
    const PROXY: &str = "RFC 3875 §4.1.18: a server may leave fields out, and this one it must: \
                         programs take HTTP_PROXY for an order from their administrator (httpoxy)";
    vec![
        row(
            "a field called Proxy",
            dump("", "Proxy: http://evil.example/\r\n"),
            vec![Nothing("HTTP_PROXY")],
            PROXY,
        ),
        row(
            "a field called proxy",
            dump("", "proxy: http://evil.example/\r\n"),
            vec![Nothing("HTTP_PROXY")],
            PROXY,
        ),
        row(
            "a field with an underscore",
            dump("", "X_Odd: spoofed\r\n"),
            vec![Nothing("HTTP_X_ODD")],
            "RFC 3875 §4.1.18: a dash and an underscore become the same, so who may say X_Odd can \
             pretend to be X-Odd",
        ),
    ]
}

/// What depends on where the server is.
fn of_addresses(server: &Server) -> Found {
    let proof = Proof {
        what: "who talks to whom",
        rule: "RFC 3875 §4.1.8, §4.1.14 and §4.1.15: REMOTE_ADDR is the client's address, SERVER_NAME the \
               host that was asked for, SERVER_PORT the port that heard it",
        chapter: "5.1",
    };
    let port = server.addr().port().to_string();
    let mut talk = proof.talk(server)?;
    let request = dump("", "").replacen("Host: a", &format!("Host: a.example:{port}"), 1);
    let told = environment(talk.say(request))?;
    told.is("REMOTE_ADDR", "127.0.0.1", &talk)?;
    told.is("SERVER_NAME", "a.example", &talk)?;
    told.is("SERVER_PORT", &port, &talk)
}

impl Row {
    fn hold(&self, server: &Server) -> Found {
        let proof = Proof {
            what: self.what,
            rule: self.rule,
            chapter: "5.1",
        };
        let mut talk = proof.talk(server)?;
        let came = environment(talk.say(&self.request))?;
        self.told.iter().try_for_each(|told| match told {
            Is(name, value) => came.is(name, value, &talk),
            Anything(name) => match came.value(name) {
                Some("") | None => Err(talk.fails(format!("{name}, with any value"))),
                Some(_) => Ok(()),
            },
            Nothing(name) => match came.value(name) {
                None | Some("") => Ok(()),
                Some(value) => {
                    Err(talk.fails(format!("no {name}; the program was told {value:?}")))
                }
            },
        })
    }
}

/// What the program was told, a variable in a line.
struct Environment(String);

fn environment(talk: &mut Talk) -> Found<Environment> {
    let answer = talk.status(Asked::Other, &[200])?;
    talk.leave();
    Ok(Environment(
        String::from_utf8_lossy(&answer.content).into_owned(),
    ))
}

impl Environment {
    fn value(&self, name: &str) -> Option<&str> {
        let mut pairs = self.0.lines().filter_map(|line| line.split_once('='));
        pairs
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }

    fn is(&self, name: &str, wanted: &str, talk: &Talk) -> Found {
        match self.value(name) {
            Some(value) if value == wanted => Ok(()),
            Some(value) => Err(talk.fails(format!("{name}={wanted}, not {value:?}"))),
            None => Err(talk.fails(format!("{name}={wanted}; the program was told no {name}"))),
        }
    }
}
