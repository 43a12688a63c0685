//! What the execution stage does, asked from outside.

mod desk;
mod account;
mod checker;
mod life;
mod exposure;
mod gates;
mod reports;
mod reconcile;
mod ledger;
mod limits;
mod replay;
#[cfg(feature = "planted")]
mod planted;
