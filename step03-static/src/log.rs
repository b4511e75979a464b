//! The access log: a line for each response, and never a reason for a slow or lost one.
//!
//! ```text
//! server ─► Record ─(dropped at the response's end)─► queue ─► one thread ─► output
//!                                                      │ full: counted, not kept
//! ```
//!
//! A disk can be full and a terminal can be stopped with Ctrl-S. A server that wrote its own lines
//! would then stand still with all its clients; here only lines are lost, and the next line that
//! can be written is preceded by a message that says how many.
//!
//! A server asks [`Handler::record`] once the head of a request is there, tells the [`Record`] what
//! it sends, and drops it when the response has ended, well or badly. So a response that broke off
//! has its line too, with the octets that were sent of it.

use crate::log_line::{Asked, Line, LogFormat};
use crate::respond::now;
use crate::{Handler, Reply, Request};
use http_parse::{HttpDate, RequestHead, Status};
use std::fmt;
use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// Lines that may wait to be written: a burst of a busy second, some 3 MiB at the very most.
const QUEUE: usize = 1024;

/// Octets of lines that are written at once, more or less.
const BATCH: usize = 32 * 1024;

/// How long the end of a server waits for lines that have not been written yet.
const FAREWELL: Duration = Duration::from_secs(1);

/// An access log and the thread that writes it.
pub struct AccessLog {
    queue: Arc<Queue>,
    /// Stands last: fields are dropped in their order, and the thread ends when the queue does.
    _farewell: Farewell,
}

/// Where lines wait.
struct Queue {
    lines: SyncSender<Line>,
    /// Lines that found it full since the last message about them.
    lost: Arc<AtomicU64>,
}

/// Gives the thread time to write what waits.
struct Farewell(Mutex<Receiver<()>>);

impl Drop for Farewell {
    fn drop(&mut self) {
        if let Ok(ended) = self.0.get_mut() {
            // Lines that cannot be written in time are lost like all others that come too fast.
            let _ = ended.recv_timeout(FAREWELL);
        }
    }
}

impl AccessLog {
    /// Starts a log that is written to `output`, and what is lost of it reported to `complaints`.
    ///
    /// # Errors
    /// The system has no thread left.
    pub fn new(
        format: LogFormat,
        output: impl Write + Send + 'static,
        complaints: impl Write + Send + 'static,
    ) -> io::Result<AccessLog> {
        let (lines, waiting) = sync_channel(QUEUE);
        let (tell, ended) = sync_channel(1);
        let lost = Arc::new(AtomicU64::new(0));
        let queue = Arc::new(Queue {
            lines,
            lost: Arc::clone(&lost),
        });
        thread::Builder::new()
            .name("access log".to_owned())
            .spawn(move || {
                // Whoever reads the log has closed it, and wants no more: the server goes on.
                let _ = write_lines(&waiting, format, output, &lost, complaints);
                // Nobody waits for it any more when the farewell has been too long.
                let _ = tell.send(());
            })?;
        Ok(AccessLog {
            queue,
            _farewell: Farewell(Mutex::new(ended)),
        })
    }

    /// Has a server that serves `handler` record what it sends.
    pub fn around<'h>(&'h self, handler: &'h dyn Handler) -> Logged<'h> {
        Logged {
            handler,
            queue: &self.queue,
        }
    }
}

impl fmt::Debug for AccessLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessLog").finish_non_exhaustive()
    }
}

/// A [`Handler`] whose responses are recorded.
#[derive(Clone, Copy)]
pub struct Logged<'h> {
    handler: &'h dyn Handler,
    queue: &'h Arc<Queue>,
}

impl Handler for Logged<'_> {
    fn handle(&self, request: &Request) -> Reply {
        self.handler.handle(request)
    }

    fn record(&self, peer: SocketAddr, head: Option<&RequestHead>) -> Option<Record> {
        Some(Record {
            queue: Arc::clone(self.queue),
            peer: peer.ip(),
            asked: head.map(Asked::new),
            began: Instant::now(),
            status: None,
            octets: 0,
        })
    }
}

impl fmt::Debug for Logged<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Logged").finish_non_exhaustive()
    }
}

/// One response in the making. Dropping it writes its line, unless no response has begun.
pub struct Record {
    queue: Arc<Queue>,
    peer: IpAddr,
    asked: Option<Asked>,
    began: Instant,
    status: Option<Status>,
    octets: u64,
}

impl Record {
    /// Tells that a response with that status has begun.
    pub fn begin(&mut self, status: Status) {
        self.status = Some(status);
    }

    /// Tells that octets of content have been handed to the system, or wait to be.
    pub fn sent(&mut self, octets: u64) {
        self.octets = self.octets.saturating_add(octets);
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        let Some(status) = self.status else { return };
        let line = Line {
            peer: self.peer,
            date: HttpDate { seconds: now() },
            asked: self.asked.take(),
            status: status.code(),
            octets: self.octets,
            duration: self.began.elapsed(),
        };
        // Full or closed: to wait here would be to have a client wait.
        if self.queue.lines.try_send(line).is_err() {
            self.queue.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("status", &self.status)
            .field("octets", &self.octets)
            .finish_non_exhaustive()
    }
}

/// Writes lines until there can be no more: each at once, or many together when many wait.
fn write_lines(
    waiting: &Receiver<Line>,
    format: LogFormat,
    mut output: impl Write,
    lost: &AtomicU64,
    mut complaints: impl Write,
) -> io::Result<()> {
    let mut text = String::new();
    while let Ok(line) = waiting.recv() {
        line.write(format, &mut text);
        while text.len() < BATCH
            && let Ok(line) = waiting.try_recv()
        {
            line.write(format, &mut text);
        }
        output.write_all(text.as_bytes())?;
        output.flush()?;
        text.clear();
        let lost = lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            // That nobody reads complaints is no reason to end the log.
            let _ = writeln!(
                complaints,
                "{lost} lines of the access log are lost: whoever reads it is too slow"
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Response;
    use std::sync::mpsc::{Sender, channel};

    const PATIENCE: Duration = Duration::from_secs(20);

    /// Tells what is written to it; with a gate, only after something came through the gate.
    struct Pipe {
        gate: Option<Receiver<()>>,
        written: Sender<String>,
    }

    impl Write for Pipe {
        fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
            if let Some(gate) = &self.gate {
                gate.recv_timeout(PATIENCE).map_err(io::Error::other)?;
            }
            let text = String::from_utf8_lossy(octets).into_owned();
            self.written.send(text).map_err(io::Error::other)?;
            Ok(octets.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn pipe(gate: Option<Receiver<()>>) -> (Pipe, Receiver<String>) {
        let (written, lines) = channel();
        (Pipe { gate, written }, lines)
    }

    fn record(log: &AccessLog) -> Record {
        let handler = |_: &Request| Response::new(Status::OK);
        let peer = SocketAddr::from(([127, 0, 0, 1], 1));
        let record = log.around(&handler).record(peer, None);
        record.expect("a log records")
    }

    fn respond(log: &AccessLog, octets: u64) {
        let mut record = record(log);
        record.begin(Status::OK);
        record.sent(octets);
    }

    #[test]
    fn a_line_is_written_at_the_end_of_its_response() {
        let (output, lines) = pipe(None);
        let log = AccessLog::new(LogFormat::Json, output, io::sink()).unwrap();
        drop(record(&log));
        respond(&log, 7);
        let line = lines.recv_timeout(PATIENCE).unwrap();
        assert!(line.contains("\"status\":200,\"octets\":7,"), "{line}");
        drop(log);
        assert_eq!(lines.iter().count(), 0);
    }

    #[test]
    fn nothing_is_complained_of_when_nothing_is_lost() {
        let (output, _lines) = pipe(None);
        let (complaints, complained) = pipe(None);
        let log = AccessLog::new(LogFormat::Json, output, complaints).unwrap();
        respond(&log, 7);
        drop(log);
        assert_eq!(complained.iter().count(), 0);
    }

    #[test]
    fn a_reader_that_stands_still_loses_lines_and_holds_up_nobody() {
        let (open, gate) = channel();
        let (output, lines) = pipe(Some(gate));
        let (complaints, complained) = pipe(None);
        let log = AccessLog::new(LogFormat::Combined, output, complaints).unwrap();
        let all = 3 * QUEUE as u64;
        for number in 0..all {
            respond(&log, number);
        }
        // Every write from here on finds the gate open.
        for _ in 0..all {
            open.send(()).unwrap();
        }
        drop(log);
        let written: u64 = lines.iter().map(|text| text.lines().count() as u64).sum();
        let lost: u64 = complained
            .iter()
            .filter_map(|text| text.split(' ').next()?.parse::<u64>().ok())
            .sum();
        assert!(written >= QUEUE as u64, "{written} written");
        assert!(lost > 0);
        assert_eq!(written + lost, all);
    }

    #[test]
    fn a_reader_that_has_gone_ends_the_log_and_nothing_else() {
        let (output, lines) = pipe(None);
        drop(lines);
        let log = AccessLog::new(LogFormat::Combined, output, io::sink()).unwrap();
        for number in 0..2 * QUEUE as u64 {
            respond(&log, number);
        }
    }
}
