//! What wakes those who wait for a place, or for what somebody else receives.
//!
//! A bell is a pipe: who waits lends its reading end to the loop, as any other descriptor, and it is
//! rung by an octet; or by a word, where one loop has both who rings and who waits. Making a pipe
//! costs more than asking a worker does, so bells are used again, and the kernel goes on watching
//! them meanwhile.

use static_files::{Kept, Stirred};
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, PoisonError};

/// Bells at rest that are held; two descriptors each.
const BELLS: usize = 64;

/// A pipe with nothing in it, or one octet.
#[derive(Debug)]
pub(super) struct Bell {
    heard: Arc<PipeReader>,
    rope: PipeWriter,
    kept: Kept,
}

impl Bell {
    /// A bell that nobody watches.
    ///
    /// # Errors
    /// When no descriptor is left.
    pub(super) fn new() -> io::Result<Bell> {
        let (heard, rope) = io::pipe()?;
        let heard = Arc::new(heard);
        let kept = Kept::new(Arc::clone(&heard) as Arc<dyn AsFd + Send + Sync>);
        Ok(Bell { heard, rope, kept })
    }

    /// Rings, once. Who waits in the same loop is told without the pipe.
    pub(super) fn ring(&self) -> Stirred {
        let stirred = self.kept.stir();
        if stirred == Stirred::Nobody {
            // It cannot fail: there is room for one octet, and both ends are here.
            let _ = (&self.rope).write(&[0]);
        }
        stirred
    }

    /// Makes it silent again, after it has been rung so.
    pub(super) fn still(&self, stirred: Stirred) {
        if stirred == Stirred::Nobody {
            // As above; the octet is there.
            let _ = (&*self.heard).read(&mut [0]);
        }
    }

    /// What to wait on.
    pub(super) fn kept(&self) -> &Kept {
        &self.kept
    }
}

/// Silent bells, for whoever waits next.
#[derive(Debug, Default)]
pub(super) struct Bells(Mutex<Vec<Arc<Bell>>>);

impl Bells {
    /// A bell that is watched here, or another: that may wake somebody else too, once.
    ///
    /// # Errors
    /// When no descriptor is left.
    pub(super) fn take(&self) -> io::Result<Arc<Bell>> {
        let at_rest = self.lock(|bells| {
            let near = bells.iter().rposition(|bell| bell.kept.is_watched_here());
            let at = near.or(bells.len().checked_sub(1))?;
            Some(bells.remove(at))
        });
        at_rest.map_or_else(|| Bell::new().map(Arc::new), Ok)
    }

    /// Takes back a bell that is silent, and will not be rung any more by whoever had it.
    pub(super) fn put_back(&self, bell: Arc<Bell>) {
        self.lock(|bells| {
            if bells.len() < BELLS {
                bells.push(bell);
            }
        });
    }

    fn lock<T>(&self, look: impl FnOnce(&mut Vec<Arc<Bell>>) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
