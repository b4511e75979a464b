//! 2i Upload with progress: who may send is told to, and how far it has come is told to anybody.
//!
//! What is decided before the first octet spares the client the whole upload; what is counted with
//! every piece can be asked for at any time.

use check::exercise::pages::{
    CONTENT, Ending, Failed, answer, content, head, invites, pieces, site, welcome,
};
use check::exercise::{self, Given};
use concurrency::{Entrance, thread_per_connection};
use http_parse::{Framing, Status, request_framing};
use socket::Stop;
use std::io::{self, Write};
use std::net::TcpStream;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};

/// Guests at once; more of them wait at the door.
const GUESTS: usize = 64;

/// Octets of content that uploads have brought so far.
static PROGRESS: AtomicU64 = AtomicU64::new(0);

/// An upload of at most [`CONTENT`] octets, which are counted and not kept.
struct Upload {
    octets: usize,
}

impl Upload {
    /// Begins one, before any of its content has been read. Who waits is told 100 after this.
    ///
    /// # Errors
    /// The status that he is told instead.
    fn begin(framing: Framing) -> Result<Upload, Status> {
        match framing {
            Framing::Length(octets) if octets > CONTENT as u64 => Err(Status::CONTENT_TOO_LARGE),
            // How long chunks are going to be nobody knows yet.
            Framing::None | Framing::Length(_) | Framing::Chunked | Framing::UntilClose => {
                Ok(Upload { octets: 0 })
            }
        }
    }

    /// Takes a piece of its content.
    ///
    /// # Errors
    /// The status of the answer, where it is too much.
    fn take(&mut self, piece: &[u8]) -> Result<(), Status> {
        self.octets += piece.len();
        if self.octets > CONTENT {
            return Err(Status::CONTENT_TOO_LARGE);
        }
        PROGRESS.fetch_add(piece.len() as u64, Ordering::Relaxed);
        Ok(())
    }

    /// All of it has come, and has been counted piece by piece.
    fn end(self) {}
}

/// Answers what is asked.
fn talk(mut stream: &TcpStream) -> Result<(), Failed> {
    let mut come = Vec::new();
    while let Some(head) = head(stream, &mut come)? {
        let framing = request_framing(&head)?;
        let asked = (head.method.as_str(), head.target.path());
        let upload = match asked {
            ("POST", b"/upload") => Some(Upload::begin(framing)?),
            _ => None,
        };
        if invites(&head, framing, &come)? {
            stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        let (status, page) = match (upload, asked) {
            (Some(mut upload), _) => {
                pieces(stream, &mut come, framing, |piece| upload.take(piece))?;
                upload.end();
                (Status::OK, b"thank you\n".to_vec())
            }
            (None, ("GET", b"/progress")) => {
                content(stream, &mut come, framing)?;
                let octets = PROGRESS.load(Ordering::Relaxed);
                (Status::OK, format!("{octets}\n").into())
            }
            (None, _) => site(&head, &content(stream, &mut come, framing)?),
        };
        let ending = Ending::after(&head);
        stream.write_all(&answer(asked.0, ending, status, &page))?;
        if ending == Ending::Closes {
            break;
        }
    }
    Ok(())
}

/// A thread for each guest, so that somebody can ask while somebody else sends.
fn serve(given: &Given) -> io::Result<()> {
    let (listener, stop) = (given.listener()?, Stop::new());
    thread_per_connection(&Entrance::new(&listener, &stop)?, GUESTS, |stream| {
        if let Err(error) = welcome(&stream, talk) {
            eprintln!("a guest was lost: {error}");
        }
    })
}

fn main() -> ExitCode {
    exercise::main("2i", serve)
}
