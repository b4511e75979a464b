//! Applications that leave before they should, over FastCGI.

use crate::answer::Asked;
use crate::grader::behind::Doors;
use crate::grader::records::{Ticket, hear_variables};
use crate::grader::request::get;
use crate::grader::step05_fastcgi::proof;
use crate::grader::subject::Server;
use crate::grader::talk::Found;

const EARLY: &str = "RFC 9110 §15.6.3 and RFC 9112 §8: without a head there is no answer, and that is 502; \
                     after it, an answer that breaks off must not look complete";

/// What an application says before it is gone; whether its head is in it.
type Ending = (&'static str, fn(Ticket) -> Vec<u8>, Head);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Head {
    Missing,
    Said,
}

const ENDINGS: [Ending; 6] = [
    (
        "an application that leaves without a word",
        |_| Vec::new(),
        Head::Missing,
    ),
    (
        "an application that ends the request without a word",
        |ticket| ticket.end(0, 0),
        Head::Missing,
    ),
    (
        "an application that leaves in the middle of its head",
        |ticket| ticket.output(b"Content-Ty", 0),
        Head::Missing,
    ),
    (
        "an application that leaves in the middle of a record's header",
        |_| vec![1, 6, 0],
        Head::Missing,
    ),
    (
        "an application that leaves in the middle of its content",
        |ticket| ticket.output(b"Content-Type: a/b\r\n\r\nhalf", 0),
        Head::Said,
    ),
    (
        "an application that says less than it has promised",
        |ticket| {
            let said = b"Content-Type: a/b\r\nContent-Length: 9\r\n\r\nhalf";
            [ticket.output(said, 0), ticket.end(0, 0)].concat()
        },
        Head::Said,
    ),
];

/// What is not whole must not look so.
pub(super) fn early(server: &Server, doors: &mut Doors) -> Found {
    for (what, says, head) in ENDINGS {
        let mut talk = proof(what, EARLY).talk(server)?;
        // Nothing that may be asked twice: who asks again is not what this is about.
        let lines = "Connection: close\r\nContent-Length: 0\r\n";
        talk.say(get("/fastcgi/x", lines).replacen("GET", "POST", 1));
        let mut line = talk.door(doors)?;
        let heard = hear_variables(&mut line);
        let (ticket, _) = heard.map_err(|what| talk.wrongly_handed_on(&line, what))?;
        // The end of the content, so that nothing unread makes a reset of the end.
        line.exactly(8)
            .map_err(|what| talk.wrongly_handed_on(&line, what))?;
        line.say(says(ticket));
        drop(line);
        match (head, talk.client().read_answer(Asked::Other)) {
            (_, Ok(answer)) if answer.status == 502 => {}
            (Head::Said, Ok(answer)) => {
                let wanted = "a 502, or an answer that breaks off, not one that looks complete";
                return Err(talk.wrong(&answer, answer.head.len(), wanted));
            }
            (Head::Missing, Ok(answer)) => {
                let wanted = format!("status 502, not {}", answer.status);
                return Err(talk.wrong(&answer, 9, wanted));
            }
            (Head::Said, Err(_)) => {}
            (Head::Missing, Err(trouble)) => return Err(talk.trouble("status 502", &trouble)),
        }
        talk.leave();
    }
    Ok(())
}
