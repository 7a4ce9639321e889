//! The program as a whole, against a server that gives every sequence a score of its own.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod accounting;
mod bench;
mod bundle;
mod embedded;
mod examples;
mod failures;
mod fake_server;
mod formats;
mod hostile;
mod localize;
mod program;
mod reports;
mod resuming;
mod scan;
mod scores;
mod servers;
mod tables;
