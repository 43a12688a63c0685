//! Signatures: keys as the venue issues them, and signatures made ahead of their use.
