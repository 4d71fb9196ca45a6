//! The models of the session's tests.

use aludel::prelude::*;

#[derive(Mapped, Clone, Debug, Default)]
pub(crate) struct Author {
    #[column(primary_key)]
    pub(crate) id: i64,
    #[column(length = 120)]
    pub(crate) name: String,
    #[column(length = 120)]
    pub(crate) email: Option<String>,
    #[relationship(back_populates = Book::author, cascade = "all, delete-orphan", order_by = Book::id)]
    pub(crate) books: Many<Book>,
}

#[derive(Mapped, Clone, Debug, Default)]
pub(crate) struct Book {
    #[column(primary_key)]
    pub(crate) id: i64,
    #[column(length = 200)]
    pub(crate) title: String,
    #[column(foreign_key = Author::id)]
    pub(crate) author_id: i64,
    #[relationship(back_populates = Author::books)]
    pub(crate) author: One<Author>,
    #[relationship(secondary = BookTag, back_populates = Tag::books, order_by = Tag::id)]
    pub(crate) tags: Many<Tag>,
}

#[derive(Mapped, Clone, Debug, Default)]
pub(crate) struct Tag {
    #[column(primary_key)]
    pub(crate) id: i64,
    #[column(length = 50)]
    pub(crate) label: String,
    #[relationship(secondary = BookTag, back_populates = Book::tags)]
    pub(crate) books: Many<Book>,
}

#[derive(Mapped, Clone, Debug, Default)]
pub(crate) struct BookTag {
    #[column(primary_key, foreign_key = Book::id)]
    pub(crate) book_id: i64,
    #[column(primary_key, foreign_key = Tag::id)]
    pub(crate) tag_id: i64,
}

/// A user whose addresses may stay without one.
#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "users")]
pub(crate) struct User {
    #[column(primary_key)]
    pub(crate) id: i64,
    #[column(length = 50)]
    pub(crate) name: String,
    #[relationship(back_populates = Address::user, order_by = Address::id)]
    pub(crate) addresses: Many<Address>,
    #[relationship(back_populates = Profile::user, cascade = "all, delete-orphan")]
    pub(crate) profile: One<Profile>,
}

#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "addresses")]
pub(crate) struct Address {
    #[column(primary_key)]
    pub(crate) id: i64,
    #[column(length = 100)]
    pub(crate) email: String,
    #[column(foreign_key = User::id)]
    pub(crate) user_id: Option<i64>,
    #[relationship(back_populates = User::addresses)]
    pub(crate) user: One<User>,
}

/// The other side of a one-to-one relationship.
#[derive(Mapped, Clone, Debug, Default)]
pub(crate) struct Profile {
    #[column(primary_key)]
    pub(crate) id: i64,
    #[column(length = 100)]
    pub(crate) motto: String,
    #[column(foreign_key = User::id, unique)]
    pub(crate) user_id: i64,
    #[relationship(back_populates = User::profile)]
    pub(crate) user: One<User>,
}

/// A tree.
#[derive(Mapped, Clone, Debug, Default)]
pub(crate) struct Node {
    #[column(primary_key)]
    pub(crate) id: i64,
    #[column(length = 20)]
    pub(crate) name: String,
    #[column(foreign_key = Node::id)]
    pub(crate) parent_id: Option<i64>,
    #[relationship(back_populates = Node::children)]
    pub(crate) parent: One<Node>,
    #[relationship(back_populates = Node::parent, order_by = Node::id)]
    pub(crate) children: Many<Node>,
}

/// A key over two columns, neither of them numbered by the database.
#[derive(Mapped, Clone, Debug, Default)]
pub(crate) struct Seat {
    #[column(primary_key, length = 10)]
    pub(crate) hall: String,
    #[column(primary_key)]
    pub(crate) number: i32,
    #[column(length = 50)]
    pub(crate) guest: Option<String>,
}
