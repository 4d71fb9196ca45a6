use aludel::prelude::*;

#[derive(Mapped, Clone)]
struct Author {
    #[column(primary_key)]
    id: i64,
    #[relationship(backref = "writer")]
    books: Many<Book>,
}

#[derive(Mapped, Clone)]
struct Book {
    #[column(primary_key)]
    id: i64,
    #[column(foreign_key = Author::id)]
    author_id: i64,
}

fn main() {}
