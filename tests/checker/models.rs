//! The models of the checker: few, and every way in which the session treats a row or a link is among them.

use aludel::prelude::*;

/// Has children of every kind.
#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "checker_owner")]
pub struct Owner {
    #[column(primary_key)]
    pub id: i64,
    #[column(length = 20)]
    pub text: String,
    #[column(length = 20)]
    pub note: Option<String>,
    #[relationship(back_populates = Item::owner, cascade = "all, delete-orphan")]
    pub items: Many<Item>,
    #[relationship(back_populates = Badge::owner, cascade = "all, delete-orphan")]
    pub badge: One<Badge>,
    #[relationship(back_populates = Loan::owner)]
    pub loans: Many<Loan>,
    #[relationship(back_populates = Sheet::owner, cascade = "all", passive_deletes)]
    pub sheets: Many<Sheet>,
}

/// Cannot be without its owner, and is linked with marks.
#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "checker_item")]
pub struct Item {
    #[column(primary_key)]
    pub id: i64,
    #[column(length = 20)]
    pub text: String,
    #[column(length = 20)]
    pub note: Option<String>,
    #[column(foreign_key = Owner::id)]
    pub owner_id: i64,
    #[relationship(back_populates = Owner::items)]
    pub owner: One<Owner>,
    #[relationship(secondary = ItemMark, back_populates = Mark::items)]
    pub marks: Many<Mark>,
}

/// The only one of its owner.
#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "checker_badge")]
pub struct Badge {
    #[column(primary_key)]
    pub id: i64,
    #[column(length = 20)]
    pub text: String,
    #[column(length = 20)]
    pub note: Option<String>,
    #[column(foreign_key = Owner::id, unique)]
    pub owner_id: i64,
    #[relationship(back_populates = Owner::badge)]
    pub owner: One<Owner>,
}

/// May be without an owner.
#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "checker_loan")]
pub struct Loan {
    #[column(primary_key)]
    pub id: i64,
    #[column(length = 20)]
    pub text: String,
    #[column(length = 20)]
    pub note: Option<String>,
    #[column(foreign_key = Owner::id)]
    pub owner_id: Option<i64>,
    #[relationship(back_populates = Owner::loans)]
    pub owner: One<Owner>,
}

/// Deleted by the database along with its owner.
#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "checker_sheet")]
pub struct Sheet {
    #[column(primary_key)]
    pub id: i64,
    #[column(length = 20)]
    pub text: String,
    #[column(length = 20)]
    pub note: Option<String>,
    #[column(foreign_key = Owner::id, on_delete = "cascade")]
    pub owner_id: Option<i64>,
    #[relationship(back_populates = Owner::sheets)]
    pub owner: One<Owner>,
}

/// Its text is unique.
#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "checker_mark")]
pub struct Mark {
    #[column(primary_key)]
    pub id: i64,
    #[column(length = 20, unique)]
    pub text: String,
    #[column(length = 20)]
    pub note: Option<String>,
    #[relationship(secondary = ItemMark, back_populates = Item::marks)]
    pub items: Many<Item>,
}

#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "checker_item_mark")]
pub struct ItemMark {
    #[column(primary_key, foreign_key = Item::id)]
    pub item_id: i64,
    #[column(primary_key, foreign_key = Mark::id)]
    pub mark_id: i64,
}

/// A tree, and a web.
#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "checker_node")]
pub struct Node {
    #[column(primary_key)]
    pub id: i64,
    #[column(length = 20)]
    pub text: String,
    #[column(length = 20)]
    pub note: Option<String>,
    #[column(foreign_key = Node::id)]
    pub parent_id: Option<i64>,
    #[relationship(back_populates = Node::children)]
    pub parent: One<Node>,
    #[relationship(back_populates = Node::parent)]
    pub children: Many<Node>,
    #[relationship(secondary = Friend, back_populates = Node::friend_of)]
    pub friends: Many<Node>,
    #[relationship(secondary = Friend, back_populates = Node::friends)]
    pub friend_of: Many<Node>,
}

#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "checker_friend")]
pub struct Friend {
    #[column(primary_key, foreign_key = Node::id)]
    pub of_id: i64,
    #[column(primary_key, foreign_key = Node::id)]
    pub friend_id: i64,
}

/// Counts its versions.
#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "checker_page")]
pub struct Page {
    #[column(primary_key)]
    pub id: i64,
    #[column(length = 20)]
    pub text: String,
    #[column(length = 20)]
    pub note: Option<String>,
    #[column(version_id)]
    pub version: i64,
}

/// Has a key of two columns that the user gives, and may change.
#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "checker_seat")]
pub struct Seat {
    #[column(primary_key, length = 10)]
    pub hall: String,
    #[column(primary_key)]
    pub number: i32,
    #[column(length = 20)]
    pub text: String,
    #[column(length = 20)]
    pub note: Option<String>,
}

/// Its key is given by the user, and rows refer to it, which the database changes along.
#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "checker_team")]
pub struct Team {
    #[column(primary_key, autoincrement = false)]
    pub id: i64,
    #[column(length = 20)]
    pub text: String,
    #[column(length = 20)]
    pub note: Option<String>,
    #[relationship(back_populates = Member::team)]
    pub members: Many<Member>,
}

/// Refers to a key that changes.
#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "checker_member")]
pub struct Member {
    #[column(primary_key)]
    pub id: i64,
    #[column(length = 20)]
    pub text: String,
    #[column(length = 20)]
    pub note: Option<String>,
    #[column(foreign_key = Team::id, on_update = "cascade")]
    pub team_id: Option<i64>,
    #[relationship(back_populates = Team::members)]
    pub team: One<Team>,
}

/// Refers to one of the photos that refer to it.
#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "checker_album")]
pub struct Album {
    #[column(primary_key)]
    pub id: i64,
    #[column(length = 20)]
    pub text: String,
    #[column(length = 20)]
    pub note: Option<String>,
    #[column(foreign_key = Photo::id)]
    pub cover_id: Option<i64>,
    #[relationship(back_populates = Photo::covers, post_update)]
    pub cover: One<Photo>,
    #[relationship(back_populates = Photo::album)]
    pub photos: Many<Photo>,
}

#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "checker_photo")]
pub struct Photo {
    #[column(primary_key)]
    pub id: i64,
    #[column(length = 20)]
    pub text: String,
    #[column(length = 20)]
    pub note: Option<String>,
    #[column(foreign_key = Album::id)]
    pub album_id: Option<i64>,
    #[relationship(back_populates = Album::photos)]
    pub album: One<Album>,
    #[relationship(back_populates = Album::cover)]
    pub covers: Many<Album>,
}

/// All tables.
pub fn tables() -> MetaData {
    let first = (Owner, Item, Badge, Loan, Sheet, Mark, ItemMark, Node, Friend, Page, Seat);
    MetaData::of((first, Team, Member, Album, Photo))
}
