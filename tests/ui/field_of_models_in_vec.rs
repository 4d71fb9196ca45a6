use aludel::prelude::*;

#[derive(Mapped, Clone)]
struct Author {
    #[column(primary_key)]
    id: i64,
    books: Vec<Book>,
}

#[derive(Mapped, Clone)]
struct Book {
    #[column(primary_key)]
    id: i64,
}

fn main() {}
