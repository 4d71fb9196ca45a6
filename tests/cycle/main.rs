//! A circle of 400 models, each of which leads to the next, builds at the default recursion limit.
//!
//! It is a test binary of its own, so that it is built again only when the library changes. Checking it would not do: what
//! overflows in such a circle overflows when code is generated.

use std::collections::HashSet;

use aludel::prelude::*;

#[allow(missing_docs, unreachable_pub, reason = "the models are generated")]
mod models {
    use aludel::{
        orm::Mapper,
        prelude::{Many, Mapped, One},
    };

    include!(concat!(env!("OUT_DIR"), "/cycle.rs"));
}

#[test]
fn each_model_leads_to_the_next_until_the_circle_closes() {
    let first = models::MAPPERS[0]();
    let mut seen = HashSet::new();
    let mut mapper = first;
    while seen.insert(mapper.name()) {
        let [next, previous] = mapper.relationships() else { panic!("{mapper:?} has two relationships") };
        let following = (next.target)();
        assert_eq!((following.relationships()[1].target)(), mapper);
        assert_eq!((previous.name, previous.back_populates), ("previous", Some("next")));
        mapper = following;
    }
    assert_eq!((seen.len(), mapper), (models::MAPPERS.len(), first));
}

#[test]
fn a_session_takes_a_model_of_the_circle() {
    let engine = create_engine("sqlite://").build().unwrap();
    let mut session = SessionMaker::new(&engine).open();
    let next = models::Model1 { id: 2, ..default() };
    let first = session.add(models::Model0 { id: 1, next: One::from(next), ..default() });
    let next = first.read().next.get().unwrap().unwrap();
    let back = next.read().previous.iter().unwrap().next().unwrap();
    assert_eq!((next.read().id, back), (2, first));
}
