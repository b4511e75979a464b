//! A server without a socket that answers requests with their own content, and tells what it
//! heard.

use http_parse::{Connection, Limits, Next, ResponseHead, Status};

/// What a connection has said, as text with one line for each step, and what it has written.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Talk {
    /// Heads, bodies (joined), ends and refusals.
    pub(crate) heard: String,
    /// Octets for the client.
    pub(crate) written: String,
}

/// Answers requests with their own content, or with a page for a refusal.
pub(crate) struct Echo {
    connection: Connection,
    heard: String,
    out: Vec<u8>,
    content: Vec<u8>,
    most: usize,
}

impl Echo {
    /// Makes a server for one connection.
    pub(crate) fn new(limits: &Limits) -> Echo {
        Echo {
            connection: Connection::new(limits),
            heard: String::new(),
            out: Vec::new(),
            content: Vec::new(),
            most: usize::MAX,
        }
    }

    /// The same, taking so many content octets at a time.
    pub(crate) fn taking(mut self, most: usize) -> Echo {
        self.most = most;
        self
    }

    /// Gives it the input in pieces as long as `cuts` says, over and over, then the end of input.
    pub(crate) fn talk(mut self, input: &[u8], cuts: &mut dyn FnMut() -> usize) -> Talk {
        let mut rest = input;
        while self.answer() == Status::CONTINUE {
            assert!(
                self.connection.wants_bytes(),
                "NeedBytes goes with wants_bytes"
            );
            let space = self.connection.space();
            assert!(!space.is_empty(), "wants_bytes goes with space");
            let n = cuts().min(space.len()).min(rest.len());
            space[..n].copy_from_slice(&rest[..n]);
            self.connection.received(n);
            rest = &rest[n..];
        }
        Talk {
            heard: self.heard,
            written: String::from_utf8(self.out).expect("the suites write text"),
        }
    }

    /// Goes on until bytes are needed (100) or the connection is over (any other status).
    fn answer(&mut self) -> Status {
        loop {
            match self.connection.next() {
                Ok(Next::Head(head)) => {
                    let target = head.target.raw().escape_ascii();
                    let fields = String::from_utf8_lossy(head.fields.wire()).replace("\r\n", "|");
                    self.heard += &format!("{} {target} {}|{fields}\n", head.method, head.version);
                    self.connection.send_continue(&mut self.out);
                }
                Ok(Next::Body) => {
                    let body = self.connection.body();
                    let n = body.len().min(self.most);
                    self.content.extend_from_slice(&body[..n]);
                    self.connection.consume(n);
                }
                Ok(Next::End(trailers)) => {
                    let content = self.content.escape_ascii();
                    let trailers = String::from_utf8_lossy(trailers.wire()).replace("\r\n", "|");
                    self.heard += &format!("  {content} end {trailers}\n");
                }
                Ok(Next::Paused) => {
                    let content = std::mem::take(&mut self.content);
                    self.respond(Status::OK, &content);
                    if !self.connection.next_request() {
                        self.heard += "close\n";
                        return Status::OK;
                    }
                }
                Ok(Next::Closed) => {
                    self.heard += "closed\n";
                    return Status::OK;
                }
                Ok(Next::NeedBytes) => return Status::CONTINUE,
                Err(reject) => {
                    assert_eq!(self.connection.next(), Err(reject), "a refusal stays");
                    self.heard += &format!("{:?} at {}\n", reject.fault, reject.at);
                    self.respond(reject.status, b"");
                    assert!(!self.connection.next_request(), "nothing follows a refusal");
                    return reject.status;
                }
            }
        }
    }

    fn respond(&mut self, status: Status, content: &[u8]) {
        if self.connection.encoder().is_some() {
            return;
        }
        self.connection
            .start(&ResponseHead::new(status), &mut self.out);
        self.connection
            .send(content, &mut self.out)
            .expect("nothing was promised");
        self.connection
            .finish(&mut self.out)
            .expect("nothing was promised");
    }
}
