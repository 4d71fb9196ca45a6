//! Lists of operations that once failed: what a hunt finds and what is mended comes here.

use super::{
    handle::Eager,
    operation::{
        Meant, New,
        Operation::{
            self, Add, AddAgain, BeginNested, Commit, Compute, Delete, DeleteRows, ExpireAll, ExpungeAll,
            Flush, ForeignKey, Get, Key, Merge, MergeWithItems, Nest, Query, QueryLinked, Refresh, Relate,
            Rollback, Text, Unrelate,
        },
        Side::{Child, Parent},
        blank,
    },
    run::Ground,
    schema::{Kind, Link},
};
use crate::database::{Database, on_every_database};

/// The lists, each with what was wrong.
fn lists() -> Vec<(&'static str, Vec<Operation>)> {
    let owner = || New { kind: Kind::Owner, text: 1, ..blank() };
    let child = |kind| New { kind, text: 2, ..blank() };
    let seat = |key| New { kind: Kind::Seat, key, ..blank() };
    let with = |link: Link| New { children: vec![(link, child(link.child()))], ..owner() };
    vec![
        (
            "a foreign key that was set to NULL in the transaction of its INSERT left the collection as it was",
            vec![Add(with(Link::Loans)), Flush, ForeignKey(Link::Loans, 0, None), Flush],
        ),
        (
            "a refresh wrote the changes that it should throw away",
            vec![Add(New { kind: Kind::Page, text: 1, ..blank() }), Commit, Text(0, 3), Refresh(0)],
        ),
        (
            "a key that an object gives up was refused to a new one",
            vec![Add(seat(5)), Flush, Key(0, 0), Add(seat(5)), Commit],
        ),
        (
            "merging found the old key of an object whose new one was not written yet",
            vec![Add(seat(2)), Flush, Key(0, 4), Merge(Kind::Seat, 0, 6, Some(4)), Commit],
        ),
        (
            "merging left an expired object expired when one of its links was changed",
            vec![
                Add(with(Link::Items)),
                BeginNested,
                Unrelate(Link::Items, 0, Parent),
                ExpireAll,
                Merge(Kind::Owner, 0, 6, Some(3)),
                Commit,
            ],
        ),
        (
            "who was given the parent that it had already contradicted a foreign key that was set by hand",
            vec![
                Add(with(Link::Sheets)),
                Flush,
                Relate(Link::Sheets, 0, 0, Child),
                Flush,
                ForeignKey(Link::Sheets, 0, None),
                Get(Kind::Owner, 9),
                Commit,
            ],
        ),
        (
            "MariaDB did not delete a row that refers to itself",
            vec![
                Add(New { kind: Kind::Node, text: 5, ..blank() }),
                Flush,
                ForeignKey(Link::Children, 0, Some(0)),
                Commit,
                Delete(0),
                Commit,
            ],
        ),
        (
            "the foreign key of a new row that is written afterwards was written before its key was known",
            vec![
                Add(New { parent: vec![(Link::Covers, child(Kind::Photo))], ..child(Kind::Album) }),
                Commit,
                Nest(Link::Covers, 0, child(Kind::Album)),
                Flush,
            ],
        ),
        (
            "a refresh wrote the expression that it should throw away",
            vec![Add(New { kind: Kind::Page, text: 1, ..blank() }), Commit, Compute(0, 4), Refresh(0)],
        ),
        (
            "a flush of nothing went well after a statement had failed",
            vec![Add(with(Link::Items)), Flush, DeleteRows(Kind::Owner, Meant::All, true), Flush],
        ),
        (
            "what the database deletes along with a set of rows stayed in the session",
            vec![Add(with(Link::Sheets)), Commit, DeleteRows(Kind::Owner, Meant::Row(0), false), Commit],
        ),
        (
            "what is deleted and comes back by a rollback is itself",
            vec![
                Add(with(Link::Items)),
                Commit,
                Delete(0),
                BeginNested,
                Query(Kind::Item),
                Rollback,
                Get(Kind::Item, 0),
                AddAgain(0),
            ],
        ),
        (
            "an expired object that a merge put elsewhere stayed where it was, too",
            vec![
                Add(with(Link::Items)),
                Add(New { kind: Kind::Owner, text: 7, ..blank() }),
                Commit,
                ExpireAll,
                MergeWithItems(9, 2, vec![(0, 2)], None),
            ],
        ),
        (
            "what was loaded again after all objects were let go kept its links through a rollback",
            vec![
                Add(New { kind: Kind::Node, text: 5, ..blank() }),
                Commit,
                Relate(Link::Children, 9, 3, Child),
                QueryLinked(Link::Children, Child, Eager::Joined),
                ExpungeAll,
                QueryLinked(Link::Children, Parent, Eager::Selectin),
                Rollback,
                Query(Kind::Node),
            ],
        ),
    ]
}

async fn what_once_failed(database: &Database) {
    let mut ground = Ground::new(database).await;
    for (wrong, operations) in lists() {
        if let Err(failure) = ground.run(&operations).await {
            panic!("{wrong}, and does so again: {}", failure.complaint);
        }
    }
    ground.end().await;
}
on_every_database!(what_once_failed);
