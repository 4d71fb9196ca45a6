use aludel::prelude::*;
use aludel::sql::{ColumnType, Enum, value::Decimal};
use chrono_0_4::NaiveDate;

#[derive(Enum, Clone, Copy, Debug, PartialEq)]
enum Status {
    Draft,
    Printed,
}

#[derive(ColumnType, Clone, Debug, PartialEq)]
struct Email(String);

#[derive(Mapped, Clone)]
struct Book {
    #[column(primary_key)]
    id: i64,
    status: Status,
    printed: NaiveDate,
    price: Decimal,
    contact: Option<Email>,
}

fn main() {
    let _ = select(Book).filter(Book::status.eq("Draft"));
    let _ = select(Book).filter(Book::printed.ge("2024-02-29"));
    let _ = select(Book).filter(Book::price.lt(12.5));
    let _ = select(Book).filter(Book::contact.eq("ann@example.org"));
    let _ = select(Book).filter(Book::contact.eq(Book::status));
}
