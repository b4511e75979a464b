//! One question to every server of the ladder at the same time.

use crate::subject::Serve;
use concurrency::SERVERS;
use std::thread;

/// Asks `each` about every server, all at once; it returns what the server did wrong.
///
/// # Panics
/// With everything that any of the servers did wrong, and the server's name before each.
pub fn for_every_server(each: impl Fn(&str, Serve) -> Vec<String> + Sync) {
    let wrong: Vec<String> = thread::scope(|scope| {
        let each = &each;
        let asked = SERVERS.map(|(name, serve)| (name, scope.spawn(move || each(name, serve))));
        let told = asked.into_iter().flat_map(|(name, thread)| {
            // What a panicking thread had to say is in the test's output already.
            let wrong = thread.join().unwrap_or_else(|_| vec!["panicked".into()]);
            wrong.into_iter().map(move |what| format!("{name}: {what}"))
        });
        told.collect()
    });
    let count = wrong.len();
    assert!(wrong.is_empty(), "{count} failures\n{}", wrong.join("\n\n"));
}
