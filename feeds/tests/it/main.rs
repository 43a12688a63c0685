//! What the feeds are asked, one file per question.

mod rig;
mod fixtures;

mod json;
mod times;
mod decode;
mod book;
mod subscriptions;
mod life;
mod ours;
mod account;
mod mirror;
mod damage;
mod replies;
mod requests;
mod binance;
