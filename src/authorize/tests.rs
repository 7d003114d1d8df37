//! The endpoints as a browser and a client see them.

mod answers;
mod intents;
mod legacy;
mod par;
mod store;
mod ways;
