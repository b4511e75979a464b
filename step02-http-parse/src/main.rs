//! Shows, step by step, what the parser sees in the bytes of standard input.
//!
//! ```text
//!   printf 'GET / HTTP/1.1\r\nHost: x\r\n\r\n' | cargo run -p step02-http-parse -- --cut 9
//! ```
//!
//! Reads are taken in the sizes they come in, or `--cut N` octets at a time: the steps that
//! follow from them are the same. The first column is an offset from the first octet of the
//! request, the second a number of octets.
//!
//! It answers nothing; the exit status is 1 when the input was refused.
#![forbid(unsafe_code)]

mod viewer;

use std::env;
use std::io::{self, IsTerminal, Read, Write};
use std::process::ExitCode;
use viewer::Viewer;

const HELP: &str = r"Shows what the parser sees in the bytes of standard input. Try:

  printf 'GET /a?b HTTP/1.1\r\nHost: x\r\n\r\n' | cargo run -p step02-http-parse
  printf 'GET /a?b HTTP/1.1\nHost: x\n\n' | cargo run -p step02-http-parse
  printf 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n' |
      cargo run -p step02-http-parse -- --cut 1

--cut N reads N octets at a time.
";

/// The most that one read takes.
const READ: usize = 16 * 1024;

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let cut = match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => Some(READ),
        ["--cut", octets] => octets
            .parse()
            .ok()
            .filter(|octets| (1..=READ).contains(octets)),
        _ => None,
    };
    let Some(cut) = cut.filter(|_| !io::stdin().is_terminal()) else {
        eprint!("{HELP}");
        return ExitCode::from(2);
    };
    match watch(io::stdin().lock(), cut, io::stdout().lock()) {
        Ok(Verdict::Understood) => ExitCode::SUCCESS,
        Ok(Verdict::Refused) => ExitCode::FAILURE,
        // Whoever reads our output has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// What the whole input came to.
enum Verdict {
    Understood,
    Refused,
}

fn watch(mut input: impl Read, cut: usize, mut out: impl Write) -> io::Result<Verdict> {
    let mut viewer = Viewer::new();
    let mut buf = vec![0; cut];
    loop {
        let n = match input.read(&mut buf) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            other => other?,
        };
        let outcome = viewer.received(&buf[..n]);
        if let Err(reject) = outcome {
            viewer.tell_refusal(reject);
        }
        out.write_all(viewer.take_told().as_bytes())?;
        out.flush()?;
        match outcome {
            Err(_) => return Ok(Verdict::Refused),
            Ok(()) if n == 0 || viewer.is_closed() => {
                return Ok(Verdict::Understood);
            }
            Ok(()) => {}
        }
    }
}
