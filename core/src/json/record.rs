//! Objects whose members are known: the table that reads and writes them.

use super::writer::push_name;
use super::{Error, Read, Reader};

/// What a table says of a member: its name, as Rust spells it, and whether it must be there.
pub type Named = (&'static str, Need);

/// Whether a member must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// It must, unless its type says what it is when it is not.
    Required,
    /// It may be left out.
    Optional,
}

/// Where the value of a member goes.
pub trait Slot {
    /// # Errors
    /// When what stands next is not of the member's type, or the member came before.
    fn fill(&mut self, reader: &mut Reader<'_>) -> Result<(), Error>;

    /// Takes what the member is when it is not there. Whether there is something now.
    fn settle(&mut self) -> bool;
}

impl<T: Read> Slot for Option<T> {
    fn fill(&mut self, reader: &mut Reader<'_>) -> Result<(), Error> {
        if self.is_some() {
            return Err(Error::new("it is there twice"));
        }
        *self = Some(T::read(reader)?);
        Ok(())
    }

    fn settle(&mut self) -> bool {
        if self.is_none() {
            *self = T::absent();
        }
        self.is_some()
    }
}

/// What a member held that is optional in the table, and required by what other members say.
///
/// # Errors
/// When it was not there.
pub fn needed<T: Read>(slot: Option<T>, name: &str) -> Result<T, Error> {
    slot.or_else(T::absent).ok_or_else(|| missing(name))
}

#[cold]
fn missing(name: &str) -> Error {
    let mut on_the_wire = String::new();
    push_name(&mut on_the_wire, name);
    Error::new(format!("`{on_the_wire}` is missing"))
}

impl Reader<'_> {
    /// Reads an object, each member into the slot at the place of its name. Members that have no name here are passed over. Afterwards there is
    /// something in every slot that must not be empty.
    ///
    /// # Errors
    /// When no object stands next, or a member is missing or not what it should be.
    pub fn record(&mut self, names: &[Named], slots: &mut [&mut dyn Slot]) -> Result<(), Error> {
        // They mostly come in the order of the table.
        let mut next = 0;
        self.members(&mut |reader, member| {
            let mut places = (next..names.len()).chain(0..next);
            let found = places.find(|&at| names.get(at).is_some_and(|(field, _)| is_on_the_wire(field, member)));
            match found.and_then(|at| Some((at, slots.get_mut(at)?))) {
                Some((at, slot)) => {
                    next = at + 1;
                    slot.fill(reader)
                }
                None => reader.skip(),
            }
        })?;
        for ((name, need), slot) in names.iter().zip(slots) {
            if !slot.settle() && *need == Need::Required {
                return Err(missing(name));
            }
        }
        Ok(())
    }
}

/// Whether a member's name on the wire is that of this field: `waitingSince` of `waiting_since`.
fn is_on_the_wire(field: &str, member: &str) -> bool {
    let mut member = member.bytes();
    let mut starts_word = false;
    for byte in field.bytes() {
        if byte == b'_' {
            starts_word = true;
            continue;
        }
        let expected = if starts_word { byte.to_ascii_uppercase() } else { byte };
        if member.next() != Some(expected) {
            return false;
        }
        starts_word = false;
    }
    member.next().is_none()
}

/// The members of an object, to be written: `id`, or `kind as "type"`, or `risks if any`, which is left out where it says nothing.
#[macro_export]
macro_rules! members {
    (of $of:expr; $($field:ident $(as $name:literal)? $(= $absent:literal)? $(if $any:ident)?),* $(,)?) => {
        [$(($crate::members!(@name $field $($name)?), $crate::members!(@value $of.$field $(, $any)?))),*]
    };
    ($($field:ident $(as $name:literal)? $(if $any:ident)?),* $(,)?) => {
        [$(($crate::members!(@name $field $($name)?), $crate::members!(@value $field $(, $any)?))),*]
    };
    (@name $field:ident) => { stringify!($field) };
    (@name $field:ident $name:literal) => { $name };
    (@value $value:expr) => { Some(&$value as &dyn $crate::json::Write) };
    (@value $value:expr, any) => { $crate::json::Write::is_any(&$value).then_some(&$value as &dyn $crate::json::Write) };
}

/// How a struct is read and written: `record!(Task { id, kind as "type", attachments = 0, risks if any })`. A member must be there unless it
/// is an `Option`; what stands behind `=` it is if it is not there, and one that is written only `if any` is its type's default then.
#[macro_export]
macro_rules! record {
    ($type:ident { $($members:tt)* }) => {
        $crate::reads!($type { $($members)* });
        $crate::writes!($type { $($members)* });
    };
}

/// How a struct is read, see [`record`].
#[macro_export]
macro_rules! reads {
    ($type:ident { $($field:ident $(as $name:literal)? $(= $absent:literal)? $(if $any:ident)?),* $(,)? }) => {
        impl $crate::json::Read for $type {
            fn read(reader: &mut $crate::json::Reader<'_>) -> Result<Self, $crate::json::Error> {
                const NAMES: &[$crate::json::Named] =
                    &[$(($crate::members!(@name $field $($name)?), $crate::reads!(@need $($absent)? $($any)?))),*];
                // In one place: what was read before an error goes in one go.
                let mut slots = ($($crate::reads!(@slot $field),)*);
                let ($(ref mut $field,)*) = slots;
                reader.record(NAMES, &mut [$($field),*])?;
                $($crate::reads!(@absent $field $($absent)? $($any)?);)*
                match slots {
                    ($(Some($field),)*) => Ok(Self { $($field),* }),
                    _ => Err($crate::json::Error::new("a member is missing")),
                }
            }
        }
    };
    (@slot $field:ident) => { None };
    (@need) => { $crate::json::Need::Required };
    (@need $optional:tt) => { $crate::json::Need::Optional };
    (@absent $field:ident) => {};
    (@absent $field:ident any) => { $field.get_or_insert_default() };
    (@absent $field:ident $absent:literal) => { $field.get_or_insert($absent) };
}

/// How a struct is written, see [`record`].
#[macro_export]
macro_rules! writes {
    ($type:ty { $($members:tt)* }) => {
        impl $crate::json::Write for $type {
            fn write(&self, to: &mut String) {
                $crate::json::object(to, &$crate::members!(of self; $($members)*));
            }
        }
    };
}
