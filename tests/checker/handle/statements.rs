//! What is asked of the database, and changed in it, by model.

use std::collections::BTreeSet;

use aludel::{orm::SynchronizeSession, prelude::*, sql::Entity};

use super::{
    Handle,
    checked::{Checked as _, number, seat},
};
use crate::{
    models::{
        Album, Badge, Friend, Item, ItemMark, Loan, Mark, Member, Node, Owner, Page, Photo, Seat, Sheet, Team,
    },
    oracle::Which,
    rows::{Key, Rows},
    schema::{Kind, Web},
};

/// How what a relationship leads to is loaded along with a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Eager {
    Selectin,
    Joined,
}

macro_rules! kinds {
    ($($Kind:ident),*) => {
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

        /// The same, a few at a time.
        pub async fn stream(session: &mut Session, kind: Kind) -> Result<Vec<Handle>> {
            match kind {
                $(Kind::$Kind => {
                    let all = session.scalars(select(Entity::<$Kind>::new()));
                    let mut stream = all.yield_per(2).stream().await?;
                    let mut found = Vec::new();
                    while let Some(object) = stream.next().await? {
                        found.push(Handle::$Kind(object));
                    }
                    Ok(found)
                })*
            }
        }

        /// Sets the notes of many rows, and says how many these were.
        pub async fn set_notes(
            session: &mut Session,
            kind: Kind,
            which: &Which,
            note: Option<String>,
            strategy: SynchronizeSession,
        ) -> Result<u64> {
            match kind {
                $(Kind::$Kind => {
                    let change =
                        update(Entity::<$Kind>::new()).set($Kind::note, note).filter($Kind::condition(which));
                    Ok(session.execute(change).synchronize_session(strategy).await?.rowcount())
                })*
            }
        }

        /// Deletes many rows, and says how many these were.
        pub async fn delete_rows(
            session: &mut Session,
            kind: Kind,
            which: &Which,
            strategy: SynchronizeSession,
        ) -> Result<u64> {
            match kind {
                $(Kind::$Kind => {
                    let change = delete(Entity::<$Kind>::new()).filter($Kind::condition(which));
                    Ok(session.execute(change).synchronize_session(strategy).await?.rowcount())
                })*
            }
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

kinds!(Owner, Item, Badge, Loan, Sheet, Mark, Node, Page, Seat, Team, Member, Album, Photo);

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

numbered!(Owner, Item, Badge, Loan, Sheet, Mark, Node, Team, Member, Album, Photo);
