//! What mdBook only mentions: an HTML tag that is never closed, a footnote nobody refers to.
//!
//! mdBook writes such things to its log (crate `tracing`) and builds the page all the same. We
//! listen to the log while it builds, and a book with a warning is no book. Nothing else of the
//! log is kept: not its spans, not its times.

use std::fmt::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// Runs `work`, and returns what it warned of beside its result.
pub(crate) fn heard_during<T>(work: impl FnOnce() -> T) -> (T, Vec<String>) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let done = tracing::subscriber::with_default(Listener(Arc::clone(&heard)), work);
    let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
    (done, std::mem::take(&mut *heard))
}

struct Listener(Arc<Mutex<Vec<String>>>);

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // The more severe a level, the smaller.
        *metadata.level() <= Level::WARN
    }

    fn event(&self, event: &Event<'_>) {
        let mut message = Message(String::new());
        event.record(&mut message);
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        heard.push(message.0);
    }

    // A listener has to name spans even if it does not look at them.
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// The text of an event; its other fields say where in mdBook it happened.
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            // Writing to a string cannot fail.
            let _ = write!(self.0, "{value:?}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_and_errors_are_heard_and_the_rest_is_not() {
        let (done, heard) = heard_during(|| {
            tracing::info!("building");
            tracing::warn!(line = 3, "unclosed {}", "tag");
            tracing::error!("no file");
            7
        });
        assert_eq!(done, 7);
        assert_eq!(heard, ["unclosed tag", "no file"]);
    }
}
