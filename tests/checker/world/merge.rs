//! Merging: of one value, and of one with others nested in it.

use aludel::{orm::State, prelude::*};

use super::{Complaint, World};
use crate::{
    handle::{Handle, Value, changes},
    oracle::{Expired, Verdict},
    rows::{Columns, Key},
    schema::{Kind, Link},
};

impl World {
    pub(super) async fn merge(
        &mut self,
        session: &mut Session,
        kind: Kind,
        key: &Key,
        text: &str,
        note: Option<String>,
    ) -> Result<(), Complaint> {
        // What the value says beside its text is what the row has, or is going to have.
        let was_modified = session.is_modified();
        let now = self.value_after_flush(kind, key);
        let columns = Columns { text: text.to_owned(), note: note.clone(), ..now };
        let result = Value::new(kind, Some(key), columns).merge(session).await;
        self.oracle.idle = false;
        if was_modified || result.is_err() {
            let worked = self.flushed(result.as_ref().map(drop))?;
            if !worked {
                return Ok(());
            }
        }
        let Ok(handle) = result else { return Ok(()) };
        if let Some(number) = self.oracle.object_of(kind, key) {
            let found = self.number_of(&handle)?;
            if found != number {
                return Err(format!("{kind:?} {key:?} was merged into object {found}, and is {number}"));
            }
            if self.oracle.objects[number].expired != Expired::No {
                self.oracle.given(number, true);
            }
            self.oracle.merged(number, text, note);
            return Ok(());
        }
        if handle.state() != State::Pending {
            return Err(format!("what was merged has no row, and is {:?}", handle.state()));
        }
        let number = self.oracle.merged_new(kind, key.clone(), text, note);
        self.hold(number, handle);
        Ok(())
    }

    /// What the object of a row shows once everything is flushed, and it was loaded anew where it is expired.
    fn value_after_flush(&self, kind: Kind, key: &Key) -> Columns {
        let mut after = self.oracle.clone();
        let handles = &self.handles;
        let made = |number: usize| match handles[number].as_ref().map(Handle::key) {
            Some(Key::Number(0)) | None => Key::Number(-1 - i64::try_from(number).unwrap_or_default()),
            Some(key) => key,
        };
        if after.write(&made) == Verdict::Fails {
            return Columns::default();
        }
        let row = after.current.tables.get(&(kind, key.clone())).cloned();
        match after.object_of(kind, key).map(|number| &after.objects[number]) {
            Some(object) if object.expired == Expired::No => object.now.clone(),
            _ => row.unwrap_or_default(),
        }
    }

    /// Merges an owner with items: those that are there come along, and a new one.
    pub(super) async fn merge_with_items(
        &mut self,
        session: &mut Session,
        owner: &Key,
        text: &str,
        items: &[(Key, String)],
        new: Option<&str>,
    ) -> Result<(), Complaint> {
        let Key::Number(id) = owner else { return Err(format!("{owner:?} is no key of an owner")) };
        let value = |kind: Kind, key: Option<&Key>, text: &str, columns: Columns| {
            Value::new(kind, key, Columns { text: text.to_owned(), ..columns })
        };
        let mut merged = value(Kind::Owner, Some(owner), text, self.value_after_flush(Kind::Owner, owner));
        for (key, text) in items {
            let columns = self.value_after_flush(Kind::Item, key);
            let columns = Columns { parent: Some(*id), ..columns };
            Link::Items.nest_down(&mut merged, value(Kind::Item, Some(key), text, columns));
        }
        if let Some(text) = new {
            Link::Items.nest_down(&mut merged, value(Kind::Item, None, text, Columns::default()));
        }
        let was_modified = session.is_modified();
        let result = merged.merge(session).await;
        self.oracle.idle = false;
        if was_modified || result.is_err() {
            let worked = self.flushed(result.as_ref().map(drop))?;
            if !worked {
                return Ok(());
            }
        }
        let Ok(handle) = result else { return Ok(()) };
        self.has_read = true;
        let mut targets = Vec::new();
        let texts = std::iter::once((Kind::Owner, owner, text));
        for (kind, key, text) in texts.chain(items.iter().map(|(key, text)| (Kind::Item, key, text.as_str())))
        {
            let number =
                self.oracle.object_of(kind, key).ok_or_else(|| format!("{kind:?} {key:?} is gone"))?;
            if self.oracle.objects[number].expired != Expired::No {
                self.oracle.given(number, true);
            }
            self.oracle.objects[number].now.text = text.to_owned();
            if kind == Kind::Item {
                // The value names its owner by the key, too.
                self.oracle.objects[number].now.parent = Some(*id);
            }
            targets.push(number);
        }
        let number = self.number_of(&handle)?;
        if number != targets[0] {
            return Err(format!("{owner:?} was merged into object {number}, and is {}", targets[0]));
        }
        let mut children = targets.split_off(1);
        if let Some(text) = new {
            let pending = changes(session)[0].clone();
            let is_new = |handle: &&Handle| {
                handle.state() == State::Pending
                    && !self.handles.iter().any(|other| other.as_ref() == Some(handle))
            };
            let [added] = pending.iter().filter(is_new).collect::<Vec<_>>()[..] else {
                return Err("a new item was merged, and is not pending".to_owned());
            };
            let added = added.clone();
            children.push(self.oracle.merged_item(text));
            self.hold(children[children.len() - 1], added);
        }
        if !children.is_empty() && Link::Items.children(&handle).is_none() {
            return Err("the items of a merged owner are not known".to_owned());
        }
        self.oracle.merge_items(targets[0], &children);
        Ok(())
    }
}
