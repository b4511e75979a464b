//! A CGI program's answer as it comes over a wire: a head that may be cut anywhere, then content that
//! has to keep what the head promised.
//!
//! FastCGI and SCGI carry the same words and frame them differently; what the words mean is decided
//! here. What the end of the octets means is for the wire to say.

pub(crate) use crate::cgi_head::Opening;
use crate::cgi_head::{Answer, BadGateway, HeadReader};
use crate::protocol::{After, Heard};
use http_parse::{Method, Parsed};

/// Understands one answer.
#[derive(Debug)]
pub(crate) struct CgiAnswer {
    method: Method,
    state: State,
    last: Last,
}

/// Whether what was heard last is content that has been promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Last {
    Content,
    Other,
}

#[derive(Debug)]
enum State {
    /// The front of the head, where it came in parts; less than
    /// [`HEAD_LIMIT`](crate::HEAD_LIMIT) and one part.
    Head { front: Vec<u8>, reader: HeadReader },
    /// What was promised and has not come; `None` where nothing was promised.
    Content { left: Option<u64>, beyond: Beyond },
    /// The response may have no content, whatever comes (RFC 9110 §6.4.1).
    Silent,
}

/// Whether more came than was promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beyond {
    Nothing,
    Something,
}

impl CgiAnswer {
    /// The answer to a request of this method.
    pub(crate) fn new(method: Method, opening: Opening) -> CgiAnswer {
        let state = State::Head {
            front: Vec::new(),
            reader: HeadReader::new(opening),
        };
        CgiAnswer {
            method,
            state,
            last: Last::Other,
        }
    }

    /// Understands `octets`, which follow those that were understood before and are not empty.
    /// Those of a [`Heard::Skip`] are dealt with; of data any part may be
    /// [taken](CgiAnswer::took).
    ///
    /// # Errors
    /// [`BadGateway`] when they are no head.
    pub(crate) fn hear(&mut self, octets: &[u8]) -> Result<Heard, BadGateway> {
        let heard = self.understand(octets)?;
        self.last = if matches!(heard, Heard::Data { .. }) {
            Last::Content
        } else {
            Last::Other
        };
        Ok(heard)
    }

    fn understand(&mut self, octets: &[u8]) -> Result<Heard, BadGateway> {
        match &mut self.state {
            State::Head { front, reader } => {
                let before = front.len();
                // Most heads come in one part, and need not be copied.
                let parsed = if before == 0 {
                    reader.read(octets)?
                } else {
                    front.extend_from_slice(octets);
                    reader.read(front)?
                };
                let Parsed::Complete(answer, end) = parsed else {
                    if before == 0 {
                        front.extend_from_slice(octets);
                    }
                    return Ok(Heard::Skip(octets.len()));
                };
                Ok(self.begin(answer, end - before))
            }
            State::Content { left: None, .. } => Ok(data(octets.len())),
            State::Content {
                left: Some(0),
                beyond,
            } => {
                *beyond = Beyond::Something;
                Ok(Heard::Skip(octets.len()))
            }
            State::Content {
                left: Some(left), ..
            } => {
                let len =
                    usize::try_from(*left).map_or(octets.len(), |left| left.min(octets.len()));
                Ok(data(len))
            }
            State::Silent => Ok(Heard::Skip(octets.len())),
        }
    }

    fn begin(&mut self, answer: Answer, end: usize) -> Heard {
        let (head, left) = match answer {
            Answer::Local(path) => {
                self.state = State::Silent;
                return Heard::Local(path);
            }
            Answer::Client { head, length } => (head, length),
        };
        let is_silent =
            self.method == Method::Head || matches!(head.status.code(), 204 | 205 | 304);
        self.state = if is_silent {
            State::Silent
        } else {
            let beyond = Beyond::Nothing;
            State::Content { left, beyond }
        };
        Heard::Head(end, head)
    }

    /// Tells that so many octets of what was heard last are used up.
    pub(crate) fn took(&mut self, n: usize) {
        if let State::Content {
            left: Some(left), ..
        } = &mut self.state
            && self.last == Last::Content
        {
            *left -= n as u64;
        }
    }

    /// Whether the head has not come yet.
    pub(crate) fn is_awaited(&self) -> bool {
        matches!(self.state, State::Head { .. })
    }

    /// Whether the response may have no content, whatever comes.
    pub(crate) fn is_silent(&self) -> bool {
        matches!(self.state, State::Silent)
    }

    /// Whether the response is known to be complete, whatever else comes.
    pub(crate) fn is_whole(&self) -> bool {
        match self.state {
            State::Head { .. } | State::Content { left: None, .. } => false,
            State::Content {
                left: Some(left), ..
            } => left == 0,
            State::Silent => true,
        }
    }

    /// Judges the end of the octets, where that was meant to be the end of the answer.
    ///
    /// # Errors
    /// [`BadGateway`] when it came before the head, or before all that was promised.
    pub(crate) fn end(&self) -> Result<Beyond, BadGateway> {
        match self.state {
            State::Head { .. } => Err(BadGateway::new("ended without an answer")),
            State::Content {
                left: Some(left), ..
            } if left > 0 => {
                let reason = format!("ended {left} octets short of its Content-Length");
                Err(BadGateway::new(reason))
            }
            State::Content { beyond, .. } => Ok(beyond),
            State::Silent => Ok(Beyond::Nothing),
        }
    }
}

fn data(len: usize) -> Heard {
    Heard::Data { skip: 0, len }
}

// ANCHOR: hear_to_the_end
/// Hears an answer that lasts as long as its connection.
///
/// # Errors
/// As [`CgiAnswer::hear`] and [`CgiAnswer::end`].
pub(crate) fn hear_to_the_end(
    answer: &mut CgiAnswer,
    front: &[u8],
    eof: bool,
) -> Result<Heard, BadGateway> {
    if answer.is_whole() {
        return Ok(Heard::End(After::Close));
    }
    if !front.is_empty() {
        return answer.hear(front);
    }
    if eof {
        answer.end()?;
        return Ok(Heard::End(After::Close));
    }
    Ok(Heard::NeedBytes)
}
// ANCHOR_END: hear_to_the_end
