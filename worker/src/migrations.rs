//! Numbered, forward-only migrations: both objects bring their database up to date with this when they start.

use crate::sql::{Sql, SqlError, Value};

/// Runs the migrations that this database has not seen yet. Migration `n` is `migrations[n - 1]`; once shipped, one is never changed.
///
/// The caller runs this inside one transaction, so that a failing migration leaves the database at the version it had.
/// A database from a later version of the code is left alone and refused.
pub fn migrate(sql: &impl Sql, migrations: &[&str]) -> Result<(), SqlError> {
    sql.exec("CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY) WITHOUT ROWID", &[])?;
    let done = sql.first("SELECT coalesce(max(version), 0) FROM migrations", &[])?.map_or(Ok(0), |row| row.count(0))?;
    let done = usize::try_from(done).unwrap_or(usize::MAX);
    let Some(rest) = migrations.get(done..) else {
        return Err(SqlError(format!("the database is at version {done}, this code knows {} only: run the newer code", migrations.len())));
    };
    for (offset, migration) in rest.iter().enumerate() {
        sql.exec(migration, &[])?;
        let version = u64::try_from(done + offset + 1).unwrap_or(u64::MAX);
        sql.exec("INSERT INTO migrations (version) VALUES (?)", &[Value::from(version)])?;
    }
    Ok(())
}

/// Checks a list of migrations from every earlier version: whichever the database stops at, going on ends in the same schema.
#[cfg(test)]
pub(crate) fn from_every_version_the_schema_is_the_same(migrations: &[&str]) {
    use crate::sql::native::memory;
    let schema = |db: &rusqlite::Connection| db.exec("SELECT type, name, sql FROM sqlite_schema ORDER BY type, name", &[]).expect("schema");
    let fresh = memory();
    migrate(&fresh, migrations).expect("all migrations at once");
    for version in 0..=migrations.len() {
        let db = memory();
        migrate(&db, &migrations[..version]).expect("up to this version");
        migrate(&db, migrations).expect("from this version on");
        migrate(&db, migrations).expect("once more changes nothing");
        assert_eq!(schema(&db), schema(&fresh), "from version {version}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::native::memory;

    const THREE: &[&str] = &[
        "CREATE TABLE a (x INTEGER); CREATE INDEX a_x ON a (x)",
        "ALTER TABLE a ADD COLUMN y TEXT; INSERT INTO a (x, y) VALUES (1, 'one')",
        "CREATE TABLE b (z BLOB)",
    ];

    #[test]
    fn every_earlier_version_ends_in_the_same_schema() {
        from_every_version_the_schema_is_the_same(THREE);
    }

    #[test]
    fn each_migration_runs_once() {
        let db = memory();
        for _ in 0..3 {
            assert_eq!(migrate(&db, THREE), Ok(()));
        }
        assert_eq!(db.first("SELECT count(*) FROM a", &[]), Ok(Some(crate::sql::Row(vec![Value::Integer(1)]))));
    }

    #[test]
    fn a_database_of_newer_code_is_refused() {
        let db = memory();
        assert_eq!(migrate(&db, THREE), Ok(()));
        let error = migrate(&db, &THREE[..2]).expect_err("older code");
        assert!(error.0.contains("version 3"), "{error}");
    }
}
