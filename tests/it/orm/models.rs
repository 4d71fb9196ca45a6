//! The models of the session's tests.

use aludel::prelude::*;

#[derive(Mapped, Clone, Debug, Default)]
pub struct Author {
    #[column(primary_key)]
    pub id: i64,
    #[column(length = 120)]
    pub name: String,
    #[column(length = 120)]
    pub email: Option<String>,
    #[relationship(back_populates = Book::author, cascade = "all, delete-orphan", order_by = Book::id)]
    pub books: Many<Book>,
}

#[derive(Mapped, Clone, Debug, Default)]
pub struct Book {
    #[column(primary_key)]
    pub id: i64,
    #[column(length = 200)]
    pub title: String,
    #[column(foreign_key = Author::id)]
    pub author_id: i64,
    #[relationship(back_populates = Author::books)]
    pub author: One<Author>,
    #[relationship(secondary = BookTag, back_populates = Tag::books, order_by = Tag::id)]
    pub tags: Many<Tag>,
}

#[derive(Mapped, Clone, Debug, Default)]
pub struct Tag {
    #[column(primary_key)]
    pub id: i64,
    #[column(length = 50)]
    pub label: String,
    #[relationship(secondary = BookTag, back_populates = Book::tags)]
    pub books: Many<Book>,
}

#[derive(Mapped, Clone, Debug, Default)]
pub struct BookTag {
    #[column(primary_key, foreign_key = Book::id)]
    pub book_id: i64,
    #[column(primary_key, foreign_key = Tag::id)]
    pub tag_id: i64,
}

/// A user whose addresses may stay without one.
#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "users")]
pub struct User {
    #[column(primary_key)]
    pub id: i64,
    #[column(length = 50)]
    pub name: String,
    #[relationship(back_populates = Address::user, order_by = Address::id)]
    pub addresses: Many<Address>,
    #[relationship(back_populates = Profile::user, cascade = "all, delete-orphan")]
    pub profile: One<Profile>,
}

#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "addresses")]
pub struct Address {
    #[column(primary_key)]
    pub id: i64,
    #[column(length = 100)]
    pub email: String,
    #[column(foreign_key = User::id)]
    pub user_id: Option<i64>,
    #[relationship(back_populates = User::addresses)]
    pub user: One<User>,
}

/// The other side of a one-to-one relationship.
#[derive(Mapped, Clone, Debug, Default)]
pub struct Profile {
    #[column(primary_key)]
    pub id: i64,
    #[column(length = 100)]
    pub motto: String,
    #[column(foreign_key = User::id, unique)]
    pub user_id: i64,
    #[relationship(back_populates = User::profile)]
    pub user: One<User>,
}

/// A tree.
#[derive(Mapped, Clone, Debug, Default)]
pub struct Node {
    #[column(primary_key)]
    pub id: i64,
    #[column(length = 20)]
    pub name: String,
    #[column(foreign_key = Node::id)]
    pub parent_id: Option<i64>,
    #[relationship(back_populates = Node::children)]
    pub parent: One<Node>,
    #[relationship(back_populates = Node::parent, order_by = Node::id)]
    pub children: Many<Node>,
}

/// A key over two columns, neither of them numbered by the database.
#[derive(Mapped, Clone, Debug, Default)]
pub struct Seat {
    #[column(primary_key, length = 10)]
    pub hall: String,
    #[column(primary_key)]
    pub number: i32,
    #[column(length = 50)]
    pub guest: Option<String>,
}
