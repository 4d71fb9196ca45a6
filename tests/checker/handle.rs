//! [`Handle`], [`Value`]: the typed calls of the library behind untyped ones.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `checked` | what has to be known of a model |
//! | `links` | links between objects of two models, from both ends |
//! | `statements` | what is asked of the database, and changed in it, by model |

mod checked;
mod links;
mod statements;

use aludel::{
    orm::State,
    prelude::*,
    sql::{Entity, literal},
};

use self::checked::Checked as _;
pub use self::statements::{
    Eager, change_outside, delete_rows, get, query, rows_of, rows_through, set_notes, stream,
};
use super::{
    models::{Album, Badge, Item, Loan, Mark, Member, Node, Owner, Page, Photo, Seat, Sheet, Team},
    rows::{Columns, Key},
    schema::Kind,
};

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

            /// Lets the database compute the note.
            pub fn compute_note(&self, text: &str) {
                let upper = literal(Some(text.to_uppercase()));
                match self { $(Self::$Kind(object) => object.set($Kind::note, lower(upper)),)* }
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

    };
}

kinds!(Owner, Item, Badge, Loan, Sheet, Mark, Node, Page, Seat, Team, Member, Album, Photo);
