use aludel::prelude::*;

#[derive(Mapped, Clone)]
struct Author {
    #[column(primary_key)]
    id: i64,
    #[relationship(back_populates = Book::tags)]
    books: Many<Book>,
}

#[derive(Mapped, Clone)]
struct Book {
    #[column(primary_key)]
    id: i64,
    #[column(foreign_key = Author::id)]
    author_id: i64,
    #[relationship(secondary = BookTag, back_populates = Tag::books)]
    tags: Many<Tag>,
}

#[derive(Mapped, Clone)]
struct Tag {
    #[column(primary_key)]
    id: i64,
    #[relationship(secondary = BookTag, back_populates = Book::tags)]
    books: Many<Book>,
}

#[derive(Mapped, Clone)]
struct BookTag {
    #[column(primary_key, foreign_key = Book::id)]
    book_id: i64,
    #[column(primary_key, foreign_key = Tag::id)]
    tag_id: i64,
}

fn main() {}
