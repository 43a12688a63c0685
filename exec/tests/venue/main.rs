//! The simulated venue is asked by scripts, by a slow twin, and by its own balance sheet.

mod world;
mod orders;
mod changes;
mod queue;
mod money;
mod life;
mod index;
mod twin;
mod properties;
