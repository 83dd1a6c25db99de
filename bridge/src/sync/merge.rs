//! What becomes of a task that was changed on both sides: field by field, by what both last agreed on.
//!
//! What changed on one side is taken. What changed on both, in two ways, is a conflict: the later write stands, and the other value is told.

use agentrq_core::interchange::claude_file::FileStatus;

use crate::files::fields::{Fields, Part};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The directory.
    Here,
    /// The workspace.
    There,
}

/// Two ways in which one thing was changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflict {
    pub part: Part,
    pub kept: Side,
    pub here: String,
    pub there: String,
}

impl Conflict {
    /// What people read of it.
    pub fn told(&self) -> String {
        let Self { part, kept, here, there } = self;
        match kept {
            Side::Here => format!("Changed here and in the file ({part}). Kept: {here}, written later in the file. Here it was: {there}"),
            Side::There => format!("Changed here and in the file ({part}). Kept: {there}, written later here. In the file it was: {here}"),
        }
    }
}

/// What was agreed, and what both sides say now.
#[derive(Clone, Copy, Debug)]
pub struct Sides<'a> {
    /// Nothing, where the two have just met.
    pub base: Option<&'a Fields>,
    pub here: &'a Fields,
    pub there: &'a Fields,
    /// Which was written later.
    pub later: Side,
}

/// What both shall say, and what was in conflict.
pub fn merge(sides: Sides<'_>) -> (Fields, Vec<Conflict>) {
    let Sides { base, here, there, later } = sides;
    let mut merged = there.clone();
    let mut conflicts = Vec::new();
    for part in there.parts_to(here) {
        let same = |one: &Fields, other: &Fields| {
            let mut changed = one.clone();
            changed.take(&part, other);
            changed == *one
        };
        let wins = match base {
            Some(base) if same(base, there) => Side::Here,
            Some(base) if same(base, here) => Side::There,
            // Where nothing was agreed on, nobody has taken anything back: what one side says and the other does not is said.
            None if part.is_said(here) != part.is_said(there) => {
                if part.is_said(here) {
                    Side::Here
                } else {
                    Side::There
                }
            }
            _ => {
                conflicts.push(Conflict { kept: later, here: here.told(&part), there: there.told(&part), part: part.clone() });
                later
            }
        };
        if wins == Side::Here {
            merged.take(&part, here);
        }
    }
    (merged, conflicts)
}

impl Part {
    fn is_said(&self, fields: &Fields) -> bool {
        match self {
            Self::Subject => true,
            Self::Description => !fields.description.is_empty(),
            Self::ActiveForm => fields.active_form.is_some(),
            Self::Noted(name) => fields.metadata.contains_key(name),
            Self::WaitsFor(task) => fields.waits_for.contains(task),
            Self::Claim => fields.status != FileStatus::Pending || fields.owner.is_some(),
        }
    }
}

/// The base from which the same merge comes out again, without conflict: what has lost was there before.
pub fn settled(base: Option<&Fields>, sides: Sides<'_>, merged: &Fields) -> Fields {
    let mut settled = base.unwrap_or(sides.there).clone();
    for part in sides.there.parts_to(sides.here) {
        let mut kept = sides.there.clone();
        kept.take(&part, merged);
        let loser = if kept == *sides.there { sides.here } else { sides.there };
        settled.take(&part, loser);
    }
    settled
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;
    use crate::files::fields::tests::fields;

    fn merged(base: Option<&Fields>, here: &Fields, there: &Fields, later: Side) -> (Fields, usize) {
        let sides = Sides { base, here, there, later };
        let (fields, conflicts) = merge(sides);
        // Whatever has been decided stays so, and is told once.
        let settled = settled(base, sides, &fields);
        assert_eq!(merge(Sides { base: Some(&settled), ..sides }), (fields.clone(), Vec::new()));
        (fields, conflicts.len())
    }

    #[test]
    fn what_one_side_has_changed_is_taken_whichever_is_later() {
        let base = fields("a");
        let here = Fields { subject: "b".into(), waits_for: BTreeSet::from([2]), ..base.clone() };
        let mut there = Fields { status: FileStatus::Completed, ..base.clone() };
        there.metadata.insert("n".into(), json!(1));
        for later in [Side::Here, Side::There] {
            let (both, conflicts) = merged(Some(&base), &here, &there, later);
            assert_eq!((both.subject.as_str(), both.status, both.waits_for.len(), conflicts), ("b", FileStatus::Completed, 1, 0));
            assert_eq!(both.metadata.get("n"), Some(&json!(1)));
        }
    }

    #[test]
    fn of_what_both_have_changed_the_later_stands_and_the_other_is_told() {
        let base = fields("a");
        let (here, there) = (fields("b"), fields("c"));
        assert_eq!(merged(Some(&base), &here, &there, Side::Here), (here.clone(), 1));
        assert_eq!(merged(Some(&base), &here, &there, Side::There), (there.clone(), 1));
        let (_, conflicts) = merge(Sides { base: Some(&base), here: &here, there: &there, later: Side::There });
        assert_eq!(
            conflicts[0].told(),
            "Changed here and in the file (subject). Kept: \"c\", written later here. In the file it was: \"b\""
        );
        assert_eq!(merged(Some(&base), &here, &here, Side::There), (here, 0), "both the same");
    }

    #[test]
    fn metadata_is_merged_name_by_name_and_dependencies_one_by_one() {
        let with = |names: &[(&str, i64)], waits: &[u64]| {
            let metadata = names.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
            Fields { metadata, waits_for: waits.iter().copied().collect(), ..fields("a") }
        };
        let base = with(&[("a", 1), ("b", 1), ("c", 1)], &[1, 2]);
        let here = with(&[("a", 2), ("c", 1), ("h", 1)], &[1, 2, 3]);
        let there = with(&[("a", 1), ("b", 1), ("c", 3), ("t", 1)], &[2, 4]);
        let (both, conflicts) = merged(Some(&base), &here, &there, Side::There);
        assert_eq!((both, conflicts), (with(&[("a", 2), ("c", 3), ("h", 1), ("t", 1)], &[2, 3, 4]), 0));
    }

    #[test]
    fn two_that_have_just_met_keep_all_that_only_one_says() {
        let mut here = Fields { waits_for: BTreeSet::from([1]), active_form: Some("Doing".into()), ..fields("a") };
        here.metadata.insert("here".into(), json!(1));
        let there = Fields { waits_for: BTreeSet::from([2]), description: "more".into(), status: FileStatus::Completed, ..fields("b") };
        for later in [Side::Here, Side::There] {
            let (both, conflicts) = merged(None, &here, &there, later);
            assert_eq!((both.waits_for, both.description.as_str(), both.status), (BTreeSet::from([1, 2]), "more", FileStatus::Completed));
            assert_eq!((both.active_form.as_deref(), both.metadata.len()), (Some("Doing"), 1));
            assert_eq!(conflicts, 1, "how it is called");
        }
    }
}
