//! A whole HTTP server behind the server under test, for checks in which many things happen at once.
//!
//! [`Doors`](crate::grader::behind::Doors) are for one conversation after the other. Here each
//! connection has a thread, and what is answered is a function of what was asked, and of how often.

use crate::grader::behind::Line;
use crate::grader::handed::Handed;
use socket::{Stop, accept_until};
use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// What was asked, how often that was asked before, and where to answer.
type Answer = dyn Fn(&Handed, usize, &mut Line) + Send + Sync;

/// A server that the grader plays. Gone on drop.
#[derive(Debug)]
pub(super) struct Played {
    addr: SocketAddr,
    asked: Asked,
    stop: Arc<Stop>,
}

/// How often each target was asked for.
type Asked = Arc<Mutex<BTreeMap<String, usize>>>;

impl Played {
    /// A server that answers so. An answer has its length, or ends its connection.
    ///
    /// # Errors
    /// When there is no port or no thread left.
    pub(super) fn start(
        answer: impl Fn(&Handed, usize, &mut Line) + Send + Sync + 'static,
    ) -> io::Result<Played> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let (addr, answer) = (listener.local_addr()?, Arc::new(answer));
        let (asked, stop) = (Asked::default(), Arc::new(Stop::new()));
        let (noted, stopped) = (Arc::clone(&asked), Arc::clone(&stop));
        let each = move |stream: TcpStream| {
            let (asked, answer) = (Arc::clone(&noted), Arc::clone(&answer));
            // A connection for which there is no thread is closed.
            drop(thread::Builder::new().spawn(move || converse(stream, &asked, &*answer)));
        };
        thread::Builder::new().spawn(move || accept_until(&listener, &stopped, each))?;
        Ok(Played { addr, asked, stop })
    }

    /// Where it is.
    pub(super) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// How often a target was asked for so far.
    pub(super) fn asked(&self, target: &str) -> usize {
        // Counts that are whole at any time.
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.get(target).copied().unwrap_or_default()
    }
}

impl Drop for Played {
    fn drop(&mut self) {
        self.stop.stop();
    }
}

fn converse(stream: TcpStream, asked: &Asked, answer: &Answer) {
    let Ok(mut line) = Line::new(stream) else {
        return;
    };
    // Whoever talks nonsense, or leaves, ends its own connection only.
    while let Ok(handed) = Handed::hear(&mut line) {
        let target = handed.target().to_owned();
        let before = {
            let mut asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
            let count = asked.entry(target).or_default();
            *count += 1;
            *count - 1
        };
        answer(&handed, before, &mut line);
        line.heard.clear();
    }
}
