//! The check of step 5 that is about a server which asks an application over FastCGI. The grader is
//! the application.

use crate::answer::{Answer, Asked};
use crate::grader::behind::{Doors, Line};
use crate::grader::finding::Proof;
use crate::grader::records::{Ticket, Told, hear};
use crate::grader::request::{get, last_get};
use crate::grader::step05_early::early;
use crate::grader::step05_handed::behind;
use crate::grader::subject::{Server, Subject};
use crate::grader::talk::{Found, Talk};
use crate::grader::tree::Tree;
use crate::grader::verdict::Verdict;
use crate::report::first_difference;
use crate::rng::Rng;
use std::io::Write;
use std::thread;

/// Octets of complaints: more than a socket and a record hold.
const COMPLAINTS: usize = 70 << 10;

/// Octets of content, each way.
const MUCH: usize = 1 << 20;

/// What the application says where nothing else is the question.
const SAID: &[u8] = b"Status: 201 Made\r\nContent-Type: text/plain\r\nX-Odd: y\r\n\r\nhello";

const RECORDS: &str = "FastCGI §3.3: records are read by their lengths, wherever the octets are cut, and \
                       padding belongs to nobody";

/// 5c: what is asked and answered in records arrives whole, and what is not whole does not look so.
pub(crate) fn fastcgi(subject: &Subject, tree: &Tree) -> Verdict {
    let (subject, mut doors) = behind(subject, &["{fastcgi}"])?;
    subject.judged(tree, |server| {
        told(server, &mut doors)?;
        padded(server, &mut doors)?;
        complains(server, &mut doors)?;
        cut(server, &mut doors)?;
        kept(server, &mut doors)?;
        much(server, &mut doors)?;
        early(server, &mut doors)
    })
}

/// What is to be proved about FastCGI.
pub(super) fn proof(what: &'static str, rule: &'static str) -> Proof {
    Proof {
        what,
        rule,
        chapter: "5.3",
    }
}

/// Asks, and hears what has become of it.
fn ask(
    proof: Proof,
    server: &Server,
    doors: &mut Doors,
    request: &str,
) -> Found<(Talk, Line, Ticket, Told)> {
    let mut talk = proof.talk(server)?;
    talk.say(request);
    let mut line = talk.door(doors)?;
    match hear(&mut line) {
        Ok((ticket, told)) => Ok((talk, line, ticket, told)),
        Err(what) => {
            Err(talk.wrongly_handed_on(&line, format!("a request in records; but {what}")))
        }
    }
}

/// Leaves a connection open where that was asked for, and closes it otherwise.
fn hang_up(line: Line, ticket: Ticket, doors: &mut Doors) {
    match ticket.keeps {
        true => doors.keep(line),
        false => line.finish(),
    }
}

/// What has become of [`SAID`].
fn arrived(talk: &mut Talk) -> Found<Answer> {
    let answer = talk.status(Asked::Other, &[201])?;
    talk.field_is(&answer, "X-Odd", "y")?;
    talk.content(&answer, b"hello")?;
    talk.leave();
    Ok(answer)
}

fn told(server: &Server, doors: &mut Doors) -> Found {
    let long = "v".repeat(300);
    let fields = format!(
        "Connection: close\r\nX-Long: {long}\r\nProxy: http://evil.example/\r\n\
         Content-Type: text/x-odd\r\nContent-Length: 5\r\n"
    );
    let request = get("/fastcgi/x/y?q=1", &fields).replacen("GET", "POST", 1) + "hello";
    let proof = proof(
        "a POST for an application",
        "FastCGI §6.2 and RFC 3875 §4.1: an application is told in PARAMS what a CGI program is told in \
         its environment, and its content is STDIN",
    );
    let (mut talk, mut line, ticket, told) = ask(proof, server, doors, &request)?;
    for (name, wanted) in [
        ("GATEWAY_INTERFACE", "CGI/1.1"),
        ("REQUEST_METHOD", "POST"),
        ("SERVER_PROTOCOL", "HTTP/1.1"),
        ("QUERY_STRING", "q=1"),
        ("CONTENT_LENGTH", "5"),
        ("CONTENT_TYPE", "text/x-odd"),
        ("HTTP_X_LONG", &long),
        ("HTTP_PROXY", ""),
    ] {
        if told.value(name) != wanted {
            let came = told.value(name);
            let wanted = format!("{name}={wanted}; the application was told \"{came}\"");
            return Err(talk.wrongly_handed_on(&line, wanted));
        }
    }
    let path = [told.value("SCRIPT_NAME"), told.value("PATH_INFO")].concat();
    if path != "/fastcgi/x/y" {
        let wanted = format!("SCRIPT_NAME and PATH_INFO that make /fastcgi/x/y, not {path}");
        return Err(talk.wrongly_handed_on(&line, wanted));
    }
    if told.content != b"hello" {
        return Err(talk.wrongly_handed_on(&line, "the content \"hello\""));
    }
    line.say([ticket.output(SAID, 0), ticket.end(0, 0)].concat());
    hang_up(line, ticket, doors);
    arrived(&mut talk).map(drop)
}

/// An answer for every place in which it can be cut, and one of single octets.
fn cut(server: &Server, doors: &mut Doors) -> Found {
    let proof = proof("an answer whose records come in pieces", RECORDS);
    let mut at = 1;
    loop {
        let (mut talk, mut line, ticket, _) = ask(proof, server, doors, &last_get("/fastcgi/x"))?;
        let said = [
            ticket.complaints(b"oh", 1),
            ticket.output(&SAID[..30], 3),
            ticket.output(&SAID[30..], 0),
            ticket.end(0, 0),
        ]
        .concat();
        let Some((first, rest)) = said.split_at_checked(at) else {
            // Every place has been tried: now all of them at once.
            said.iter().for_each(|octet| line.say_apart(&[*octet]));
            hang_up(line, ticket, doors);
            return arrived(&mut talk).map(drop);
        };
        line.say_apart(first);
        line.say(rest);
        hang_up(line, ticket, doors);
        let judge = arrived(&mut talk);
        judge.map_err(|mut finding| {
            let piece = format!("; only {at} of them came at first");
            finding.expected.push_str(&piece);
            finding
        })?;
        at += 1;
    }
}

fn padded(server: &Server, doors: &mut Doors) -> Found {
    let proof = proof("records with as much padding as there can be", RECORDS);
    let (mut talk, mut line, ticket, _) = ask(proof, server, doors, &last_get("/fastcgi/x"))?;
    let mut said = Vec::new();
    for (number, part) in SAID.chunks(10).enumerate() {
        let padding = [255, 0, 1, 7][number % 4];
        said.extend(ticket.output(part, padding));
    }
    said.extend(ticket.end(0, 255));
    line.say(said);
    hang_up(line, ticket, doors);
    arrived(&mut talk).map(drop)
}

fn complains(server: &Server, doors: &mut Doors) -> Found {
    let proof = proof(
        "70 KiB of complaints before the answer, and some in it",
        "FastCGI §5.3: what an application complains about is for the log, not for the client, and \
         somebody has to read it",
    );
    let (mut talk, mut line, ticket, _) = ask(proof, server, doors, &last_get("/fastcgi/x"))?;
    line.say(ticket.complaints(&[b'!'; COMPLAINTS], 0));
    line.say(ticket.output(&SAID[..SAID.len() - 2], 0));
    line.say(ticket.complaints(b"and on\n", 0));
    line.say([ticket.output(b"lo", 0), ticket.end(0, 0)].concat());
    hang_up(line, ticket, doors);
    arrived(&mut talk).map(drop)
}

/// Who has asked for a connection that stays open does not wait for its end.
fn kept(server: &Server, doors: &mut Doors) -> Found {
    let proof = proof(
        "an answer on a connection that stays open as the server has asked, and the next one",
        "FastCGI §3.5 and §5.5: with FCGI_KEEP_CONN the server closes, not the application; the answer \
         ends with its END_REQUEST",
    );
    for _ in 0..5 {
        let (mut talk, mut line, ticket, _) = ask(proof, server, doors, &last_get("/fastcgi/x"))?;
        line.say([ticket.output(SAID, 0), ticket.end(0, 0)].concat());
        hang_up(line, ticket, doors);
        arrived(&mut talk)?;
    }
    Ok(())
}

fn much(server: &Server, doors: &mut Doors) -> Found {
    let content = Rng::from_seed(6).octets(MUCH);
    let proof = proof(
        "1 MiB to an application, and back",
        "FastCGI §3.3: a record holds 65,535 octets; more goes in more of them",
    );
    let mut talk = proof.talk(server)?;
    let lines = format!("Connection: close\r\nContent-Length: {MUCH}\r\n");
    talk.say(get("/fastcgi/x", &lines).replacen("GET", "POST", 1));
    let sender = talk.client().sender();
    let mut sender = sender.map_err(|trouble| talk.trouble("a connection", &trouble))?;
    talk.remember(&content);
    thread::scope(|scope| {
        // A server that stops reading is met by whoever waits for what it hands on.
        scope.spawn(|| sender.write_all(&content));
        let mut line = talk.door(doors)?;
        let (ticket, told) = hear(&mut line).map_err(|what| talk.wrongly_handed_on(&line, what))?;
        if let Some(at) = first_difference(&content, &told.content) {
            let wanted = format!("the same {MUCH} octets; from octet {at} on they differ");
            return Err(talk.wrongly_handed_on(&line, wanted));
        }
        let head = b"Content-Type: application/octet-stream\r\n\r\n";
        let said = [
            ticket.output(head, 0),
            ticket.output(&content, 5),
            ticket.end(0, 0),
        ]
        .concat();
        let speaker = scope.spawn(move || {
            line.say(said);
            if !ticket.keeps {
                line.finish();
            }
            line
        });
        let answer = talk.status(Asked::Other, &[200])?;
        let line = speaker.join().expect("it only speaks");
        hang_up(line, ticket, doors);
        talk.leave();
        match first_difference(&content, &answer.content) {
            None => Ok(()),
            Some(at) => {
                let wanted = format!("the same {MUCH} octets back; from octet {at} on they differ");
                Err(talk.fails(wanted))
            }
        }
    })
}
