//! [`Many`]: a link to many objects.

use super::{IntoMember, Link, LinkCell, LoadedLink, link_types, member::MemberKind};
use crate::{Instance, Result, mapping::Mapped};

link_types! {
    /// A link to many objects: `books: Many<Book>`.
    ///
    /// As long as its object is transient it holds nested values and handles. Once the object is in a session it points at
    /// the session's graph, is shared by all versions of the object, and hands out handles.
    Many, "Many";
}

impl<T: Mapped> Link for Many<T> {
    type Target = T;
    type Loaded = Vec<Instance<T>>;

    fn cell_mut(&mut self) -> &mut LinkCell {
        &mut self.cell
    }
}

impl<T: Mapped> LoadedLink for Many<T> {
    fn loaded(&self) -> Result<Vec<Instance<T>>> {
        Ok(self.iter()?.collect())
    }
}

impl<T: Mapped> Many<T> {
    /// The objects it leads to, as handles.
    ///
    /// # Errors
    /// [`ErrorKind::NotLoaded`](crate::ErrorKind::NotLoaded) when they are not loaded: reading never sends a statement.
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) on a value that is in no session.
    pub fn iter(&self) -> Result<std::vec::IntoIter<Instance<T>>> {
        let (targets, graph) = self.cell.targets()?;
        Ok(Instance::list(targets, &graph).into_iter())
    }

    /// How many objects it leads to.
    ///
    /// # Errors
    /// As [`Many::iter`].
    pub fn len(&self) -> Result<usize> {
        self.cell.targets().map(|(targets, _)| targets.len())
    }

    /// Whether it leads to none.
    ///
    /// # Errors
    /// As [`Many::iter`].
    pub fn is_empty(&self) -> Result<bool> {
        self.len().map(|len| len == 0)
    }

    /// Whether it leads to this object.
    ///
    /// # Errors
    /// As [`Many::iter`].
    pub fn contains(&self, object: &Instance<T>) -> Result<bool> {
        Ok(self.iter()?.any(|target| target == *object))
    }

    /// Whether what it leads to is known.
    pub fn is_loaded(&self) -> bool {
        self.cell.targets().is_ok()
    }

    /// Adds a value or a handle. On an object of a session it acts at once, on both sides of the relationship; it works
    /// also when the collection is not loaded. Over a secondary table the two may be linked already, then: the flush inserts
    /// the row unless it is there (`ON CONFLICT DO NOTHING`, `ON DUPLICATE KEY UPDATE`).
    pub fn push(&mut self, member: impl IntoMember<T>) {
        self.cell.push(member.into_member());
    }

    /// Takes an object out, and says whether it was there. With the `delete-orphan` cascade the next flush deletes it.
    pub fn remove(&mut self, object: &Instance<T>) -> bool {
        self.cell.remove(&object.erased())
    }

    /// Takes all objects out.
    pub fn clear(&mut self) {
        self.cell.replace(Vec::new());
    }

    /// The nested values of an object that is in no session.
    pub fn new_values(&self) -> impl Iterator<Item = &T> {
        self.cell.members().iter().filter_map(|member| match &member.0 {
            MemberKind::New(value) => (**value).as_any().downcast_ref(),
            MemberKind::Handle(..) => None,
        })
    }
}

impl<T: Mapped, V: IntoMember<T>, const COUNT: usize> From<[V; COUNT]> for Many<T> {
    fn from(values: [V; COUNT]) -> Self {
        values.into_iter().collect()
    }
}

impl<T: Mapped, V: IntoMember<T>> From<Vec<V>> for Many<T> {
    fn from(values: Vec<V>) -> Self {
        values.into_iter().collect()
    }
}

impl<T: Mapped, V: IntoMember<T>> FromIterator<V> for Many<T> {
    fn from_iter<I: IntoIterator<Item = V>>(values: I) -> Self {
        Self::of(LinkCell::of_members(values.into_iter().map(IntoMember::into_member).collect()))
    }
}
