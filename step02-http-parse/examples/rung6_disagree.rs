//! Chapter 2.6, when parsers disagree: three readers of the same bytes, and the requests each sees.

use http_parse::{
    BodyDecoder, Framing, Limits, Parsed, Piece, Reject, RequestHead, parse_request_head,
    request_framing,
};
use std::io::{self, Read};

type Reader = fn(&RequestHead) -> Result<Framing, Reject>;

fn main() -> io::Result<()> {
    let mut bytes = Vec::new();
    io::stdin().read_to_end(&mut bytes)?;
    for (name, framing) in [
        ("the length counts", length_counts as Reader),
        ("chunks count", chunks_count),
        ("ours", request_framing),
    ] {
        println!("{name}:");
        if let Err(reject) = tell_requests(&bytes, framing) {
            println!("    {} ({:?})", reject.status, reject.fault);
        }
    }
    Ok(())
}

// ANCHOR: readers
/// Content-Length decides, whatever else is there.
fn length_counts(head: &RequestHead) -> Result<Framing, Reject> {
    let length = head.fields.get("Content-Length").unwrap_or_default();
    let length = String::from_utf8_lossy(length).parse();
    Ok(length.map_or(Framing::None, Framing::Length))
}

/// Transfer-Encoding decides where there is one, as RFC 9112 §6.3 has it.
fn chunks_count(head: &RequestHead) -> Result<Framing, Reject> {
    match head.fields.contains("Transfer-Encoding") {
        true => Ok(Framing::Chunked),
        false => length_counts(head),
    }
}
// ANCHOR_END: readers

fn tell_requests(mut bytes: &[u8], framing: Reader) -> Result<(), Reject> {
    let limits = Limits::default();
    while let Parsed::Complete(head, length) = parse_request_head(bytes, &limits)? {
        let mut body = BodyDecoder::new(framing(&head)?, &limits);
        bytes = &bytes[length..];
        let mut content = Vec::new();
        loop {
            let n = match body.next(bytes, true)? {
                Piece::Skip(n) => n,
                Piece::Data(n) => {
                    content.extend_from_slice(&bytes[..n]);
                    n
                }
                Piece::NeedBytes | Piece::End(_) => break,
            };
            body.advance(n);
            bytes = &bytes[n..];
        }
        let target = head.target.raw().escape_ascii();
        println!(
            "    {} {target} \"{}\"",
            head.method.as_str(),
            content.escape_ascii()
        );
    }
    println!("    and {} octets that are no request yet", bytes.len());
    Ok(())
}
