//! Graphs as serde sees them: an object with what is loaded of it, or was nested in it.

use std::{cell::RefCell, fmt, marker::PhantomData};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser::SerializeSeq as _};
use serde_1 as serde;

use super::{Many, MemberKind, One, cell::Place};
use crate::{Instance, Snapshot, mapping::Mapped};

/// What a link leads to.
enum Target<'l, T> {
    /// A value that is in no session.
    Nested(&'l T),
    Object(Instance<T>),
}

impl<T: Mapped + Serialize> Serialize for Target<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Nested(value) => value.serialize(serializer),
            Self::Object(object) => object.serialize(serializer),
        }
    }
}

/// What a link leads to, without what is being serialised around it; none: nobody knows.
fn targets<T: Mapped>(place: &Place) -> Option<Vec<Target<'_, T>>> {
    let objects = match place {
        Place::Unset => return None,
        Place::New(members) => {
            let targets = members.0.iter().filter_map(|member| match &member.0 {
                MemberKind::New(value) => (**value).as_any().downcast_ref().map(Target::Nested),
                MemberKind::Handle(slot, graph) => {
                    Instance::list(vec![slot.clone()], graph).pop().map(Target::Object)
                }
            });
            return Some(targets.filter(|target| !is_open(target)).collect());
        }
        Place::Linked { graph, slot, relationship } => {
            let graph = graph.upgrade()?;
            Instance::list(graph.targets(*slot, *relationship).ok()?, &graph)
        }
    };
    Some(objects.into_iter().map(Target::Object).filter(|target| !is_open(target)).collect())
}

thread_local! {
    /// The objects that are being serialised, the outermost first.
    static OPEN: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

fn place_of<T: Mapped>(object: &Instance<T>) -> usize {
    std::sync::Arc::as_ptr(&object.erased()).cast::<()>().addr()
}

fn is_open<T: Mapped>(target: &Target<'_, T>) -> bool {
    let Target::Object(object) = target else { return false };
    OPEN.with_borrow(|open| open.contains(&place_of(object)))
}

/// An object is being serialised as long as this lives.
struct Opened;

impl Opened {
    fn new(place: usize) -> Self {
        OPEN.with_borrow_mut(|open| open.push(place));
        Self
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        OPEN.with_borrow_mut(Vec::pop);
    }
}

/// The present version, with what its links lead to as far as it is loaded. What leads back to an object that is being
/// serialised around it is left out, so that a circle ends.
impl<M: Mapped + Serialize> Serialize for Instance<M> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let _opened = Opened::new(place_of(self));
        (*self.read()).serialize(serializer)
    }
}

/// As its [`Instance`], with the columns of this version.
impl<M: Mapped + Serialize> Serialize for Snapshot<M> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let _opened = Opened::new(place_of(self.instance()));
        (**self).serialize(serializer)
    }
}

/// A list; none where it is not loaded, or nothing was put in.
impl<T: Mapped + Serialize> Serialize for Many<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match targets::<T>(&self.cell.0) {
            None => serializer.serialize_none(),
            Some(targets) => serializer.serialize_some(&List(targets)),
        }
    }
}

struct List<'l, T>(Vec<Target<'l, T>>);

impl<T: Mapped + Serialize> Serialize for List<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        self.0.iter().try_for_each(|target| list.serialize_element(target))?;
        list.end()
    }
}

/// What it leads to; none where that is nothing, or not loaded.
impl<T: Mapped + Serialize> Serialize for One<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match targets::<T>(&self.cell.0).and_then(|mut targets| targets.pop()) {
            None => serializer.serialize_none(),
            Some(target) => serializer.serialize_some(&target),
        }
    }
}

/// Nested values; none is a link into which nothing was put.
impl<'de, T: Mapped + Deserialize<'de>> Deserialize<'de> for Many<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_option(Nested::<Vec<T>>(PhantomData)).map(|values| match values {
            Some(values) => Self::from(values),
            None => Self::default(),
        })
    }
}

/// A nested value; none is a link into which nothing was put.
impl<'de, T: Mapped + Deserialize<'de>> Deserialize<'de> for One<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_option(Nested::<T>(PhantomData)).map(|value| match value {
            Some(value) => Self::from(value),
            None => Self::default(),
        })
    }
}

struct Nested<V>(PhantomData<fn() -> V>);

impl<'de, V: Deserialize<'de>> de::Visitor<'de> for Nested<V> {
    type Value = Option<V>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("what a relationship leads to, or nothing")
    }

    fn visit_none<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        V::deserialize(deserializer).map(Some)
    }
}
