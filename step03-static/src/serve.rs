//! One connection, from its first request to its last: the blocking server.
//!
//! ```text
//!        ┌──────────────────────── kept ────────────────────────┐
//!        ▼                                                      │
//!   read a head ─► ask the handler ─► send the answer ─► drop content left ─► leave politely
//!        │                                  │
//!        └── refused: answer, leave         └── broken: cut
//! ```
//!
//! It waits for one thing at a time, and only a socket can make it wait. An
//! [`Exchange`](crate::Exchange) has to be asked again and again; and because all of the request
//! goes in before any of the response comes out, a program that answers while it is still reading
//! stops us both once the pipes between us are full. Waiting for several things at once takes
//! another kind of server.

use crate::client::{Client, Given, PIECE};
use crate::end::End;
use crate::{Config, Exchange, Expected, Handler, Reply, gateway_failure};
use http_parse::{ResponseHead, Status};
use std::io;
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

/// Between two questions to an exchange that is not ready: short beside any network, long beside
/// asking.
const NAP: Duration = Duration::from_millis(1);

/// Serves one connection until it ends.
///
/// The connection begins with a request; one that is to begin with a preface is `Unsupported`.
/// Every wait is bounded by `config.timeouts`, every request by `config`. Mistakes of the client
/// are answered and are no errors here.
///
/// # Errors
/// `WouldBlock` when the client takes no more of the response, `TimedOut` when an exchange gives no
/// more of it; `InvalidData` when a response is shorter or longer than announced, `UnexpectedEof`
/// when a file is; otherwise what the socket, the file or the exchange reports. The connection has
/// then been cut, so that the client can tell. Only one of HTTP/1.0 that was given no length
/// cannot: it would take a reset, which the standard library has no word for.
///
/// Source: RFC 9112 §9
pub fn serve_connection(
    stream: TcpStream,
    handler: &dyn Handler,
    config: &Config,
) -> io::Result<()> {
    if config.expected == Expected::Preface {
        return Err(io::ErrorKind::Unsupported.into());
    }
    let mut client = Client::new(stream, config)?;
    let outcome = match converse(&mut client, handler) {
        Err(End::Refused(response)) => client.refuse(response, handler),
        outcome => outcome,
    };
    match outcome {
        Ok(()) => {
            client.leave();
            Ok(())
        }
        Err(End::Cut(error)) => Err(error),
        Err(End::Silent) => Ok(()),
        Err(End::Refused(_)) => unreachable!("nothing is read while the last answer is sent"),
    }
}

/// Request after request, as long as both sides want.
// ANCHOR: converse
fn converse(client: &mut Client<'_>, handler: &dyn Handler) -> Result<(), End> {
    loop {
        let request = client.request()?;
        client.record = handler.record(request.peer, Some(&request.head));
        let reply = handler.handle(&request);
        client.connection.recycle(request.head);
        match reply {
            Reply::Ready(response) => client.respond(response)?,
            Reply::Exchange(exchange) => relay(client, exchange)?,
        }
        if !client.turns_to_next_request() {
            return Ok(());
        }
    }
}
// ANCHOR_END: converse

/// Moves a request into an exchange, and then the response out of it.
fn relay(client: &mut Client<'_>, mut exchange: Box<dyn Exchange>) -> Result<(), End> {
    let patience = client.config.timeouts.gateway;
    // ANCHOR: relay
    // Some refuse before they have seen any content, and then it need not be sent at all. A head that
    // comes early says nothing of the kind: its program may be about to read.
    let head = match exchange.head() {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
            give(client, exchange.as_mut())?;
            wait(patience, || exchange.head())
        }
        Ok(head) => give(client, exchange.as_mut()).map(|()| Ok(head))?,
        Err(refused) => Err(refused),
    };
    // ANCHOR_END: relay
    match head {
        // After it both sides would speak at any time, and this server can listen to one only.
        Ok(head) if head.status == Status::SWITCHING_PROTOCOLS => {
            client.respond(gateway_failure(&io::ErrorKind::Unsupported.into()))
        }
        Ok(head) => take(client, exchange.as_mut(), head),
        Err(error) => client.respond(gateway_failure(&error)),
    }
}

/// Hands over the request's content.
fn give(client: &mut Client<'_>, exchange: &mut dyn Exchange) -> Result<(), End> {
    let patience = client.config.timeouts.gateway;
    client.invite_content()?;
    while client.content()? == Given::Some {
        match wait(patience, || exchange.write(client.connection.body())) {
            Ok(n) => client.consume(n)?,
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                return Err(End::Refused(gateway_failure(&error)));
            }
            // It wants no more, and still has an answer.
            Err(_) => return Ok(()),
        }
    }
    // For the same reason a failure here is none of the request.
    let _ = wait(patience, || exchange.close_write());
    Ok(())
}

/// Sends the response: each part as soon as it is there, for it may be long until the next.
fn take(
    client: &mut Client<'_>,
    exchange: &mut dyn Exchange,
    head: ResponseHead,
) -> Result<(), End> {
    client.start(head, None);
    let mut buf = vec![0; PIECE];
    while client.sends_content() {
        client.flush()?;
        match wait(client.config.timeouts.gateway, || exchange.read(&mut buf))? {
            0 => break,
            n => client.send(&buf[..n])?,
        }
    }
    client.finish()
}

/// Asks an exchange until it is ready.
///
/// # Errors
/// `TimedOut`, or what the exchange reports.
fn wait<T>(patience: Duration, mut ask: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    let deadline = Instant::now() + patience;
    loop {
        match ask() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            outcome => return outcome,
        }
        if Instant::now() >= deadline {
            return Err(io::ErrorKind::TimedOut.into());
        }
        thread::sleep(NAP);
    }
}
