use aludel::sql::ColumnType;

#[derive(ColumnType, Clone)]
struct Point {
    x: i64,
    y: i64,
}

#[derive(ColumnType, Clone)]
enum Size {
    Small,
}

#[derive(ColumnType, Clone)]
#[column_type(kept = String)]
struct Word(String);

fn main() {}
