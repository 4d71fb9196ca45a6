//! What a rollback makes of the objects.

use aludel::orm::State;

use super::{Expired, Level, Oracle};
use crate::schema::Web;

/// The links of an object that is transient again.
struct Latent {
    parent: Option<usize>,
    children: Vec<usize>,
    webs: Vec<(Web, usize, usize)>,
}

impl Oracle {
    /// The outermost transaction is over, and stands.
    pub(super) fn commit(&mut self) {
        self.committed = self.current.clone();
        for object in &mut self.objects {
            if object.state == State::Deleted {
                object.state = State::Detached;
                // Its row is gone, whoever gets its key.
                object.stored_key = None;
            }
        }
        // Nothing is left of what a rollback went back to.
        self.levels.clear();
        self.push_level();
        self.idle = true;
    }

    /// The outermost transaction is rolled back.
    pub(super) fn rollback(&mut self) {
        while self.depth() > 0 {
            self.rollback_level();
        }
        self.rollback_level();
        self.idle = true;
    }

    /// The innermost transaction is rolled back.
    pub(super) fn rollback_level(&mut self) {
        let Some(level) = self.levels.pop() else { return };
        let dropped = self.links_of_new(&level);
        self.failed = false;
        self.current = level.rows.clone();
        for number in 0..self.objects.len() {
            if self.is_of_now(number) {
                self.restore(number, &level);
            }
        }
        for (number, Latent { parent, children, webs }) in dropped {
            let object = &mut self.objects[number];
            (object.latent_parent, object.latent_children, object.latent_webs) = (parent, children, webs);
        }
        self.follow_rows();
        if self.levels.is_empty() {
            self.push_level();
        }
    }

    fn is_new_since(&self, number: usize, level: &Level) -> bool {
        let object = &self.objects[number];
        self.is_of_now(number)
            && match object.state {
                State::Pending => true,
                State::Transient => false,
                _ => object.inserted_at > level.clock,
            }
    }

    /// The links of objects that are about to be transient, as far as they keep them: to each other, to parents, and to what
    /// can have many.
    fn links_of_new(&self, level: &Level) -> Vec<(usize, Latent)> {
        let is_new = |number: usize| self.is_new_since(number, level);
        let new = (0..self.objects.len()).filter(|number| is_new(*number));
        new.map(|number| {
            let object = &self.objects[number];
            let parent = self.parents.get(&number).copied().or(object.latent_parent);
            let children = self.children_of(number).chain(object.latent_children.iter().copied());
            let children = children.filter(|child| is_new(*child)).collect();
            let linked =
                self.webs.iter().filter(|(_, left, right)| [*left, *right].contains(&number)).copied();
            let webs = linked.chain(object.latent_webs.iter().copied()).collect();
            (number, Latent { parent, children, webs })
        })
        .collect()
    }

    fn restore(&mut self, number: usize, level: &Level) {
        let is_new = self.is_new_since(number, level);
        let then = level.objects.get(number).filter(|then| then.era == self.era).cloned();
        let clock = level.clock;
        let object = &mut self.objects[number];
        (object.doomed, object.relinked, object.by_hand, object.unseen) = (false, false, false, false);
        object.knows_sheets = false;
        if is_new || object.state != State::Detached {
            object.computed = None;
        }
        if is_new {
            if let Some((key, columns)) = object.born.clone() {
                (object.key, object.now) = (key, columns);
            }
            object.state = State::Transient;
            object.stored_key = None;
            return;
        }
        // What became transient inside keeps its links.
        if let Some(then) = then.as_ref().filter(|_| object.state != State::Transient) {
            object.latent_parent = then.latent_parent;
            object.latent_children.clone_from(&then.latent_children);
            object.latent_webs.clone_from(&then.latent_webs);
        }
        if object.state == State::Detached {
            // It stays as it is, and says that it may be old where the transaction wrote it.
            let is_written = then.is_some_and(|then| then.stored != object.stored);
            object.expired = if is_written { Expired::Yes } else { Expired::Perhaps };
            object.stale = true;
            return;
        }
        let was_deleted = then.as_ref().is_some_and(|then| then.state == State::Deleted);
        if was_deleted || !matches!(object.state, State::Persistent | State::Deleted) {
            return;
        }
        object.state = State::Persistent;
        if object.loaded_at > clock {
            // It may show what was never committed, and says so.
            object.expired = Expired::Perhaps;
            object.stale = true;
        }
        if !object.is_held {
            // Only the session knows whether it loaded it.
            object.expired = Expired::Perhaps;
        }
        let then = then.filter(|then| matches!(then.state, State::Persistent | State::Detached));
        if let Some(then) = then {
            (object.now, object.stored) = (then.stored.clone(), then.stored);
            (object.key, object.stored_key) = (then.stored_key.clone(), then.stored_key);
        } else {
            // It was first loaded inside: its first key is its row's.
            let row = object.first_key.clone().and_then(|key| {
                let row = level.rows.tables.get(&(object.kind, key.clone()))?;
                Some((key, row.clone()))
            });
            if let Some((key, row)) = row {
                (object.now, object.stored) = (row.clone(), row);
                (object.key, object.stored_key) = (Some(key.clone()), Some(key));
            } else {
                object.state = State::Detached;
                object.is_lost = true;
            }
        }
    }
}
