//! The mock exchange on the wire: TLS, HTTP and WebSocket servers around a [`MockExchange`](super::MockExchange).
