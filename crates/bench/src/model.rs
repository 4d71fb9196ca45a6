//! The tables: as models, and as the struct of the raw side.

use aludel::prelude::*;

/// A row that is read and changed.
#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "bench_reader")]
pub(crate) struct Reader {
    #[column(primary_key)]
    pub(crate) id: i64,
    #[column(length = 100)]
    pub(crate) name: String,
    #[column(length = 100)]
    pub(crate) city: Option<String>,
    pub(crate) points: i64,
    // As in most models there is a relationship, which nobody asks for here.
    #[relationship(back_populates = Loan::reader)]
    pub(crate) loans: Many<Loan>,
}

/// What makes a reader's relationship possible; the table stays empty.
#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "bench_loan")]
pub(crate) struct Loan {
    #[column(primary_key)]
    pub(crate) id: i64,
    #[column(foreign_key = Reader::id)]
    pub(crate) reader_id: i64,
    #[relationship(back_populates = Reader::loans)]
    pub(crate) reader: One<Reader>,
}

/// A row that is inserted.
#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "bench_visit")]
pub(crate) struct Visit {
    #[column(primary_key)]
    pub(crate) id: i64,
    #[column(length = 100)]
    pub(crate) name: String,
    #[column(length = 100)]
    pub(crate) city: Option<String>,
    pub(crate) points: i64,
}

/// A row that is inserted together with those that refer to it.
#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "bench_parent")]
pub(crate) struct Parent {
    #[column(primary_key)]
    pub(crate) id: i64,
    #[column(length = 100)]
    pub(crate) name: String,
    #[relationship(back_populates = Child::parent)]
    pub(crate) children: Many<Child>,
}

/// A row that refers to another.
#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "bench_child")]
pub(crate) struct Child {
    #[column(primary_key)]
    pub(crate) id: i64,
    #[column(length = 100)]
    pub(crate) name: String,
    #[column(foreign_key = Parent::id)]
    pub(crate) parent_id: i64,
    #[relationship(back_populates = Parent::children)]
    pub(crate) parent: One<Parent>,
}

/// What the raw side reads rows into, and writes rows from.
#[derive(Clone, Debug, Default)]
#[allow(dead_code, reason = "reading the fields is not a part of the work")]
pub(crate) struct RawReader {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) city: Option<String>,
    pub(crate) points: i64,
}

/// What the raw side writes parents and children from.
#[derive(Clone, Debug, Default)]
pub(crate) struct RawParent {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) children: Vec<RawChild>,
}

/// A child of the raw side.
#[derive(Clone, Debug, Default)]
pub(crate) struct RawChild {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) parent_id: i64,
}

/// The rows that the raw side inserts.
pub(crate) fn raw_visits(rows: usize) -> Vec<RawReader> {
    (1..=rows)
        .map(crate::sample::sample)
        .map(|row| RawReader { id: 0, name: row.name, city: row.city, points: row.points })
        .collect()
}

/// The parents that the raw side inserts.
pub(crate) fn raw_parents() -> Vec<RawParent> {
    use crate::sample::{CHILDREN, PARENTS, sample};
    let children =
        || (1..=CHILDREN).map(|key| RawChild { name: sample(key).name, ..RawChild::default() }).collect();
    (1..=PARENTS).map(|key| RawParent { id: 0, name: sample(key).name, children: children() }).collect()
}

/// The texts of the raw side; parameters are written as `?`.
pub(crate) mod sql {
    pub(crate) const SELECT_ALL: &str = "SELECT id, name, city, points FROM bench_reader";
    pub(crate) const SELECT_ONE: &str = "SELECT id, name, city, points FROM bench_reader WHERE id = ?";
    pub(crate) const UPDATE: &str = "UPDATE bench_reader SET points = ? WHERE id = ?";
    pub(crate) const INSERT: &str = "INSERT INTO bench_visit (name, city, points) VALUES (?, ?, ?)";
    /// An INSERT of so many rows that gives their keys.
    pub(crate) fn insert_many(rows: usize) -> String {
        let rows = vec!["(?, ?, ?)"; rows].join(", ");
        format!("INSERT INTO bench_visit (name, city, points) VALUES {rows} RETURNING id")
    }

    pub(crate) const COPY: &str = "COPY bench_visit (name, city, points) FROM STDIN (FORMAT binary)";
    pub(crate) const LOAD_DATA: &str = "LOAD DATA LOCAL INFILE 'visits' INTO TABLE bench_visit CHARACTER SET utf8mb4 \
         (name, city, points)";
    pub(crate) const INSERT_PARENT: &str = "INSERT INTO bench_parent (name) VALUES (?)";
    pub(crate) const INSERT_CHILD: &str = "INSERT INTO bench_child (name, parent_id) VALUES (?, ?)";
    /// What empties the tables that are inserted into, in an order that the foreign keys allow.
    pub(crate) const CLEAR: [&str; 3] =
        ["DELETE FROM bench_visit", "DELETE FROM bench_child", "DELETE FROM bench_parent"];
}
