use aludel::prelude::*;

#[derive(Mapped, Clone)]
struct Author {
    #[column(primary_key)]
    id: i64,
    #[relationship(back_populates = Tag::author)]
    books: Many<Book>,
    #[relationship(back_populates = Tag::author)]
    tags: Many<Tag>,
}

#[derive(Mapped, Clone)]
struct Book {
    #[column(primary_key)]
    id: i64,
    #[column(foreign_key = Author::id)]
    author_id: i64,
}

#[derive(Mapped, Clone)]
struct Tag {
    #[column(primary_key)]
    id: i64,
    #[column(foreign_key = Author::id)]
    author_id: i64,
    #[relationship(back_populates = Author::tags)]
    author: One<Author>,
}

fn main() {}
