//! Connections: TLS and WebSocket over non-blocking sockets, several to a thread.
