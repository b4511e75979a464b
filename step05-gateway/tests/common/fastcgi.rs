//! The test plays the application at the other end of FastCGI, octet by octet.

use super::DEADLINE;
use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::Instant;

/// An application that listens on a port of its own.
#[derive(Debug)]
pub(crate) struct Application {
    listener: TcpListener,
}

impl Application {
    pub(crate) fn new() -> Application {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        listener.set_nonblocking(true).expect("it can be");
        Application { listener }
    }

    /// Where it is, as options say it.
    pub(crate) fn address(&self) -> String {
        let addr = self.listener.local_addr();
        addr.expect("it is bound").to_string()
    }

    /// The next connection.
    #[track_caller]
    pub(crate) fn accept(&self) -> Line {
        let start = Instant::now();
        loop {
            if let Some(line) = self.try_accept() {
                return line;
            }
            assert!(start.elapsed() < DEADLINE, "nobody connects");
            std::thread::park_timeout(std::time::Duration::from_millis(1));
        }
    }

    /// A connection that has come already.
    pub(crate) fn try_accept(&self) -> Option<Line> {
        match self.listener.accept() {
            Ok((stream, _)) => {
                stream.set_nonblocking(false).expect("it can be");
                stream.set_read_timeout(Some(DEADLINE)).expect("no zero");
                stream.set_write_timeout(Some(DEADLINE)).expect("no zero");
                Some(Line { stream })
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
            Err(error) => panic!("accepting fails: {error}"),
        }
    }
}

/// A connection from the server.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) stream: TcpStream,
}

/// A request as an application hears it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) number: u16,
    pub(crate) keeps: bool,
    pub(crate) params: BTreeMap<String, String>,
    pub(crate) stdin: Vec<u8>,
}

/// One record.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) number: u16,
    pub(crate) kind: u8,
    pub(crate) content: Vec<u8>,
}

impl Line {
    /// One record; `None` at the end of the connection.
    #[track_caller]
    pub(crate) fn record(&mut self) -> Option<Record> {
        let mut header = [0; 8];
        match self.stream.read(&mut header[..1]) {
            Ok(0) => return None,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return None,
            Err(error) => panic!("reading a record fails: {error}"),
        }
        self.stream.read_exact(&mut header[1..]).expect("a header");
        let [version, kind, id_high, id_low, high, low, padding, _] = header;
        assert_eq!(version, 1, "{header:?}");
        let number = u16::from_be_bytes([id_high, id_low]);
        let len = usize::from(u16::from_be_bytes([high, low]));
        let mut content = vec![0; len + usize::from(padding)];
        self.stream.read_exact(&mut content).expect("its content");
        content.truncate(len);
        Some(Record {
            number,
            kind,
            content,
        })
    }

    /// A request up to the end of its variables.
    #[track_caller]
    pub(crate) fn head(&mut self) -> Option<Asked> {
        let begin = self.record()?;
        assert_eq!(
            (begin.kind, &begin.content[..2]),
            (1, &[0, 1][..]),
            "{begin:?}"
        );
        let keeps = begin.content[2] == 1;
        let mut pairs = Vec::new();
        loop {
            let record = self.record().expect("variables end with an empty record");
            assert_eq!((record.number, record.kind), (begin.number, 4));
            if record.content.is_empty() {
                break;
            }
            pairs.extend(record.content);
        }
        Some(Asked {
            number: begin.number,
            keeps,
            params: variables(&pairs),
            stdin: Vec::new(),
        })
    }

    /// A whole request; `None` at the end of the connection.
    #[track_caller]
    pub(crate) fn request(&mut self) -> Option<Asked> {
        let mut asked = self.head()?;
        loop {
            let record = self.record().expect("content ends with an empty record");
            assert_eq!((record.number, record.kind), (asked.number, 5));
            if record.content.is_empty() {
                return Some(asked);
            }
            asked.stdin.extend(record.content);
        }
    }

    /// Sends octets; that nobody takes them is for the test to notice elsewhere.
    pub(crate) fn say(&mut self, octets: &[u8]) {
        let _ = self.stream.write_all(octets);
    }

    /// Answers with a text, and ends the request.
    pub(crate) fn answer(&mut self, text: &str) {
        self.answer_to(1, text);
    }

    /// The same, for the request under that number.
    pub(crate) fn answer_to(&mut self, number: u16, text: &str) {
        let page = format!("Content-Type: text/plain\r\n\r\n{text}");
        self.say(&under(number, [stdout(page.as_bytes()), end(0)].concat()));
    }

    pub(crate) fn hang_up(self) {
        // It may be closed from the other side already.
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

/// Records, under another number than 1.
pub(crate) fn under(number: u16, mut records: Vec<u8>) -> Vec<u8> {
    let mut at = 0;
    while at < records.len() {
        records[at + 2..at + 4].copy_from_slice(&number.to_be_bytes());
        let content = u16::from_be_bytes([records[at + 4], records[at + 5]]);
        at += 8 + usize::from(content) + usize::from(records[at + 6]);
    }
    records
}

fn variables(mut octets: &[u8]) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    while !octets.is_empty() {
        let (name, value) = (take_length(&mut octets), take_length(&mut octets));
        let name = take(&mut octets, name);
        let before = variables.insert(name.clone(), take(&mut octets, value));
        assert_eq!(before, None, "{name} is sent twice");
    }
    variables
}

fn take_length(octets: &mut &[u8]) -> usize {
    if octets[0] < 0x80 {
        let (len, rest) = octets.split_first().expect("a length");
        *octets = rest;
        return usize::from(*len);
    }
    let (len, rest) = octets.split_first_chunk().expect("four octets");
    *octets = rest;
    (u32::from_be_bytes(*len) & 0x7FFF_FFFF) as usize
}

fn take(octets: &mut &[u8], len: usize) -> String {
    let (text, rest) = octets.split_at(len);
    *octets = rest;
    String::from_utf8_lossy(text).into_owned()
}

/// A record of that kind, with so many octets of padding.
pub(crate) fn record(kind: u8, content: &[u8], padding: u8) -> Vec<u8> {
    let len = u16::try_from(content.len()).expect("it fits a record");
    let [high, low] = len.to_be_bytes();
    let mut octets = vec![1, kind, 0, 1, high, low, padding, 0];
    octets.extend_from_slice(content);
    octets.resize(octets.len() + usize::from(padding), b'#');
    octets
}

/// Output, in as many records as it needs.
pub(crate) fn stdout(octets: &[u8]) -> Vec<u8> {
    let records = octets.chunks(0xFFFF).map(|part| record(6, part, 0));
    records.collect::<Vec<_>>().concat()
}

/// Complaints, in as many records as they need.
pub(crate) fn stderr(octets: &[u8]) -> Vec<u8> {
    let records = octets.chunks(0xFFFF).map(|part| record(7, part, 0));
    records.collect::<Vec<_>>().concat()
}

/// The end of a request, with that protocol status.
pub(crate) fn end(status: u8) -> Vec<u8> {
    record(3, &[0, 0, 0, 0, status, 0, 0, 0], 0)
}
