//! [`Action`]: an operation with its objects found.

use aludel::orm::State;

use super::Oracle;
use crate::{
    handle::Eager,
    operation::{Meant, New, Operation, Side},
    rows::Key,
    schema::{Kind, Link, Web},
};

/// Which rows a statement means.
#[derive(Clone, Debug, PartialEq)]
pub enum Which {
    All,
    Text(String),
    Row(Key),
}

/// An operation with its objects found.
#[derive(Clone, Debug)]
pub enum Action {
    Add(New, Option<usize>),
    AddAgain(usize),
    Text(usize, String),
    Note(usize, Option<String>),
    Key(usize, Key),
    Relate(Link, usize, usize, Side),
    Unrelate(Link, usize, usize, Side),
    Replace(Link, usize, Vec<usize>),
    Nest(Link, usize, New),
    ForeignKey(usize, Option<i64>),
    Join(Web, usize, usize, Side),
    Part(Web, usize, usize, Side),
    Delete(usize),
    Flush,
    Commit,
    Rollback,
    BeginNested,
    Release,
    RollbackNested,
    DropNested,
    Expire(usize),
    ExpireAll,
    Refresh(usize),
    Get(Kind, Key),
    Query(Kind),
    Stream(Kind),
    QueryLinked(Link, Side, Eager),
    QueryWeb(Web, Eager),
    SetNotes(Kind, Which, Option<String>, bool),
    DeleteRows(Kind, Which, bool),
    Plan,
    Prune,
    Compute(usize, String),
    /// The owner, its text, its items with theirs, and that of a new one.
    MergeWithItems(Key, String, Vec<(Key, String)>, Option<String>),
    Load(Link, usize, Side),
    LoadWeb(Web, usize, Side),
    Merge(Kind, Key, String, Option<String>),
    Expunge(usize),
    ExpungeAll,
    Close,
    Outside(Kind, Key, String),
}

/// What a number means in a text.
pub fn text(number: u8) -> String {
    format!("t{}", number % 8)
}

/// What a number means in a key that the user gives.
pub fn given_key(kind: Kind, number: u8) -> Key {
    match kind {
        Kind::Seat => Key::Seat(format!("h{}", number % 2), i32::from(number / 2 % 3)),
        _ => Key::Number(1 + i64::from(number % 6)),
    }
}

fn pick<T: Copy>(list: &[T], number: usize) -> Option<T> {
    (!list.is_empty()).then(|| list[number % list.len()])
}

impl Oracle {
    /// Finds the objects of an operation; none when it applies to nothing.
    pub fn resolve(&self, operation: &Operation) -> Option<Action> {
        if self.failed {
            return match operation {
                Operation::Flush => Some(Action::Flush),
                Operation::Commit => Some(Action::Commit),
                Operation::Query(kind) => Some(Action::Query(*kind)),
                Operation::Rollback => Some(Action::Rollback),
                Operation::RollbackNested if self.depth() > 0 => Some(Action::RollbackNested),
                Operation::DropNested if self.depth() > 0 => Some(Action::DropNested),
                Operation::Close => Some(Action::Close),
                _ => None,
            };
        }
        self.resolve_link(operation).or_else(|| self.resolve_other(operation))
    }

    fn resolve_link(&self, operation: &Operation) -> Option<Action> {
        Some(match operation {
            Operation::Add(new) => match new.under {
                Some((link, parent)) => {
                    Action::Add(new.clone(), Some(pick(&self.linkable(link.parent()), parent)?))
                }
                None => Action::Add(new.clone(), None),
            },
            Operation::Relate(link, parent, child, side) => {
                let parent = pick(&self.linkable(link.parent()), *parent)?;
                Action::Relate(*link, parent, pick(&self.relinkable(*link), *child)?, *side)
            }
            Operation::Unrelate(link, child, side) => {
                let mut children = self.relinkable(*link);
                children.retain(|child| {
                    self.parents
                        .get(child)
                        .is_some_and(|parent| self.objects[*parent].is_held && !self.objects[*parent].stale)
                });
                let child = pick(&children, *child)?;
                Action::Unrelate(*link, self.parents[&child], child, *side)
            }
            Operation::Replace(link, parent, children) => {
                let parent = pick(&self.linkable(link.parent()), *parent)?;
                let candidates = self.relinkable(*link);
                let mut chosen: Vec<usize> =
                    children.iter().filter_map(|child| pick(&candidates, *child)).collect();
                chosen.sort_unstable();
                chosen.dedup();
                chosen.truncate(if link.is_single() { 1 } else { usize::MAX });
                if self
                    .children_of(parent)
                    .any(|child| self.objects[child].kind == link.child() && self.objects[child].by_hand)
                {
                    return None;
                }
                Action::Replace(*link, parent, chosen)
            }
            Operation::Nest(link, parent, new) => {
                Action::Nest(*link, pick(&self.linkable(link.parent()), *parent)?, new.clone())
            }
            Operation::ForeignKey(link, child, parent) => {
                let mut children = self.relinkable(*link);
                children.retain(|child| {
                    let child = &self.objects[*child];
                    child.state == State::Persistent && !child.relinked && !child.doomed
                });
                let is_moved =
                    |object: &super::Object| object.kind == Kind::Team && object.key != object.stored_key;
                if *link == Link::Members && self.objects.iter().any(is_moved) {
                    return None;
                }
                let child = pick(&children, *child)?;
                if self.parents.get(&child).is_some_and(|parent| self.objects[*parent].doomed) {
                    return None;
                }
                let parent = match parent {
                    Some(number) => {
                        let mut parents = self.linkable(link.parent());
                        parents.retain(|parent| {
                            let parent = &self.objects[*parent];
                            parent.state == State::Persistent && !parent.doomed
                        });
                        // Who sits there would be an orphan that nobody took away.
                        parents.retain(|parent| {
                            !link.is_single()
                                || self
                                    .children_of(*parent)
                                    .all(|other| self.objects[other].kind != link.child())
                        });
                        let Key::Number(key) = self.objects[pick(&parents, *number)?].stored_key.clone()?
                        else {
                            return None;
                        };
                        Some(key)
                    }
                    None if link.is_required() => return None,
                    None => None,
                };
                Action::ForeignKey(child, parent)
            }
            Operation::Join(web, left, right, side) => Action::Join(
                *web,
                pick(&self.linkable(web.left()), *left)?,
                pick(&self.linkable(web.right()), *right)?,
                *side,
            ),
            Operation::Part(web, number, side) => {
                let held = |object: usize| self.objects[object].is_held && !self.objects[object].stale;
                let pairs: Vec<_> = self
                    .webs
                    .iter()
                    .filter(|(other, left, right)| other == web && held(*left) && held(*right))
                    .copied()
                    .collect();
                let (web, left, right) = pick(&pairs, *number)?;
                Action::Part(web, left, right, *side)
            }
            _ => return None,
        })
    }

    fn resolve_other(&self, operation: &Operation) -> Option<Action> {
        Some(match operation {
            Operation::AddAgain(number) => {
                Action::AddAgain(pick(&self.such(|it| self.can_be_added_again(it)), *number)?)
            }
            Operation::Text(number, value) => Action::Text(self.editable(*number)?, text(*value)),
            Operation::Note(number, value) => Action::Note(self.editable(*number)?, value.map(text)),
            Operation::Key(number, value) => {
                let given = |it: usize| {
                    self.is_attached(it) && self.objects[it].kind.has_given_key() && !self.objects[it].stale
                };
                let number = pick(&self.such(given), *number)?;
                // A foreign key that was set by hand means the key that is there now.
                let is_meant = self.objects.iter().any(|child| child.by_hand && child.kind == Kind::Member);
                let kind = self.objects[number].kind;
                (kind != Kind::Team || !is_meant).then(|| Action::Key(number, given_key(kind, *value)))?
            }
            Operation::Delete(number) => {
                Action::Delete(pick(&self.such(|it| self.can_be_deleted(it)), *number)?)
            }
            Operation::Flush => Action::Flush,
            Operation::Commit => Action::Commit,
            Operation::Rollback => Action::Rollback,
            Operation::BeginNested => Action::BeginNested,
            Operation::Release if self.depth() > 0 => Action::Release,
            Operation::RollbackNested if self.depth() > 0 => Action::RollbackNested,
            Operation::DropNested if self.depth() > 0 => Action::DropNested,
            Operation::Expire(number) => Action::Expire(self.persistent(*number)?),
            Operation::ExpireAll => Action::ExpireAll,
            Operation::Refresh(number) => Action::Refresh(self.persistent(*number)?),
            Operation::Get(kind, number) => {
                let mut keys: Vec<&Key> = self
                    .current
                    .tables
                    .keys()
                    .filter(|(other, _)| other == kind)
                    .map(|(_, key)| key)
                    .collect();
                let missing = match *kind == Kind::Seat {
                    true => Key::Seat("nowhere".to_owned(), 1),
                    false => Key::Number(9_999_999),
                };
                keys.push(&missing);
                Action::Get(*kind, pick(&keys, *number)?.clone())
            }
            Operation::Query(kind) => Action::Query(*kind),
            Operation::Stream(kind) => Action::Stream(*kind),
            Operation::QueryLinked(link, side, how) => Action::QueryLinked(*link, *side, *how),
            Operation::QueryWeb(web, how) => Action::QueryWeb(*web, *how),
            Operation::SetNotes(kind, meant, note, fetch) => {
                let which = self.which(*kind, *meant)?;
                let fetch = *fetch || !self.is_certain(*kind, &which);
                Action::SetNotes(*kind, which, note.map(text), fetch)
            }
            Operation::DeleteRows(kind, meant, fetch) => {
                let which = self.which(*kind, *meant)?;
                if *kind == Kind::Owner && !self.all_known(Kind::Sheet) {
                    return None;
                }
                let fetch = *fetch || !self.is_certain(*kind, &which);
                Action::DeleteRows(*kind, which, fetch)
            }
            Operation::Plan => Action::Plan,
            Operation::Prune => Action::Prune,
            Operation::Compute(number, value) => Action::Compute(self.editable(*number)?, text(*value)),
            Operation::MergeWithItems(owner, value, items, new) => {
                let dying = self.dying();
                let is_plain = |it: usize| {
                    let object = &self.objects[it];
                    !dying.contains(&it)
                        && !object.doomed
                        && !object.is_uncertain
                        && !object.stale
                        && !object.relinked
                        && !object.by_hand
                };
                let keys = |kind: Kind| -> Vec<&Key> {
                    let rows = self.current.tables.keys().filter(|(other, _)| *other == kind);
                    let keys = rows.map(|(_, key)| key);
                    keys.filter(|key| self.object_of(kind, key).is_some_and(is_plain)).collect()
                };
                let owner = pick(&keys(Kind::Owner), *owner)?.clone();
                let number = self.object_of(Kind::Owner, &owner)?;
                if self
                    .children_of(number)
                    .any(|child| self.objects[child].kind == Kind::Item && !is_plain(child))
                {
                    return None;
                }
                let candidates = keys(Kind::Item);
                let mut chosen: Vec<(Key, String)> = Vec::new();
                for (item, value) in items {
                    let key = pick(&candidates, *item)?.clone();
                    if chosen.iter().all(|(other, _)| *other != key) {
                        chosen.push((key, text(*value)));
                    }
                }
                Action::MergeWithItems(owner, text(*value), chosen, new.map(text))
            }
            Operation::Load(link, number, side) => {
                let kind = if *side == Side::Parent { link.parent() } else { link.child() };
                Action::Load(*link, self.loadable(kind, *number)?, *side)
            }
            Operation::LoadWeb(web, number, side) => {
                let kind = if *side == Side::Parent { web.left() } else { web.right() };
                Action::LoadWeb(*web, self.loadable(kind, *number)?, *side)
            }
            Operation::Merge(kind, number, value, note) => {
                let keys: Vec<&Key> = self
                    .current
                    .tables
                    .keys()
                    .filter(|(other, _)| other == kind)
                    .map(|(_, key)| key)
                    .collect();
                let key = pick(&keys, *number)?;
                let number = self.object_of(*kind, key)?;
                let object = &self.objects[number];
                // SQLite gives the key of what is deleted to the next row.
                let dies = self.dying().contains(&number);
                if dies
                    || object.doomed
                    || object.is_uncertain
                    || object.stale
                    || object.relinked
                    || object.by_hand
                {
                    return None;
                }
                Action::Merge(*kind, key.clone(), text(*value), note.map(text))
            }
            Operation::MergeNew(key, value) => {
                let key = given_key(Kind::Seat, *key);
                let taken = self.objects.iter().enumerate().any(|(number, object)| {
                    self.is_attached(number)
                        && object.kind == Kind::Seat
                        && (object.doomed
                            || object.stale
                            || object.is_uncertain
                            || object.key != object.stored_key)
                });
                if taken {
                    return None;
                }
                Action::Merge(Kind::Seat, key, text(*value), None)
            }
            Operation::Expunge(number) => {
                let lone = |it: usize| {
                    let object = &self.objects[it];
                    self.is_attached(it)
                        && object.is_held
                        && object.state == State::Persistent
                        && object.kind.upwards().is_none()
                        && object.kind.downwards().next().is_none()
                        && object.kind.webs().next().is_none()
                };
                Action::Expunge(pick(&self.such(lone), *number)?)
            }
            Operation::ExpungeAll => Action::ExpungeAll,
            Operation::Close => Action::Close,
            Operation::Outside(kind, number, value) if self.idle => {
                let keys: Vec<&Key> = self
                    .committed
                    .tables
                    .keys()
                    .filter(|(other, _)| other == kind && !kind.has_unique_text())
                    .map(|(_, key)| key)
                    .collect();
                let key = pick(&keys, *number)?;
                // Nobody else writes a row twice the same.
                (self.committed.tables[&(*kind, key.clone())].text != text(*value))
                    .then(|| Action::Outside(*kind, key.clone(), text(*value)))?
            }
            _ => return None,
        })
    }

    fn which(&self, kind: Kind, meant: Meant) -> Option<Which> {
        Some(match meant {
            Meant::All => Which::All,
            Meant::Text(value) => Which::Text(text(value)),
            Meant::Row(number) => {
                let rows = self.current.tables.keys().filter(|(other, _)| *other == kind);
                Which::Row(pick(&rows.map(|(_, key)| key).collect::<Vec<_>>(), number)?.clone())
            }
        })
    }

    /// Whether memory alone can tell which rows are meant.
    fn is_certain(&self, kind: Kind, which: &Which) -> bool {
        matches!(which, Which::Row(_)) || self.all_known(kind)
    }

    /// Whether the session has all rows of a kind, as they are.
    fn all_known(&self, kind: Kind) -> bool {
        (0..self.objects.len()).all(|number| {
            let object = &self.objects[number];
            let row = object.stored_key.as_ref().map(|key| self.current.tables.get(&(kind, key.clone())));
            object.kind != kind
                || !self.is_attached(number)
                || (object.is_held
                    && object.expired == super::Expired::No
                    && !object.stale
                    && !object.is_uncertain
                    && row.is_none_or(|row| row.is_some_and(|row| row.text == object.stored.text)))
        })
    }

    fn such(&self, wanted: impl Fn(usize) -> bool) -> Vec<usize> {
        (0..self.objects.len()).filter(|number| self.objects[*number].is_held && wanted(*number)).collect()
    }

    /// The objects of a kind that can be put into a link.
    fn linkable(&self, kind: Kind) -> Vec<usize> {
        self.such(|it| self.is_attached(it) && self.objects[it].kind == kind && !self.objects[it].stale)
    }

    /// The children that can be given another parent.
    fn relinkable(&self, link: Link) -> Vec<usize> {
        let mut children = self.linkable(link.child());
        children.retain(|child| !self.objects[*child].by_hand);
        children
    }

    fn editable(&self, number: usize) -> Option<usize> {
        let editable = |it: usize| {
            self.is_of_now(it)
                && matches!(self.objects[it].state, State::Pending | State::Persistent | State::Transient)
                && !self.objects[it].stale
        };
        pick(&self.such(editable), number)
    }

    fn persistent(&self, number: usize) -> Option<usize> {
        let persistent = |it: usize| {
            let object = &self.objects[it];
            self.is_attached(it)
                && object.state == State::Persistent
                && !object.doomed
                && !object.relinked
                && !object.by_hand
        };
        pick(&self.such(persistent), number)
    }

    fn loadable(&self, kind: Kind, number: usize) -> Option<usize> {
        let loadable = |it: usize| {
            let object = &self.objects[it];
            self.is_attached(it) && object.kind == kind && !object.doomed && !object.by_hand
        };
        pick(&self.such(loadable), number)
    }

    fn can_be_deleted(&self, number: usize) -> bool {
        let object = &self.objects[number];
        let is_meant_by_hand = self.objects.iter().any(|child| {
            child.by_hand
                && child.kind.upwards().is_some_and(|link| link.parent() == object.kind)
                && child.now.parent.map(Key::Number) == object.stored_key
        });
        if is_meant_by_hand {
            return false;
        }
        self.is_attached(number)
            && object.state == State::Persistent
            && !object.doomed
            && !object.by_hand
            && self.children_of(number).all(|child| {
                let child = &self.objects[child];
                let is_passive = child.kind.upwards().is_some_and(Link::is_passive);
                // What is expired may refer elsewhere by now, as far as memory knows.
                let is_told = child.is_held && child.expired == super::Expired::No && !child.stale;
                !child.by_hand && (!is_passive || !child.is_held || is_told || object.knows_sheets)
            })
    }

    fn can_be_added_again(&self, number: usize) -> bool {
        let object = &self.objects[number];
        if !self.is_of_now(number) {
            return false;
        }
        match object.state {
            State::Persistent => object.doomed,
            State::Transient => self.circle_of(number).is_some(),
            State::Detached => object.stored_key.as_ref().is_some_and(|key| {
                self.current.tables.contains_key(&(object.kind, key.clone()))
                    && self.object_of(object.kind, key).is_none_or(|other| !self.objects[other].is_held)
            }),
            _ => false,
        }
    }

    /// The transient objects that come along when one is added again; none when one of their links leads to what is gone.
    pub(super) fn circle_of(&self, number: usize) -> Option<Vec<usize>> {
        let mut circle = vec![number];
        let mut next = 0;
        while next < circle.len() {
            let member = circle[next];
            next += 1;
            let object = &self.objects[member];
            if object.is_muddled {
                return None;
            }
            let ups = object.latent_parent.into_iter();
            let webs = object
                .latent_webs
                .iter()
                .map(|(_, left, right)| if *left == member { *right } else { *left });
            let downs = object.latent_children.iter().copied();
            for other in ups.chain(webs).chain(downs) {
                let is_new = self.objects[other].state == State::Transient && self.is_of_now(other);
                if !is_new && (!self.is_attached(other) || self.objects[other].stale) {
                    return None;
                }
                // A child that found another parent meanwhile would be taken away again.
                if !is_new && object.latent_children.contains(&other) {
                    return None;
                }
                if is_new && !circle.contains(&other) {
                    circle.push(other);
                }
            }
        }
        // A place that was taken meanwhile would be taken away again.
        let is_free = circle.iter().all(|member| {
            let object = &self.objects[*member];
            let single = object.kind.upwards().is_some_and(Link::is_single);
            !single
                || object.latent_parent.is_none_or(|parent| {
                    !self.is_attached(parent)
                        || self.children_of(parent).all(|child| self.objects[child].kind != object.kind)
                })
        });
        // Two cannot have the place of one.
        let mut places = std::collections::BTreeSet::new();
        let is_told = circle.iter().all(|member| {
            let object = &self.objects[*member];
            !object.kind.upwards().is_some_and(Link::is_single)
                || object.latent_parent.is_none_or(|parent| places.insert((parent, object.kind)))
        });
        (is_free && is_told).then_some(circle)
    }
}
