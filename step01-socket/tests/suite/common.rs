//! What the suites share: a deadline around every test, and a server that can be told to stop.

use socket::Stop;
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// For one test: generous on a busy machine, short for a person.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);
/// For one read or write of a test's client.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Runs `test` and fails when it panics or takes longer than [`DEADLINE`].
#[track_caller]
pub(crate) fn within_deadline(test: impl FnOnce() + Send + 'static) {
    let (done, ended) = mpsc::channel();
    let thread = thread::Builder::new()
        .spawn(move || {
            test();
            // The receiver is gone only when the deadline has passed and the test has failed.
            let _ = done.send(());
        })
        .expect("a thread is free");
    match ended.recv_timeout(DEADLINE) {
        Ok(()) => {}
        Err(RecvTimeoutError::Timeout) => panic!("still running after {DEADLINE:?}"),
        Err(RecvTimeoutError::Disconnected) => {
            let panic = thread
                .join()
                .expect_err("ended without a word, so it panicked");
            std::panic::resume_unwind(panic);
        }
    }
}

/// Raises the flag when dropped, so also when an assertion fails: or the scope that holds the
/// server's thread would wait for ever.
pub(crate) struct StopAtEnd<'s>(pub(crate) &'s Stop);

impl Drop for StopAtEnd<'_> {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// Connects with a deadline on every later read and write.
pub(crate) fn connect(addr: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect_timeout(&addr, PATIENCE).expect("the server listens");
    stream
        .set_read_timeout(Some(PATIENCE))
        .expect("PATIENCE is not zero");
    stream
        .set_write_timeout(Some(PATIENCE))
        .expect("PATIENCE is not zero");
    stream
}
