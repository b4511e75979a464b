//! Step 1: a door, a queue, and leaving politely. Blocking sockets, `std` alone.
#![forbid(unsafe_code)]

mod accept;
mod close;
mod echo;
mod stop;

pub use accept::{AcceptFate, accept_fate, accept_until};
pub use close::{Linger, close_politely};
pub use echo::echo;
pub use stop::{Stop, Waker};
