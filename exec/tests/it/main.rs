//! What the execution stage does, asked from outside.
