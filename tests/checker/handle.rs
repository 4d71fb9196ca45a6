//! [`Handle`], [`Value`]: the typed calls of the library behind untyped ones.

use std::collections::BTreeSet;

use aludel::{
    orm::{IntoKey, Mapped as MappedModel, State},
    prelude::*,
    sql::Entity,
};
use futures_util::future::BoxFuture;

use super::{
    models::{Badge, Friend, Item, ItemMark, Loan, Mark, Node, Owner, Page, Seat, Sheet},
    rows::{Columns, Key, Rows},
    schema::{Kind, Link, Web},
};

/// What the calls need to know of a model.
pub trait Checked: MappedModel {
    fn columns(&self) -> Columns;
    fn set_columns(&mut self, columns: Columns);
    fn row_key(&self) -> Key;
    fn set_key(&mut self, key: &Key);
    fn typed_key(key: &Key) -> Self::Key;
    /// The rows, read as columns through the session.
    fn rows(session: &mut Session) -> BoxFuture<'_, Result<Vec<(Key, Columns)>>>;
}

/// A foreign key, NULL or zero where there is none.
trait ForeignKey: Copy {
    fn get(self) -> Option<i64>;
    fn of(parent: Option<i64>) -> Self;
}

impl ForeignKey for i64 {
    fn get(self) -> Option<i64> {
        (self != 0).then_some(self)
    }

    fn of(parent: Option<i64>) -> Self {
        parent.unwrap_or_default()
    }
}

impl ForeignKey for Option<i64> {
    fn get(self) -> Option<i64> {
        self
    }

    fn of(parent: Option<i64>) -> Self {
        parent
    }
}

fn number(key: &Key) -> i64 {
    match key {
        Key::Number(number) => *number,
        Key::Seat(..) => panic!("a key that is a number: {key:?}"),
    }
}

fn seat(key: &Key) -> (String, i32) {
    match key {
        Key::Seat(hall, number) => (hall.clone(), *number),
        Key::Number(_) => panic!("a key of two columns: {key:?}"),
    }
}

macro_rules! checked {
    (@key $Model:ident) => {
        fn row_key(&self) -> Key {
            Key::Number(self.id)
        }

        fn set_key(&mut self, key: &Key) {
            self.id = number(key);
        }

        fn typed_key(key: &Key) -> Self::Key {
            IntoKey::<Self::Key>::into_key(number(key))
        }
    };
    ($($Model:ident $(. $parent:ident)?;)*) => {$(
        impl Checked for $Model {
            checked!(@key $Model);

            fn columns(&self) -> Columns {
                Columns {
                    text: self.text.clone(),
                    note: self.note.clone(),
                    $(parent: self.$parent.get(),)?
                    ..Columns::default()
                }
            }

            fn set_columns(&mut self, columns: Columns) {
                (self.text, self.note) = (columns.text, columns.note);
                $(self.$parent = ForeignKey::of(columns.parent);)?
            }

            fn rows(session: &mut Session) -> BoxFuture<'_, Result<Vec<(Key, Columns)>>> {
                Box::pin(async move {
                    let columns = ($Model::id, $Model::text, $Model::note $(, $Model::$parent)?);
                    let rows = session.execute(select(columns)).all().await?;
                    Ok(rows.into_iter().map(|row| {
                        let (id, text, note, ..) = row;
                        $(let $parent = row.3.get();)?
                        (Key::Number(id), Columns { text, note, $(parent: $parent,)? ..Columns::default() })
                    }).collect())
                })
            }
        }
    )*};
}

checked! {
    Owner;
    Item.owner_id;
    Badge.owner_id;
    Loan.owner_id;
    Sheet.owner_id;
    Mark;
    Node.parent_id;
}

impl Checked for Page {
    checked!(@key Page);

    fn columns(&self) -> Columns {
        Columns {
            text: self.text.clone(),
            note: self.note.clone(),
            version: self.version,
            ..Columns::default()
        }
    }

    fn set_columns(&mut self, columns: Columns) {
        (self.text, self.note, self.version) = (columns.text, columns.note, columns.version);
    }

    fn rows(session: &mut Session) -> BoxFuture<'_, Result<Vec<(Key, Columns)>>> {
        Box::pin(async move {
            let rows =
                session.execute(select((Page::id, Page::text, Page::note, Page::version))).all().await?;
            let rows = rows.into_iter().map(|(id, text, note, version)| {
                (Key::Number(id), Columns { text, note, version, ..Columns::default() })
            });
            Ok(rows.collect())
        })
    }
}

impl Checked for Seat {
    fn row_key(&self) -> Key {
        Key::Seat(self.hall.clone(), self.number)
    }

    fn set_key(&mut self, key: &Key) {
        (self.hall, self.number) = seat(key);
    }

    fn typed_key(key: &Key) -> Self::Key {
        IntoKey::<Self::Key>::into_key(seat(key))
    }

    fn columns(&self) -> Columns {
        Columns { text: self.text.clone(), note: self.note.clone(), ..Columns::default() }
    }

    fn set_columns(&mut self, columns: Columns) {
        (self.text, self.note) = (columns.text, columns.note);
    }

    fn rows(session: &mut Session) -> BoxFuture<'_, Result<Vec<(Key, Columns)>>> {
        Box::pin(async move {
            let rows =
                session.execute(select((Seat::hall, Seat::number, Seat::text, Seat::note))).all().await?;
            let rows = rows.into_iter().map(|(hall, number, text, note)| {
                (Key::Seat(hall, number), Columns { text, note, ..Columns::default() })
            });
            Ok(rows.collect())
        })
    }
}

macro_rules! kinds {
    ($($Kind:ident),*) => {
        /// A handle to an object of any model.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Handle {
            $($Kind(Instance<$Kind>),)*
        }

        /// A value of any model.
        pub enum Value {
            $($Kind($Kind),)*
        }

        impl Handle {
            pub fn kind(&self) -> Kind {
                match self { $(Self::$Kind(_) => Kind::$Kind,)* }
            }

            pub fn state(&self) -> State {
                match self { $(Self::$Kind(object) => object.state(),)* }
            }

            pub fn is_expired(&self) -> bool {
                match self { $(Self::$Kind(object) => object.is_expired(),)* }
            }

            pub fn is_modified(&self) -> bool {
                match self { $(Self::$Kind(object) => object.is_modified(),)* }
            }

            pub fn columns(&self) -> Columns {
                match self { $(Self::$Kind(object) => object.read().columns(),)* }
            }

            pub fn key(&self) -> Key {
                match self { $(Self::$Kind(object) => object.read().row_key(),)* }
            }

            pub fn set_text(&self, text: String) {
                match self { $(Self::$Kind(object) => object.set($Kind::text, text),)* }
            }

            pub fn set_note(&self, note: Option<String>) {
                match self { $(Self::$Kind(object) => object.set($Kind::note, note),)* }
            }

            pub fn set_key(&self, key: &Key) {
                match self { $(Self::$Kind(object) => object.edit(|object| object.set_key(key)),)* }
            }

            /// Sets the foreign key by hand.
            pub fn set_parent(&self, parent: Option<i64>) {
                match self {
                    $(Self::$Kind(object) => object.edit(|object| {
                        let columns = Columns { parent, ..object.columns() };
                        object.set_columns(columns);
                    }),)*
                }
            }

            pub fn add_again(&self, session: &mut Session) {
                match self { $(Self::$Kind(object) => drop(session.add(object)),)* }
            }

            pub fn delete(&self, session: &mut Session) -> Result<()> {
                match self { $(Self::$Kind(object) => session.delete(object),)* }
            }

            pub fn expire(&self, session: &mut Session) -> Result<()> {
                match self { $(Self::$Kind(object) => session.expire(object),)* }
            }

            pub fn expunge(&self, session: &mut Session) -> Result<()> {
                match self { $(Self::$Kind(object) => session.expunge(object),)* }
            }

            pub fn is_in(&self, session: &Session) -> bool {
                match self { $(Self::$Kind(object) => session.contains(object),)* }
            }

            pub async fn refresh(&self, session: &mut Session) -> Result<()> {
                match self { $(Self::$Kind(object) => session.refresh(object).await,)* }
            }
        }

        impl Value {
            pub fn new(kind: Kind, key: Option<&Key>, columns: Columns) -> Self {
                match kind {
                    $(Kind::$Kind => {
                        let mut value = $Kind::default();
                        value.set_columns(columns);
                        if let Some(key) = key {
                            value.set_key(key);
                        }
                        Self::$Kind(value)
                    })*
                }
            }

            pub fn add(self, session: &mut Session) -> Handle {
                match self { $(Self::$Kind(value) => Handle::$Kind(session.add(value)),)* }
            }

            pub async fn merge(self, session: &mut Session) -> Result<Handle> {
                match self { $(Self::$Kind(value) => session.merge(value).await.map(Handle::$Kind),)* }
            }
        }

        /// Asks for a row by its key.
        pub async fn get(session: &mut Session, kind: Kind, key: &Key) -> Result<Option<Handle>> {
            match kind {
                $(Kind::$Kind => {
                    let found = session.get(Entity::<$Kind>::new(), $Kind::typed_key(key)).await?;
                    Ok(found.map(Handle::$Kind))
                })*
            }
        }

        /// All rows of a model, as objects.
        pub async fn query(session: &mut Session, kind: Kind) -> Result<Vec<Handle>> {
            match kind {
                $(Kind::$Kind => {
                    let found = session.scalars(select(Entity::<$Kind>::new())).all().await?;
                    Ok(found.into_iter().map(Handle::$Kind).collect())
                })*
            }
        }

        /// The objects that the session says it will insert, will delete, and may update.
        pub fn changes(session: &Session) -> [Vec<Handle>; 3] {
            let mut lists = [Vec::new(), Vec::new(), Vec::new()];
            $(
                let entity = Entity::<$Kind>::new();
                lists[0].extend(session.pending(entity).into_iter().map(Handle::$Kind));
                lists[1].extend(session.deleted(entity).into_iter().map(Handle::$Kind));
                lists[2].extend(session.dirty(entity).into_iter().map(Handle::$Kind));
            )*
            lists
        }

        /// What the session's own transaction sees of some models.
        pub async fn rows_through(session: &mut Session, kinds: &BTreeSet<Kind>) -> Result<Rows> {
            let mut rows = Rows::default();
            $(
                if kinds.contains(&Kind::$Kind) {
                    for (key, columns) in $Kind::rows(session).await? {
                        rows.tables.insert((Kind::$Kind, key), columns);
                    }
                }
            )*
            let marks = session.execute(select((ItemMark::item_id, ItemMark::mark_id))).all().await?;
            rows.webs.extend(marks.into_iter().map(|(item, mark)| (Web::Marks, item, mark)));
            let friends = session.execute(select((Friend::of_id, Friend::friend_id))).all().await?;
            rows.webs.extend(friends.into_iter().map(|(of, friend)| (Web::Friends, of, friend)));
            Ok(rows)
        }

        /// What another connection sees of some models.
        pub async fn rows_of(connection: &mut Connection, kinds: &BTreeSet<Kind>) -> Result<Rows> {
            let mut rows = Rows::default();
            $(
                if kinds.contains(&Kind::$Kind) {
                    let found: Vec<$Kind> = connection.execute(select(Entity::<$Kind>::new())).await?.all();
                    rows.tables.extend(found.iter().map(|row| ((Kind::$Kind, row.row_key()), row.columns())));
                }
            )*
            let marks: Vec<ItemMark> = connection.execute(select(ItemMark)).await?.all();
            rows.webs.extend(marks.iter().map(|row| (Web::Marks, row.item_id, row.mark_id)));
            let friends: Vec<Friend> = connection.execute(select(Friend)).await?.all();
            rows.webs.extend(friends.iter().map(|row| (Web::Friends, row.of_id, row.friend_id)));
            Ok(rows)
        }

        /// Another connection changes the text of a row.
        pub async fn change_outside(connection: &mut Connection, kind: Kind, key: &Key, text: &str) -> Result<u64> {
            match kind {
                Kind::Page => {
                    let change = update(Page)
                        .set(Page::text, text)
                        .set(Page::version, Page::version + 1)
                        .filter(Page::id.eq(number(key)));
                    connection.execute(change).await.map(|done| done.rowcount())
                }
                Kind::Seat => {
                    let (hall, number) = seat(key);
                    let filter = Seat::hall.eq(hall).and(Seat::number.eq(number));
                    connection.execute(update(Seat).set(Seat::text, text).filter(filter)).await.map(|done| done.rowcount())
                }
                kind => change_numbered(connection, kind, number(key), text).await,
            }
        }
    };
}

kinds!(Owner, Item, Badge, Loan, Sheet, Mark, Node, Page, Seat);

macro_rules! numbered {
    ($($Kind:ident),*) => {
        async fn change_numbered(connection: &mut Connection, kind: Kind, id: i64, text: &str) -> Result<u64> {
            match kind {
                $(Kind::$Kind => {
                    let change = update($Kind).set($Kind::text, text).filter($Kind::id.eq(id));
                    connection.execute(change).await.map(|done| done.rowcount())
                })*
                Kind::Page | Kind::Seat => unreachable!("they are changed elsewhere"),
            }
        }
    };
}

numbered!(Owner, Item, Badge, Loan, Sheet, Mark, Node);

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
