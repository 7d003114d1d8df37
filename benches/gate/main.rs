//! What a gate costs: the kernel alone, and the whole way of a payment beside a raw signature check.
//!
//! `cargo bench --bench gate` runs divan, then prints ratios taken in one interleaved run: on a noisy
//! machine only those mean anything. No time is asserted.

#[path = "../../tests/support/mod.rs"]
mod support;

mod kernel;
mod keys;
mod ratio;
mod revocation;
mod stack;
mod trust;

#[global_allocator]
static ALLOCATOR: divan::AllocProfiler = divan::AllocProfiler::system();

fn main() {
    divan::main();
    // Not where one benchmark was picked, nor where `cargo test` only wants to know that they run.
    if std::env::args().skip(1).eq(["--bench"]) {
        ratio::print();
        trust::print();
    }
}
