//! The relay of Vanguard.

pub mod relay;
