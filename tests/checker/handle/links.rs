//! Links between objects of two models, from both ends.

use aludel::prelude::*;

use super::{Eager, Handle, Value};
use crate::{
    models::{Album, Badge, Item, Loan, Mark, Member, Node, Owner, Photo, Sheet, Team},
    schema::{Link, Web},
};

macro_rules! links {
    (@put many $object:ident.$field:ident $member:ident) => { $object.$field.push($member) };
    (@put one $object:ident.$field:ident $member:ident) => { $object.$field.set($member) };
    (@take many $object:ident.$field:ident $member:ident) => { $object.$field.remove($member) };
    (@take one $object:ident.$field:ident $member:ident) => {{
        let _ = $member;
        $object.$field.clear();
        true
    }};
    (@all many $Parent:ident.$field:ident $parent:ident $members:ident) => {
        $parent.set($Parent::$field, Many::from($members))
    };
    (@all one $Parent:ident.$field:ident $parent:ident $members:ident) => {
        $parent.set($Parent::$field, $members.into_iter().next().map_or_else(One::none, One::from))
    };
    (@read many $loaded:expr, $wrap:expr) => { $loaded.iter().ok().map(|all| all.map($wrap).collect::<Vec<_>>()) };
    (@read one $loaded:expr, $wrap:expr) => { $loaded.get().ok().map(|one| one.into_iter().map($wrap).collect::<Vec<_>>()) };
    (@load many $loaded:expr, $wrap:expr) => { $loaded.into_iter().map($wrap).collect::<Vec<_>>() };
    (@load one $loaded:expr, $wrap:expr) => { $loaded.into_iter().map($wrap).collect::<Vec<_>>() };
    ($($Link:ident: $Parent:ident.$children:ident ($shape:ident) $Child:ident.$parent:ident;)*) => {
        impl Link {
            /// Puts a child under a parent, as the parent's user does it.
            pub fn put_down(self, parent: &Handle, child: &Handle) {
                match (self, parent, child) {
                    $((Self::$Link, Handle::$Parent(parent), Handle::$Child(child)) =>
                        parent.edit(|object| links!(@put $shape object.$children child)),)*
                    _ => unreachable!("{self:?} does not link these"),
                }
            }

            /// The same as the child's user does it.
            pub fn put_up(self, child: &Handle, parent: &Handle) {
                match (self, parent, child) {
                    $((Self::$Link, Handle::$Parent(parent), Handle::$Child(child)) =>
                        child.set($Child::$parent, parent),)*
                    _ => unreachable!("{self:?} does not link these"),
                }
            }

            pub fn take_down(self, parent: &Handle, child: &Handle) -> bool {
                match (self, parent, child) {
                    $((Self::$Link, Handle::$Parent(parent), Handle::$Child(child)) =>
                        parent.edit(|object| links!(@take $shape object.$children child)),)*
                    _ => unreachable!("{self:?} does not link these"),
                }
            }

            pub fn take_up(self, child: &Handle) {
                match (self, child) {
                    $((Self::$Link, Handle::$Child(child)) => child.edit(|object| object.$parent.clear()),)*
                    _ => unreachable!("{self:?} does not link these"),
                }
            }

            pub fn replace(self, parent: &Handle, children: &[Handle]) {
                match (self, parent) {
                    $((Self::$Link, Handle::$Parent(parent)) => {
                        let members: Vec<Instance<$Child>> = children
                            .iter()
                            .filter_map(|child| match child {
                                Handle::$Child(child) => Some(child.clone()),
                                _ => None,
                            })
                            .collect();
                        links!(@all $shape $Parent.$children parent members);
                    })*
                    _ => unreachable!("{self:?} does not link these"),
                }
            }

            /// Puts a new value under a parent.
            pub fn nest(self, parent: &Handle, child: Value) {
                match (self, parent, child) {
                    $((Self::$Link, Handle::$Parent(parent), Value::$Child(child)) =>
                        parent.edit(|object| links!(@put $shape object.$children child)),)*
                    _ => unreachable!("{self:?} does not link these"),
                }
            }

            /// Nests a child in a value.
            pub fn nest_down(self, parent: &mut Value, child: Value) {
                match (self, parent, child) {
                    $((Self::$Link, Value::$Parent(parent), Value::$Child(child)) =>
                        links!(@put $shape parent.$children child),)*
                    _ => unreachable!("{self:?} does not link these"),
                }
            }

            /// Nests a parent in a value.
            pub fn nest_up(self, child: &mut Value, parent: Value) {
                match (self, parent, child) {
                    $((Self::$Link, Value::$Parent(parent), Value::$Child(child)) => child.$parent.set(parent),)*
                    _ => unreachable!("{self:?} does not link these"),
                }
            }

            /// Puts a handle of a parent into a value.
            pub fn hold(self, child: &mut Value, parent: &Handle) {
                match (self, parent, child) {
                    $((Self::$Link, Handle::$Parent(parent), Value::$Child(child)) => child.$parent.set(parent),)*
                    _ => unreachable!("{self:?} does not link these"),
                }
            }

            /// The children, as far as they are loaded.
            pub fn children(self, parent: &Handle) -> Option<Vec<Handle>> {
                match (self, parent) {
                    $((Self::$Link, Handle::$Parent(parent)) =>
                        links!(@read $shape parent.read().$children, Handle::$Child),)*
                    _ => unreachable!("{self:?} does not link these"),
                }
            }

            /// The parent, as far as it is loaded.
            pub fn parents(self, child: &Handle) -> Option<Vec<Handle>> {
                match (self, child) {
                    $((Self::$Link, Handle::$Child(child)) =>
                        links!(@read one child.read().$parent, Handle::$Parent),)*
                    _ => unreachable!("{self:?} does not link these"),
                }
            }

            pub async fn load_down(self, session: &mut Session, parent: &Handle) -> Result<Vec<Handle>> {
                match (self, parent) {
                    $((Self::$Link, Handle::$Parent(parent)) => {
                        let loaded = session.load(parent, $Parent::$children).await?;
                        Ok(links!(@load $shape loaded, Handle::$Child))
                    })*
                    _ => unreachable!("{self:?} does not link these"),
                }
            }

            /// The parents, with their children loaded along.
            pub async fn query_down(self, session: &mut Session, how: Eager) -> Result<Vec<Handle>> {
                match self {
                    $(Self::$Link => {
                        let parents = select(aludel::sql::Entity::<$Parent>::new());
                        let parents = match how {
                            Eager::Selectin => parents.options(selectinload($Parent::$children)),
                            Eager::Joined => parents.options(joinedload($Parent::$children)),
                        };
                        let found = session.scalars(parents).all().await?;
                        Ok(found.into_iter().map(Handle::$Parent).collect())
                    })*
                }
            }

            /// The children, with their parents loaded along.
            pub async fn query_up(self, session: &mut Session, how: Eager) -> Result<Vec<Handle>> {
                match self {
                    $(Self::$Link => {
                        let children = select(aludel::sql::Entity::<$Child>::new());
                        let children = match how {
                            Eager::Selectin => children.options(selectinload($Child::$parent)),
                            Eager::Joined => children.options(joinedload($Child::$parent)),
                        };
                        let found = session.scalars(children).all().await?;
                        Ok(found.into_iter().map(Handle::$Child).collect())
                    })*
                }
            }

            pub async fn load_up(self, session: &mut Session, child: &Handle) -> Result<Vec<Handle>> {
                match (self, child) {
                    $((Self::$Link, Handle::$Child(child)) => {
                        let loaded = session.load(child, $Child::$parent).await?;
                        Ok(links!(@load one loaded, Handle::$Parent))
                    })*
                    _ => unreachable!("{self:?} does not link these"),
                }
            }
        }
    };
}

links! {
    Items: Owner.items (many) Item.owner;
    Badge: Owner.badge (one) Badge.owner;
    Loans: Owner.loans (many) Loan.owner;
    Sheets: Owner.sheets (many) Sheet.owner;
    Children: Node.children (many) Node.parent;
    Members: Team.members (many) Member.team;
    Photos: Album.photos (many) Photo.album;
    Covers: Photo.covers (many) Album.cover;
}

macro_rules! webs {
    ($($Web:ident: $Left:ident.$rights:ident $Right:ident.$lefts:ident;)*) => {
        impl Web {
            /// Links two, as the user of the left one does it.
            pub fn join_left(self, left: &Handle, right: &Handle) {
                match (self, left, right) {
                    $((Self::$Web, Handle::$Left(left), Handle::$Right(right)) =>
                        left.edit(|object| object.$rights.push(right)),)*
                    _ => unreachable!("{self:?} does not link these"),
                }
            }

            pub fn join_right(self, left: &Handle, right: &Handle) {
                match (self, left, right) {
                    $((Self::$Web, Handle::$Left(left), Handle::$Right(right)) =>
                        right.edit(|object| object.$lefts.push(left)),)*
                    _ => unreachable!("{self:?} does not link these"),
                }
            }

            pub fn part_left(self, left: &Handle, right: &Handle) -> bool {
                match (self, left, right) {
                    $((Self::$Web, Handle::$Left(left), Handle::$Right(right)) =>
                        left.edit(|object| object.$rights.remove(right)),)*
                    _ => unreachable!("{self:?} does not link these"),
                }
            }

            pub fn part_right(self, left: &Handle, right: &Handle) -> bool {
                match (self, left, right) {
                    $((Self::$Web, Handle::$Left(left), Handle::$Right(right)) =>
                        right.edit(|object| object.$lefts.remove(left)),)*
                    _ => unreachable!("{self:?} does not link these"),
                }
            }

            pub fn nest(self, left: &mut Value, right: Value) {
                match (self, left, right) {
                    $((Self::$Web, Value::$Left(left), Value::$Right(right)) => left.$rights.push(right),)*
                    _ => unreachable!("{self:?} does not link these"),
                }
            }

            /// Those on the left, with what they are linked with loaded along.
            pub async fn query_left(self, session: &mut Session, how: Eager) -> Result<Vec<Handle>> {
                match self {
                    $(Self::$Web => {
                        let lefts = select(aludel::sql::Entity::<$Left>::new());
                        let lefts = match how {
                            Eager::Selectin => lefts.options(selectinload($Left::$rights)),
                            Eager::Joined => lefts.options(joinedload($Left::$rights)),
                        };
                        let found = session.scalars(lefts).all().await?;
                        Ok(found.into_iter().map(Handle::$Left).collect())
                    })*
                }
            }

            pub fn rights(self, left: &Handle) -> Option<Vec<Handle>> {
                match (self, left) {
                    $((Self::$Web, Handle::$Left(left)) =>
                        links!(@read many left.read().$rights, Handle::$Right),)*
                    _ => unreachable!("{self:?} does not link these"),
                }
            }

            pub fn lefts(self, right: &Handle) -> Option<Vec<Handle>> {
                match (self, right) {
                    $((Self::$Web, Handle::$Right(right)) =>
                        links!(@read many right.read().$lefts, Handle::$Left),)*
                    _ => unreachable!("{self:?} does not link these"),
                }
            }

            pub async fn load_rights(self, session: &mut Session, left: &Handle) -> Result<Vec<Handle>> {
                match (self, left) {
                    $((Self::$Web, Handle::$Left(left)) => {
                        let loaded = session.load(left, $Left::$rights).await?;
                        Ok(loaded.into_iter().map(Handle::$Right).collect())
                    })*
                    _ => unreachable!("{self:?} does not link these"),
                }
            }

            pub async fn load_lefts(self, session: &mut Session, right: &Handle) -> Result<Vec<Handle>> {
                match (self, right) {
                    $((Self::$Web, Handle::$Right(right)) => {
                        let loaded = session.load(right, $Right::$lefts).await?;
                        Ok(loaded.into_iter().map(Handle::$Left).collect())
                    })*
                    _ => unreachable!("{self:?} does not link these"),
                }
            }
        }
    };
}

webs! {
    Marks: Item.marks Mark.items;
    Friends: Node.friends Node.friend_of;
}
