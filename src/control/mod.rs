//! What people tell the line: pause, resume, cancel-all, kill, status.
