//! The behaviour of step 1 over real sockets, each test under a deadline.
//!
//! `conversation` has the library talk to a client, `full_house` takes its descriptors away,
//! `program` meets the binary as its user does; `stop` needs no socket.

#[cfg(test)]
mod common;
#[cfg(test)]
mod conversation;
#[cfg(test)]
mod full_house;
#[cfg(test)]
mod program;
#[cfg(test)]
mod stop;
