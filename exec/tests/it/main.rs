//! What the execution stage does, asked from outside.

mod desk;
mod life;
mod exposure;
mod gates;
mod reports;
mod ledger;
