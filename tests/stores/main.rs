//! The stores with a server, against real servers that the tests start: the contract, and faults.
//!
//! Where a server's program is absent it is installed, if this runs as root on Debian; else its
//! tests say so and pass, or fail if `OPEN_BANKING_STORES=required`.

mod cut;
mod postgres;
mod redis;
mod server;
mod support;
