//! A conversation that remembers what was said, so that it can be shown when it goes wrong.

use crate::answer::{Answer, Asked};
use crate::client::Client;
use crate::grader::cutting::{Cutter, cuts};
use crate::grader::finding::{Finding, Proof};
use crate::grader::subject::Server;
use crate::report::first_difference;
use crate::trouble::Trouble;
use std::net::IpAddr;
use std::sync::Arc;

/// Where the status code stands in an answer: after `HTTP/1.1 `.
const STATUS_OFFSET: usize = 9;

/// The rule of answers that cannot be read at all, and the chapter that explains it.
const SHAPE: (&str, &str) = (
    "RFC 9112 §4 to §7: an answer begins with a line such as `HTTP/1.1 200 OK`, then fields, an \
     empty line, and as much content as the fields say",
    "2.4",
);

/// What a check has found.
pub(crate) type Found<T = ()> = Result<T, Box<Finding>>;

/// A connection, with everything that was sent over it.
#[derive(Debug)]
pub(crate) struct Talk {
    client: Client,
    proof: Proof,
    sent: Vec<u8>,
    /// Where what was sent was cut, counted from its first octet.
    cuts: Vec<usize>,
    cutter: Arc<Cutter>,
}

impl Proof {
    /// Connects in order to prove this.
    pub(crate) fn talk(self, server: &Server) -> Found<Talk> {
        self.over(
            server,
            Client::connect_with(server.addr(), server.patience().wait),
        )
    }

    /// The same, from an address of this machine.
    pub(crate) fn talk_from(self, local: IpAddr, server: &Server) -> Found<Talk> {
        let client = Client::connect_from(local, server.addr(), server.patience().wait);
        self.over(server, client)
    }

    fn over(self, server: &Server, client: Result<Client, Trouble>) -> Found<Talk> {
        match client {
            Ok(client) => Ok(Talk {
                client,
                proof: self,
                sent: Vec::new(),
                cuts: Vec::new(),
                cutter: server.cutter(),
            }),
            Err(trouble) => Err(self.fails(format!("a connection, but {trouble}"))),
        }
    }

    /// A finding without a conversation.
    pub(crate) fn fails(self, expected: impl Into<String>) -> Box<Finding> {
        Box::new(Finding {
            proof: self,
            sent: Vec::new(),
            cuts: Vec::new(),
            heard: None,
            received: Vec::new(),
            at: None,
            expected: expected.into(),
            died: None,
        })
    }
}

impl Talk {
    /// Sends octets. That the server stops reading is no finding: its answer, if any, is judged.
    pub(crate) fn say(&mut self, octets: impl AsRef<[u8]>) -> &mut Talk {
        let octets = octets.as_ref();
        let places = self.cutter.places(octets.len());
        self.send(octets, &places)
    }

    /// Sends octets, cut after the first `at` of them and nowhere else.
    pub(crate) fn say_cut(&mut self, octets: &[u8], at: usize) -> &mut Talk {
        self.cutter.pass();
        self.send(octets, &[at])
    }

    fn send(&mut self, octets: &[u8], places: &[usize]) -> &mut Talk {
        let before = self.sent.len();
        self.cuts.extend(places.iter().map(|at| before + at));
        self.sent.extend(octets);
        // A server that has answered already may have closed; what it said is judged in any case,
        // and a reset is met again by the next read.
        let _ = cuts(places).send(&mut self.client, octets, 0);
        self
    }

    /// Takes note of octets that somebody else sends over this connection.
    pub(crate) fn remember(&mut self, octets: &[u8]) {
        self.cutter.pass_content(octets.len());
        self.sent.extend(octets);
    }

    /// Leaves with a reset, once something has come that can be left unread.
    pub(crate) fn abort(self) -> Result<(), Trouble> {
        self.client.abort()
    }

    /// Leaves with a reset, whatever has come.
    pub(crate) fn vanish(self) -> Result<(), Trouble> {
        self.client.vanish()
    }

    /// Lends the connection itself.
    pub(crate) fn client(&mut self) -> &mut Client {
        &mut self.client
    }

    /// Reads the next final answer; interim ones before it are passed over.
    pub(crate) fn answer(&mut self, asked: Asked, wanted: &str) -> Found<Answer> {
        loop {
            match self.client.read_answer(asked) {
                Ok(answer) if answer.status < 200 => {}
                Ok(answer) => return Ok(answer),
                Err(trouble) => return Err(self.trouble(wanted, &trouble)),
            }
        }
    }

    /// Reads the next final answer, which has to have one of these status codes.
    pub(crate) fn status(&mut self, asked: Asked, statuses: &[u16]) -> Found<Answer> {
        let codes: Vec<String> = statuses.iter().map(u16::to_string).collect();
        let wanted = format!("status {}", codes.join(" or "));
        let answer = self.answer(asked, &wanted)?;
        match statuses.contains(&answer.status) {
            true => Ok(answer),
            false => {
                let expected = format!("{wanted}, not {}", answer.status);
                Err(self.wrong(&answer, STATUS_OFFSET, expected))
            }
        }
    }

    /// Demands that the content is this.
    pub(crate) fn content(&self, answer: &Answer, wanted: &[u8]) -> Found {
        let Some(at) = first_difference(wanted, &answer.content) else {
            return Ok(());
        };
        let (want, came) = (wanted.len(), answer.content.len());
        let expected = match want == came {
            true => format!("{want} octets of content that differ from octet {at} on"),
            false => format!("content of {want} octets, not {came}"),
        };
        let shown = &wanted[at..wanted.len().min(at + 40)];
        let expected = match shown.is_empty() {
            true => format!("{expected}; the mark is where it should have ended"),
            false => format!("{expected}; at the mark, \"{}\"", shown.escape_ascii()),
        };
        Err(self.wrong(answer, answer.head.len() + at, expected))
    }

    /// Demands exactly one field of that name, and returns its value.
    pub(crate) fn field<'a>(&self, answer: &'a Answer, name: &str) -> Found<&'a [u8]> {
        match (answer.count(name), answer.field(name)) {
            (1, Some(value)) => Ok(value),
            (count, _) => {
                let expected = format!("one field {name}, not {count}");
                Err(self.wrong(answer, answer.head.len().saturating_sub(2), expected))
            }
        }
    }

    /// Demands exactly one field of that name and value.
    pub(crate) fn field_is(&self, answer: &Answer, name: &str, wanted: &str) -> Found {
        let value = self.field(answer, name)?;
        match value == wanted.as_bytes() {
            true => Ok(()),
            false => Err(self.wrong_field(answer, name, format!("{name}: {wanted}"))),
        }
    }

    /// Demands that all fields of that name together are this list; in how many lines is all the same.
    pub(crate) fn list_is(&self, answer: &Answer, name: &str, wanted: &str) -> Found {
        let named = |field: &&(String, Vec<u8>)| field.0.eq_ignore_ascii_case(name);
        let values = answer.fields.iter().filter(named);
        let values: Vec<_> = values
            .map(|(_, value)| String::from_utf8_lossy(value))
            .collect();
        match values.join(", ") == wanted {
            true => Ok(()),
            false => Err(self.wrong_field(answer, name, format!("{name}: {wanted}"))),
        }
    }

    /// Demands that the server ends the connection now, in an orderly way.
    pub(crate) fn end(&mut self) -> Found {
        let ended = self.client.expect_end();
        self.over(ended, "an orderly end of the connection")
    }

    /// Demands the same where more was said after the last request, against RFC 9112 §9.6: then the
    /// connection may also be reset, as long as the answers came before.
    pub(crate) fn end_or_reset(&mut self) -> Found {
        let ended = self.client.expect_end_or_reset();
        self.over(ended, "the end of the connection")
    }

    fn over(&mut self, ended: Result<(), Trouble>, end: &str) -> Found {
        if let Err(trouble) = ended {
            return Err(self.trouble(&format!("nothing more after that, and {end}"), &trouble));
        }
        self.leave();
        Ok(())
    }

    /// Says that nothing more will be asked, for a server that has room for one guest and waits
    /// until that one has left.
    pub(crate) fn leave(&mut self) {
        // A connection that is gone has been left.
        let _ = self.client.close_write();
    }

    /// A finding about an answer, `offset` octets from its start.
    pub(crate) fn wrong(
        &self,
        answer: &Answer,
        offset: usize,
        expected: impl Into<String>,
    ) -> Box<Finding> {
        let head = answer.head.as_slice();
        let mut windows = self.client.seen().windows(head.len().max(1));
        let start = windows.position(|window| window == head);
        let mut finding = self.fails(expected);
        // What came later than the grader remembers cannot be pointed at.
        let at = start.map(|start| start + offset);
        finding.at = at.filter(|at| *at <= finding.received.len());
        finding
    }

    /// A finding about the value of a field.
    pub(crate) fn wrong_field(
        &self,
        answer: &Answer,
        name: &str,
        expected: impl Into<String>,
    ) -> Box<Finding> {
        let start = format!("\r\n{name}:");
        let starts = |window: &[u8]| window.eq_ignore_ascii_case(start.as_bytes());
        let at = answer.head.windows(start.len()).position(starts);
        self.wrong(answer, at.unwrap_or_default() + 2, expected)
    }

    /// A finding about the conversation as a whole.
    pub(crate) fn fails(&self, expected: impl Into<String>) -> Box<Finding> {
        let mut finding = self.proof.fails(expected);
        finding.sent.clone_from(&self.sent);
        finding.cuts.clone_from(&self.cuts);
        finding.received = self.client.seen().to_vec();
        finding
    }

    /// A finding about what came instead of what was wanted.
    pub(crate) fn trouble(&self, wanted: &str, trouble: &Trouble) -> Box<Finding> {
        let silent = self.client.seen().is_empty();
        let what = match trouble {
            Trouble::Late { waited } if silent => format!("nothing came within {waited:.1?}"),
            Trouble::Ended if silent => "the connection ended without an answer".into(),
            Trouble::Malformed { what, .. } => (*what).into(),
            other => other.to_string(),
        };
        let mut finding = self.fails(format!("{wanted}; but {what}"));
        if let Trouble::Surplus(octets) = trouble {
            // What came later than the grader remembers cannot be pointed at.
            finding.at = finding.received.len().checked_sub(octets.len());
        }
        if let Trouble::Malformed { at, .. } = trouble {
            finding.at = Some(*at);
            // Whatever was asked, this is what went wrong first.
            (finding.proof.rule, finding.proof.chapter) = SHAPE;
        }
        finding
    }
}
