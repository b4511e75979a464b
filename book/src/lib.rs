//! The course's text, as programs see it.
//!
//! ```text
//! chapters/*.md ─► include, diff ─► transcript::for_reading ─► mdBook ─► HTML
//!              └─► transcript::blocks ─► the suite that runs every command
//! ```
//!
//! A chapter holds no Rust of its own: it names files of the steps, and [`build`] copies what it
//! names. A tag that names something that is not there fails the build, so text and code cannot
//! drift apart. Everything else about the look of the book is mdBook's.
#![forbid(unsafe_code)]

mod collected;
mod contents;
mod diff;
pub mod exercises;
mod fence;
mod include;
pub mod matcher;
mod prediction;
pub mod predictions;
mod reading;
mod render;
mod texts;
pub mod transcript;
mod warnings;
pub mod workbook;

pub use contents::chapters;
pub use reading::words;
pub use render::{BuildError, build, home};
