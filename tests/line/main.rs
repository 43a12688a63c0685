//! The line on threads: pens and the scribe, the plan of threads, whole runs and how they end.
#![expect(clippy::disallowed_methods, reason = "these tests start threads of their own to write from")]

mod disks;
mod rounds;
mod scribe;
mod standing;
mod threaded;
mod wired;
mod world;
