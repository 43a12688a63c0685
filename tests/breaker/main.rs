//! Hostile input for the whole program: forged events, forged journals, absurd frames, files and
//! settings. Nothing here may panic, hang or be believed.

mod commands;
mod forge;
mod forged;
