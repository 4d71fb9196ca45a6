use aludel::prelude::*;
use aludel::sql::ColumnType;

#[derive(Clone)]
struct Celsius(f64);

#[derive(ColumnType, Clone)]
#[column_type(stored = String)]
struct Country([char; 2]);

#[derive(Mapped, Clone)]
struct Place {
    #[column(primary_key)]
    id: i64,
    warmth: Celsius,
}

fn main() {}
