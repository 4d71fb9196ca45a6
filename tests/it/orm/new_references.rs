//! Foreign keys of new objects, which a flush puts in and a rollback takes out again.

use aludel::{orm::State, prelude::*};

use super::Stage;
use crate::database::{Database, on_every_database};

#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "reference_party")]
struct Party {
    #[column(primary_key)]
    id: i64,
    #[column(length = 50)]
    name: String,
    #[relationship(back_populates = Deal::seller, foreign_key = Deal::seller_id, order_by = Deal::id)]
    sales: Many<Deal>,
}

#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "reference_deal")]
struct Deal {
    #[column(primary_key)]
    id: i64,
    #[column(length = 50)]
    note: String,
    #[column(foreign_key = Party::id)]
    seller_id: i64,
    #[column(foreign_key = Party::id)]
    buyer_id: Option<i64>,
    #[relationship(back_populates = Party::sales, foreign_key = Deal::seller_id)]
    seller: One<Party>,
    #[relationship(foreign_key = Deal::buyer_id)]
    buyer: One<Party>,
}

fn party(name: &str) -> Party {
    Party { name: name.into(), ..default() }
}

fn deal(note: &str) -> Deal {
    Deal { note: note.into(), ..default() }
}

/// The note, whether there is a key, and whether there are references.
fn known(deal: &Instance<Deal>) -> (String, bool, bool, bool) {
    let deal = deal.read();
    (deal.note.clone(), deal.id != 0, deal.seller_id != 0, deal.buyer_id.is_some())
}

async fn foreign_keys_of_new_objects_go_back(database: &Database) {
    let stage = Stage::of(database, MetaData::of((Party, Deal))).await;
    let mut session = stage.sessions.open();
    let bob = session.add(party("Bob"));
    // Nobody sees this one before it is flushed.
    let ann = session.add(Party { sales: Many::from([deal("unseen")]), ..party("Ann") });
    let one = session.add(deal("one"));
    one.set(Deal::seller, &ann);
    let both = session.add(deal("both"));
    both.set(Deal::seller, &ann);
    both.set(Deal::buyer, &bob);
    // Somebody holds on to what it was before.
    let seen = session.add(Deal { seller: One::from(&bob), ..deal("seen") });
    let before = seen.read();

    session.flush().await.unwrap();
    let unseen = ann.read().sales.iter().unwrap().next().unwrap();
    let deals = [&one, &both, &seen, &unseen];
    let flushed = |note: &str, buys| (note.to_owned(), true, true, buys);
    let written =
        [flushed("one", false), flushed("both", true), flushed("seen", false), flushed("unseen", false)];
    assert_eq!(deals.map(known), written);
    assert_eq!(one.read().seller_id, ann.read().id);
    assert_eq!(both.read().buyer_id, Some(bob.read().id));
    assert_eq!((before.id, before.seller_id), (0, 0));
    // Each is found by its key, and the changed one is written.
    assert_eq!(session.get(Deal, both.read().id).await.unwrap(), Some(both.clone()));
    both.set(Deal::note, "changed");
    session.flush().await.unwrap();

    session.rollback().await.unwrap();
    let unwritten = ["one", "both", "seen", "unseen"].map(|note| (note.to_owned(), false, false, false));
    assert_eq!(deals.map(known), unwritten);
    assert!(deals.iter().all(|deal| deal.state() == State::Transient));

    // The same inside a transaction that goes on: the parties bring their deals with them.
    let mut nested = session.begin_nested().await.unwrap();
    nested.add_all([&ann, &bob]);
    nested.flush().await.unwrap();
    assert_eq!(deals.map(known), written);
    nested.rollback().await.unwrap();
    assert_eq!(deals.map(known), unwritten);

    // What was written in an outer transaction stays when an inner one goes.
    session.add_all([&ann, &bob]);
    session.flush().await.unwrap();
    let mut nested = session.begin_nested().await.unwrap();
    one.set(Deal::seller, &bob);
    nested.flush().await.unwrap();
    assert_eq!(one.read().seller_id, bob.read().id);
    nested.rollback().await.unwrap();
    assert_eq!(one.read().seller_id, ann.read().id);
    session.commit().await.unwrap();
    drop(session);

    let mut session = stage.sessions.open();
    let stored = select((Deal::note, Deal::seller_id, Deal::buyer_id)).order_by(Deal::note);
    let stored = session.execute(stored).all().await.unwrap();
    let (ann, bob) = (ann.read().id, bob.read().id);
    let row = |note: &str, seller, buyer| (note.to_owned(), seller, buyer);
    assert_eq!(
        stored,
        [
            row("both", ann, Some(bob)),
            row("one", ann, None),
            row("seen", bob, None),
            row("unseen", ann, None)
        ]
    );
}
on_every_database!(foreign_keys_of_new_objects_go_back);

/// New objects that are put in one by one, somewhere and then somewhere else: each is in one collection, once.
async fn a_new_object_is_in_one_collection(database: &Database) {
    let stage = Stage::of(database, MetaData::of((Party, Deal))).await;
    let mut session = stage.sessions.open();
    let (ann, bob) = (session.add(party("Ann")), session.add(party("Bob")));
    let deals: Vec<_> = (0..40).map(|number| session.add(deal(&format!("{number:02}")))).collect();
    let sell = |party: &Instance<Party>, deal: &Instance<Deal>| party.edit(|party| party.sales.push(deal));
    deals.iter().for_each(|deal| sell(&ann, deal));
    // Once more where they are, then every other one elsewhere, by either side.
    deals.iter().for_each(|deal| sell(&ann, deal));
    deals.iter().step_by(4).for_each(|deal| sell(&bob, deal));
    deals[2..].iter().step_by(4).for_each(|deal| deal.set(Deal::seller, &bob));
    ann.edit(|ann| assert!(ann.sales.remove(&deals[1]) && !ann.sales.remove(&deals[0])));
    bob.edit(|bob| bob.sales.push(&deals[1]));
    session.flush().await.unwrap();
    assert_eq!((ann.read().sales.len().unwrap(), bob.read().sales.len().unwrap()), (19, 21));
    for deal in &deals {
        let seller = deal.read().seller.get().unwrap().unwrap();
        assert_eq!(deal.read().seller_id, seller.read().id);
        assert_eq!(seller.read().sales.iter().unwrap().filter(|other| other == deal).count(), 1);
    }
    session.commit().await.unwrap();
    let sold = select(count(Deal::id)).filter(Deal::seller_id.eq(bob.read().id));
    assert_eq!(session.scalars(sold).one().await.unwrap(), 21);
}
on_every_database!(a_new_object_is_in_one_collection);
