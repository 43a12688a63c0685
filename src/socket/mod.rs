//! Sockets that never wait: TLS over `mio`, a WebSocket kept alive, a kept-alive HTTPS connection.
//!
//! One thread owns a [`Reactor`](reactor::Reactor) and any number of connections. It calls `turn`
//! now and then, and `work` of each connection until that has nothing more to say. No clock is
//! read here: the wall's time is an argument. Names are looked up on a thread of their own,
//! because a resolver waits.

pub mod tls;
pub mod reactor;
pub mod stream;
pub mod fault;
pub mod url;
mod backoff;
mod resolve;
mod dial;
pub mod link;
pub mod http;
