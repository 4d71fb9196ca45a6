use aludel::prelude::*;

#[derive(Mapped, Clone)]
struct Author {
    #[column(primary_key)]
    id: i64,
    #[relationship(back_populates = Book::author, cascade = "all, delete-orphans")]
    books: Many<Book>,
}

#[derive(Mapped, Clone)]
struct Book {
    #[column(primary_key)]
    id: i64,
    #[column(foreign_key = Author::id)]
    author_id: i64,
    #[relationship(back_populates = Author::books)]
    author: One<Author>,
}

fn main() {
    // The model can still be used: one mistake, one message.
    let _ = select(Author).filter(Author::id.eq(1));
}
