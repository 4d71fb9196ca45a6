use aludel::prelude::*;

#[derive(Mapped, Clone)]
#[table(view, index(name), mysql_engine = "InnoDB")]
struct Adult {
    #[column(primary_key)]
    id: i64,
    #[column(sequence = "numbers")]
    name: String,
}

#[derive(Mapped, Clone)]
#[table(materialized, sqlite_without_rowid, sqlite_autoincrement)]
struct Invoice {
    #[column(primary_key, identity, sequence = "numbers")]
    id: i64,
    #[column(persisted = false)]
    total: i64,
    #[column(deferrable)]
    customer_id: i64,
    #[column(foreign_key = Invoice::id, deferrable = false, initially = "deferred")]
    other_id: i64,
    #[column(identity = "sometimes", server_onupdate = 5)]
    number: i64,
}

fn main() {}
