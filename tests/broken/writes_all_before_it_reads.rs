//! Gives a program all of its input before it takes any of its output: two who wait for each other.

use crate::programs::{CHOICE, Choice};
use crate::{Flaw, Serve};
use socket::{Stop, accept_until};
use static_files::{Config, Handler, serve_connection};
use std::io;
use std::net::TcpListener;

pub(crate) const FLAW: Flaw = Flaw {
    name: "writes_all_before_it_reads",
    fails: &["5b"],
    serve: Serve::Programs(&Choice { serve, ..CHOICE }),
};

/// Step 3's way to serve.
fn serve(
    listener: &TcpListener,
    handler: &dyn Handler,
    config: &Config,
    stop: &Stop,
) -> io::Result<()> {
    accept_until(listener, stop, |stream| {
        // A guest who is gone is no loss.
        let _ = serve_connection(stream, handler, config);
    })
}
