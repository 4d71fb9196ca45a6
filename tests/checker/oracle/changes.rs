//! What statements that change many rows do to the records.

use std::collections::BTreeSet;

use super::{Expired, Oracle, Verdict, Which};
use crate::{
    rows::Key,
    schema::{Kind, LINKS, Link},
};

impl Oracle {
    /// The keys of the rows that a statement means.
    pub fn meant(&self, kind: Kind, which: &Which) -> BTreeSet<Key> {
        let rows = self.current.tables.iter().filter(|((other, key), columns)| {
            *other == kind
                && match which {
                    Which::All => true,
                    Which::Text(text) => columns.text == *text,
                    Which::Row(row) => row == key,
                }
        });
        rows.map(|((_, key), _)| key.clone()).collect()
    }

    /// The notes of rows were set: their objects show it.
    pub fn set_notes(&mut self, kind: Kind, keys: &BTreeSet<Key>, note: Option<&str>) {
        let note = note.map(str::to_owned);
        for key in keys {
            if let Some(columns) = self.current.tables.get_mut(&(kind, key.clone())) {
                columns.note.clone_from(&note);
            }
            let Some(number) = self.object_of(kind, key) else { continue };
            let object = &mut self.objects[number];
            object.now.note.clone_from(&note);
            object.stored.note.clone_from(&note);
            // What is expired may show it, or not.
            object.stale |= object.expired != Expired::No;
        }
    }

    /// Whether rows can be deleted as far as those go that refer to them.
    pub fn may_be_deleted(&self, kind: Kind, keys: &BTreeSet<Key>) -> Verdict {
        let is_meant = |number: i64| keys.contains(&Key::Number(number));
        let links = LINKS.into_iter().filter(|link| link.parent() == kind && !link.is_passive());
        for link in links {
            for ((_, key), columns) in
                self.current.tables.iter().filter(|((other, _), _)| *other == link.child())
            {
                if !columns.parent.is_some_and(is_meant) {
                    continue;
                }
                if link.child() != kind || !keys.contains(key) {
                    return Verdict::Fails;
                }
                // Some databases look at each row for itself.
                let others = self.current.tables.iter().filter(|((other, _), _)| *other == link.child());
                let mut leaving = others.filter(|(_, columns)| columns.parent.is_some_and(is_meant));
                if leaving.all(|((_, key), _)| keys.contains(key)) {
                    return Verdict::Either;
                }
            }
        }
        let is_linked = self.current.webs.iter().any(|(web, left, right)| {
            (web.left() == kind && is_meant(*left)) || (web.right() == kind && is_meant(*right))
        });
        if is_linked { Verdict::Fails } else { Verdict::Works }
    }

    /// Rows were deleted, and with them what the database deletes along.
    pub fn delete_rows(&mut self, kind: Kind, keys: &BTreeSet<Key>) {
        let along = kind.downwards().filter(|link| link.is_passive()).flat_map(|link: Link| {
            let rows = self.current.tables.iter().filter(move |((other, _), columns)| {
                *other == link.child()
                    && columns.parent.is_some_and(|parent| keys.contains(&Key::Number(parent)))
            });
            rows.map(|(row, _)| row.clone()).collect::<Vec<_>>()
        });
        let rows: Vec<(Kind, Key)> = keys.iter().map(|key| (kind, key.clone())).chain(along).collect();
        let dying: BTreeSet<usize> =
            rows.iter().filter_map(|(kind, key)| self.object_of(*kind, key)).collect();
        self.bury(&dying);
        for row in &rows {
            self.current.tables.remove(row);
        }
    }
}
