//! The check of step 5 that is about one application behind four wires: a program of CGI, and the
//! grader over SCGI, uwsgi and FastCGI.

use crate::answer::{Answer, Asked};
use crate::grader::behind::{Doors, Heard, Line};
use crate::grader::finding::Proof;
use crate::grader::records::{Ticket, Told, hear};
use crate::grader::step05_handed::behind;
use crate::grader::subject::{Server, Subject};
use crate::grader::talk::{Found, Talk};
use crate::grader::tree::Tree;
use crate::grader::verdict::Verdict;
use crate::grader::wires::{hear_scgi, hear_uwsgi};
use crate::rng::Rng;

/// What the application tells of what it was told, in this order; the program `one` of the tree
/// does the same.
const ASKED: [&str; 6] = [
    "REQUEST_METHOD",
    "PATH_INFO",
    "QUERY_STRING",
    "CONTENT_TYPE",
    "SERVER_PROTOCOL",
    "HTTP_X_ODD",
];

/// The fields of its answer.
const FIELDS: &str = "Content-Type: application/x-one\r\nX-App: one\r\nX-App: two\r\n\r\n";

/// Octets of content: more than a record of FastCGI holds.
const CONTENT: usize = 100_000;

/// A way to the application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wire {
    Cgi,
    Scgi,
    Uwsgi,
    FastCgi,
}

const WIRES: [(Wire, &str, Proof); 4] = [
    (
        Wire::Cgi,
        "/cgi/one",
        proof("an application over CGI", "5.1"),
    ),
    (
        Wire::Scgi,
        "/scgi",
        proof("an application over SCGI", "5.4"),
    ),
    (
        Wire::Uwsgi,
        "/uwsgi",
        proof("an application over uwsgi", "5.4"),
    ),
    (
        Wire::FastCgi,
        "/fastcgi",
        proof("an application over FastCGI", "5.3"),
    ),
];

const fn proof(what: &'static str, chapter: &'static str) -> Proof {
    Proof {
        what,
        rule: "RFC 3875 §4.1 and §6: an application is told the same, and its answer means the same, \
               whatever carries them",
        chapter,
    }
}

/// A request below a prefix, and what the application is told of it.
struct Row {
    method: &'static str,
    target: &'static str,
    fields: String,
    content: Vec<u8>,
    told: [&'static str; 6],
}

/// 5d: an application cannot tell over which wire it is asked, and its clients cannot, either.
pub(crate) fn four_wires(subject: &Subject, tree: &Tree) -> Verdict {
    let (subject, mut doors) = behind(subject, &["{scgi}", "{uwsgi}", "{fastcgi}"])?;
    subject.judged(tree, |server| {
        for row in rows() {
            for (wire, prefix, proof) in WIRES {
                row.hold(server, &mut doors, (wire, prefix, proof))?;
            }
        }
        Ok(())
    })
}

fn rows() -> Vec<Row> {
    let row = |method, target, told| Row {
        method,
        target,
        fields: String::new(),
        content: Vec::new(),
        told,
    };
    vec![
        row("GET", "/", ["GET", "/", "", "", "HTTP/1.1", ""]),
        row(
            "GET",
            "/a%20b/c?d=%20e&f",
            ["GET", "/a b/c", "d=%20e&f", "", "HTTP/1.1", ""],
        ),
        row("HEAD", "/x", ["HEAD", "/x", "", "", "HTTP/1.1", ""]),
        row("DELETE", "/x?y", ["DELETE", "/x", "y", "", "HTTP/1.1", ""]),
        Row {
            fields: "X-Odd: one\r\nX-Odd: two\r\n".into(),
            ..row("GET", "/x", ["GET", "/x", "", "", "HTTP/1.1", "one, two"])
        },
        Row {
            fields: format!("Content-Type: text/x-odd\r\nContent-Length: {CONTENT}\r\n"),
            content: Rng::from_seed(4).octets(CONTENT),
            ..row(
                "POST",
                "/x",
                ["POST", "/x", "", "text/x-odd", "HTTP/1.1", ""],
            )
        },
    ]
}

/// What the application answers to what it was told.
fn answer(told: &Told) -> Vec<u8> {
    let line = |name: &&str| format!("{name}={}\n", told.value(name));
    let lines: String = ASKED.iter().map(line).collect();
    [lines.as_bytes(), &told.content].concat()
}

impl Row {
    fn hold(&self, server: &Server, doors: &mut Doors, wire: (Wire, &str, Proof)) -> Found {
        let (wire, prefix, proof) = wire;
        let mut talk = proof.talk(server)?;
        let (method, target, fields) = (self.method, self.target, &self.fields);
        let head = format!(
            "{method} {prefix}{target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{fields}\r\n"
        );
        talk.say([head.as_bytes(), &self.content].concat());
        if wire != Wire::Cgi {
            let mut line = talk.door(doors)?;
            let played = wire.play(&mut line);
            let keeps = played.map_err(|what| talk.wrongly_handed_on(&line, what))?;
            if keeps {
                doors.keep(line);
            }
        }
        let asked = match self.method {
            "HEAD" => Asked::Head,
            _ => Asked::Other,
        };
        let answer = talk.status(asked, &[201])?;
        self.judge(&mut talk, &answer, asked)
    }

    fn judge(&self, talk: &mut Talk, answer: &Answer, asked: Asked) -> Found {
        talk.field_is(answer, "Content-Type", "application/x-one")?;
        talk.list_is(answer, "X-App", "one, two")?;
        let told = ASKED.iter().zip(self.told);
        let lines: String = told
            .map(|(name, value)| format!("{name}={value}\n"))
            .collect();
        let wanted = match asked {
            Asked::Head => Vec::new(),
            Asked::Other => [lines.as_bytes(), &self.content].concat(),
        };
        talk.content(answer, &wanted)?;
        talk.leave();
        Ok(())
    }
}

impl Wire {
    /// Hears a request and answers it; true where the connection is to stay open.
    fn play(self, line: &mut Line) -> Heard<bool> {
        let plain = |line: &mut Line, start: &str, told: &Told| {
            line.say([start.as_bytes(), FIELDS.as_bytes(), &answer(told)].concat());
            line.finish();
            Ok(false)
        };
        match self {
            Wire::Cgi => unreachable!("a program of its own answers"),
            Wire::Scgi => {
                hear_scgi(line).and_then(|told| plain(line, "Status: 201 Made\r\n", &told))
            }
            Wire::Uwsgi => {
                hear_uwsgi(line).and_then(|told| plain(line, "HTTP/1.1 201 Made\r\n", &told))
            }
            Wire::FastCgi => {
                let (ticket, told): (Ticket, Told) = hear(line)?;
                let said = [
                    "Status: 201 Made\r\n".as_bytes(),
                    FIELDS.as_bytes(),
                    &answer(&told),
                ];
                line.say([ticket.output(&said.concat(), 0), ticket.end(0, 0)].concat());
                if !ticket.keeps {
                    line.finish();
                }
                Ok(ticket.keeps)
            }
        }
    }
}
