use aludel::prelude::*;

#[derive(Mapped, Clone)]
struct Author {
    #[column(primary_key)]
    id: i64,
    #[relationship(back_populates = Book::author)]
    books: Many<Book>,
}

#[derive(Mapped, Clone)]
struct Book {
    #[column(primary_key)]
    id: i64,
    #[column(foreign_key = Author::id)]
    author_id: i64,
    author: One<Author>,
}

fn main() {}
