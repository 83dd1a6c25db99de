//! The little of SQLite that both objects use: one call, plain values, rows. Two stores answer it: the object's own, and rusqlite in tests.

use std::fmt;

use agentrq_core::json::{self, Read};

/// One value in a statement or a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Null,
    /// Within ±2^53: integers cross the border to JavaScript as floating-point numbers. What may be larger travels as text.
    Integer(i64),
    Text(String),
    Blob(Vec<u8>),
}

/// One row of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row(pub Vec<Value>);

/// What the database refused, or a row that is not of the form the code expects. Never shown to callers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqlError(pub String);

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sqlite: {}", self.0)
    }
}

impl std::error::Error for SqlError {}

/// A database that answers at once.
pub trait Sql {
    /// Runs `sql` (several statements only if `args` is empty) and returns the rows of the last statement.
    fn exec(&self, sql: &str, args: &[Value]) -> Result<Vec<Row>, SqlError>;

    /// Bytes that are in use.
    fn size(&self) -> Result<u64, SqlError>;

    /// The first row, if there is one.
    fn first(&self, sql: &str, args: &[Value]) -> Result<Option<Row>, SqlError> {
        Ok(self.exec(sql, args)?.into_iter().next())
    }
}

impl<S: Sql + ?Sized> Sql for &S {
    fn exec(&self, sql: &str, args: &[Value]) -> Result<Vec<Row>, SqlError> {
        (**self).exec(sql, args)
    }

    fn size(&self) -> Result<u64, SqlError> {
        (**self).size()
    }
}

impl Row {
    fn at(&self, column: usize) -> Result<&Value, SqlError> {
        self.0.get(column).ok_or_else(|| SqlError(format!("the row has no column {column}")))
    }

    fn wrong(&self, column: usize, wanted: &str) -> SqlError {
        let kind = match self.0.get(column) {
            Some(Value::Null) => "null",
            Some(Value::Integer(_)) => "an integer",
            Some(Value::Text(_)) => "text",
            Some(Value::Blob(_)) => "a blob",
            None => "nothing",
        };
        SqlError(format!("column {column} holds {kind}, not {wanted}"))
    }

    pub fn integer(&self, column: usize) -> Result<i64, SqlError> {
        match self.at(column)? {
            Value::Integer(value) => Ok(*value),
            _ => Err(self.wrong(column, "an integer")),
        }
    }

    /// An integer that is never negative: a count, a time, a size.
    pub fn count(&self, column: usize) -> Result<u64, SqlError> {
        u64::try_from(self.integer(column)?).map_err(|_| SqlError(format!("column {column} is negative")))
    }

    pub fn text(&self, column: usize) -> Result<&str, SqlError> {
        match self.at(column)? {
            Value::Text(value) => Ok(value),
            _ => Err(self.wrong(column, "text")),
        }
    }

    /// The entity that stands as JSON in the first column.
    pub fn entity<T: Read>(&self) -> Result<T, SqlError> {
        json::from_str(self.text(0)?).map_err(|error| SqlError(format!("a stored entity cannot be read: {error}")))
    }

    pub fn blob(&self, column: usize) -> Result<&[u8], SqlError> {
        match self.at(column)? {
            Value::Blob(value) => Ok(value),
            _ => Err(self.wrong(column, "a blob")),
        }
    }

    pub fn is_null(&self, column: usize) -> Result<bool, SqlError> {
        Ok(matches!(self.at(column)?, Value::Null))
    }

    pub fn optional_integer(&self, column: usize) -> Result<Option<i64>, SqlError> {
        if self.is_null(column)? { Ok(None) } else { self.integer(column).map(Some) }
    }

    pub fn optional_count(&self, column: usize) -> Result<Option<u64>, SqlError> {
        if self.is_null(column)? { Ok(None) } else { self.count(column).map(Some) }
    }

    pub fn optional_text(&self, column: usize) -> Result<Option<&str>, SqlError> {
        if self.is_null(column)? { Ok(None) } else { self.text(column).map(Some) }
    }

    pub fn optional_blob(&self, column: usize) -> Result<Option<&[u8]>, SqlError> {
        if self.is_null(column)? { Ok(None) } else { self.blob(column).map(Some) }
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

/// Counts, times and sizes; what does not fit is cut to the largest that does.
impl From<u64> for Value {
    fn from(value: u64) -> Self {
        Self::Integer(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Integer(i64::from(value))
    }
}

impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Self {
        Self::Blob(value)
    }
}

impl From<&[u8]> for Value {
    fn from(value: &[u8]) -> Self {
        Self::Blob(value.to_vec())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// The object's own database.
mod object {
    use js_sys::Array;
    use wasm_bindgen::JsValue;
    use wasm_bindgen::prelude::wasm_bindgen;
    use worker::SqlStorage;

    use super::{Row, Sql, SqlError, Value};

    #[wasm_bindgen(module = "/src/border.js")]
    extern "C" {
        #[wasm_bindgen(js_name = giveNull)]
        fn give_null(place: usize);
        #[wasm_bindgen(js_name = giveNumber)]
        fn give_number(place: usize, value: f64);
        #[wasm_bindgen(js_name = giveText)]
        fn give_text(place: usize, value: &str);
        #[wasm_bindgen(js_name = giveBlob)]
        fn give_blob(place: usize, value: &[u8]);
        #[wasm_bindgen(catch)]
        fn run(sql: &JsValue, statement: &str, count: usize) -> Result<Option<Array>, JsValue>;
        fn kind(values: &Array, place: usize) -> u8;
        #[wasm_bindgen(js_name = numberAt)]
        fn number_at(values: &Array, place: usize) -> f64;
        #[wasm_bindgen(js_name = textAt)]
        fn text_at(values: &Array, place: usize) -> String;
        #[wasm_bindgen(js_name = blobAt)]
        fn blob_at(values: &Array, place: usize) -> Vec<u8>;
    }

    impl Sql for SqlStorage {
        fn exec(&self, sql: &str, args: &[Value]) -> Result<Vec<Row>, SqlError> {
            args.iter().enumerate().for_each(|(place, value)| give(place, value));
            let found = run(self.as_ref(), sql, args.len()).map_err(|error| SqlError(worker::Error::from(error).to_string()))?;
            let Some(values) = found else { return Ok(Vec::new()) };
            let (width, end) = (number_at(&values, 0) as usize, values.length() as usize);
            let row = |from| (from..from + width).map(|place| value(&values, place)).collect::<Result<_, _>>().map(Row);
            (1..end).step_by(width.max(1)).map(row).collect()
        }

        /// As the platform counts: without pages that are free.
        fn size(&self) -> Result<u64, SqlError> {
            Ok(self.database_size() as u64)
        }
    }

    fn give(place: usize, value: &Value) {
        match value {
            Value::Null => give_null(place),
            // Exact within ±2^53, which is what Value::Integer promises.
            Value::Integer(value) => give_number(place, *value as f64),
            Value::Text(value) => give_text(place, value),
            Value::Blob(value) => give_blob(place, value),
        }
    }

    fn value(values: &Array, place: usize) -> Result<Value, SqlError> {
        match kind(values, place) {
            0 => Ok(Value::Null),
            1 => Ok(Value::Integer(number_at(values, place) as i64)),
            2 => Ok(Value::Text(text_at(values, place))),
            3 => Ok(Value::Blob(blob_at(values, place))),
            _ => Err(SqlError("a fraction or an integer beyond 2^53: neither is stored here".to_owned())),
        }
    }
}

/// The same over rusqlite, so that every rule is tested natively.
#[cfg(any(test, feature = "testing"))]
pub(crate) mod native {
    use rusqlite::fallible_iterator::FallibleIterator;
    use rusqlite::types::ValueRef;
    use rusqlite::{Batch, Connection, ToSql};

    use super::{Row, Sql, SqlError, Value};

    /// An empty database in memory.
    pub(crate) fn memory() -> Connection {
        Connection::open_in_memory().expect("SQLite opens in memory")
    }

    impl From<rusqlite::Error> for SqlError {
        fn from(error: rusqlite::Error) -> Self {
            Self(error.to_string())
        }
    }

    impl ToSql for Value {
        fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
            Ok(match self {
                Self::Null => rusqlite::types::Null.into(),
                Self::Integer(value) => (*value).into(),
                Self::Text(value) => value.as_str().into(),
                Self::Blob(value) => value.as_slice().into(),
            })
        }
    }

    impl Sql for Connection {
        fn exec(&self, sql: &str, args: &[Value]) -> Result<Vec<Row>, SqlError> {
            let mut rows = Vec::new();
            let mut batch = Batch::new(self, sql);
            while let Some(mut statement) = batch.next()? {
                rows.clear();
                let columns = statement.column_count();
                let mut found = statement.query(rusqlite::params_from_iter(args))?;
                while let Some(row) = found.next()? {
                    rows.push(Row((0..columns).map(|column| value(row.get_ref(column)?)).collect::<Result<_, SqlError>>()?));
                }
            }
            Ok(rows)
        }

        fn size(&self) -> Result<u64, SqlError> {
            let counted = "SELECT (SELECT page_count FROM pragma_page_count) - (SELECT freelist_count FROM pragma_freelist_count), (SELECT page_size FROM pragma_page_size)";
            let row = self.first(counted, &[])?;
            row.map_or(Ok(0), |row| Ok(row.count(0)? * row.count(1)?))
        }
    }

    fn value(value: ValueRef<'_>) -> Result<Value, SqlError> {
        Ok(match value {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(value) => Value::Integer(value),
            ValueRef::Real(_) => return Err(SqlError("a fraction".to_owned())),
            ValueRef::Text(value) => Value::Text(String::from_utf8(value.to_vec()).map_err(|error| SqlError(error.to_string()))?),
            ValueRef::Blob(value) => Value::Blob(value.to_vec()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::native::memory;
    use super::*;

    #[test]
    fn values_come_back_as_they_went_in() {
        let db = memory();
        let values = [Value::Null, Value::Integer(-(1 << 53)), "é\0".into(), Value::Blob(vec![0, 255])];
        let row = db.first("SELECT ?, ?, ?, ?", &values);
        assert_eq!(row, Ok(Some(Row(values.to_vec()))));
    }

    #[test]
    fn a_column_of_another_kind_is_an_error_and_not_a_panic() {
        let row = Row(vec![Value::Null, "a".into()]);
        assert_eq!(row.integer(1), Err(SqlError("column 1 holds text, not an integer".to_owned())));
        assert_eq!(row.optional_integer(0), Ok(None));
        assert!(row.text(2).is_err());
    }
}
