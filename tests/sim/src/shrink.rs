//! Makes a run that fails smaller: leaves out what the failure does not need (delta debugging).

use crate::op::Op;
use crate::world::run;

/// The fewest operations found that still fail in the same way. Tries at most some thousand runs.
pub fn shrink(operations: &[Op]) -> Vec<Op> {
    let Err(why) = run(operations) else { return operations.to_vec() };
    let fails = |operations: &[Op]| run(operations).is_err_and(|other| kind(&other) == kind(&why));
    let mut kept = operations.to_vec();
    let mut part = kept.len().div_ceil(2);
    let mut tries = 4_000;
    while part > 0 && tries > 0 {
        let mut from = 0;
        let mut smaller = false;
        while from < kept.len() && tries > 0 {
            let mut without = kept.clone();
            without.drain(from..(from + part).min(kept.len()));
            tries -= 1;
            if fails(&without) {
                kept = without;
                smaller = true;
            } else {
                from += part;
            }
        }
        if !smaller || part > kept.len() {
            part /= 2;
        }
    }
    kept
}

/// A failure without the names in it.
fn kind(why: &str) -> Vec<&str> {
    why.split_whitespace().filter(|word| !word.contains(|c: char| c.is_ascii_digit())).take(8).collect()
}
