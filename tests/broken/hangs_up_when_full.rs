//! Has a thread for each of sixty-four guests, and not a word for any more.

use crate::company::{CHOICE, Choice};
use crate::{Flaw, Serve};
use concurrency::{StopSignal, drive, sys};
use socket::{Stop, accept_until};
use static_files::{Config, Handler};
use std::io;
use std::net::TcpListener;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

pub(crate) const FLAW: Flaw = Flaw {
    name: "hangs_up_when_full",
    fails: &["4c", "4e", "4f"],
    serve: Serve::Company(&Choice { serve, ..CHOICE }),
};

const HOUSE: usize = 64;

fn serve(
    listener: &TcpListener,
    handler: &dyn Handler,
    config: &Config,
    stop: &Stop,
) -> io::Result<()> {
    let (house, signal) = (Arc::new(()), StopSignal::new(stop)?);
    thread::scope(|scope| {
        accept_until(listener, stop, |stream| {
            if Arc::strong_count(&house) > HOUSE {
                return drop(stream);
            }
            let (place, signal) = (Arc::clone(&house), &signal);
            let serve = move || {
                // A guest who is gone, or a handler that has crashed, is that guest's loss.
                let _ = catch_unwind(AssertUnwindSafe(|| drive(stream, handler, config, signal)));
                drop(place);
            };
            // Without a thread the guest is as badly off as without a place.
            let _ = thread::Builder::new().spawn_scoped(scope, serve);
        })?;
        sys::stop_listening(listener)
    })
}
