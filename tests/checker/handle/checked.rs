//! [`Checked`]: what the calls need to know of a model.

use aludel::{
    orm::{IntoKey, Mapped as MappedModel},
    prelude::*,
    sql::Expression,
};
use futures_util::future::BoxFuture;

use crate::{
    models::{Album, Badge, Item, Loan, Mark, Member, Node, Owner, Page, Photo, Seat, Sheet, Team},
    oracle::Which,
    rows::{Columns, Key},
};

/// What the calls need to know of a model.
pub trait Checked: MappedModel {
    fn columns(&self) -> Columns;
    fn set_columns(&mut self, columns: Columns);
    fn row_key(&self) -> Key;
    fn set_key(&mut self, key: &Key);
    fn typed_key(key: &Key) -> Self::Key;
    /// The condition of a statement that changes many rows.
    fn condition(which: &Which) -> Expression<bool>;
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

pub(super) fn number(key: &Key) -> i64 {
    match key {
        Key::Number(number) => *number,
        Key::Seat(..) => panic!("a key that is a number: {key:?}"),
    }
}

pub(super) fn seat(key: &Key) -> (String, i32) {
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

            fn condition(which: &Which) -> Expression<bool> {
                match which {
                    Which::All => $Model::text.ne("nothing"),
                    Which::Text(text) => $Model::text.eq(text.as_str()),
                    Which::Row(key) => $Model::id.eq(number(key)),
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
    Team;
    Member.team_id;
    Album.cover_id;
    Photo.album_id;
}

impl Checked for Page {
    checked!(@key Page);

    fn condition(which: &Which) -> Expression<bool> {
        match which {
            Which::All => Page::text.ne("nothing"),
            Which::Text(text) => Page::text.eq(text.as_str()),
            Which::Row(key) => Page::id.eq(number(key)),
        }
    }

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

    fn condition(which: &Which) -> Expression<bool> {
        match which {
            Which::All => Seat::text.ne("nothing"),
            Which::Text(text) => Seat::text.eq(text.as_str()),
            Which::Row(key) => {
                let (hall, number) = seat(key);
                Seat::hall.eq(hall).and(Seat::number.eq(number))
            }
        }
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
