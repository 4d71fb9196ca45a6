//! Random lists of operations.

use fastrand::Rng;

use super::{
    handle::Eager,
    operation::{Meant, New, Operation, Side},
    schema::{KINDS, Kind, LINKS, Link, WEBS, Web},
};

/// A list of operations; the same seed gives the same.
pub fn generate(seed: u64) -> Vec<Operation> {
    let mut random = Rng::with_seed(seed);
    // Often only a few models, so that their objects meet.
    let kinds: Vec<Kind> = match random.u8(0..8) {
        0 => KINDS.to_vec(),
        1 => vec![Kind::Owner, Kind::Item, Kind::Mark],
        2 => vec![Kind::Owner, Kind::Badge, Kind::Loan],
        3 => vec![Kind::Node],
        4 => vec![Kind::Page, Kind::Seat, Kind::Mark],
        5 => vec![Kind::Team, Kind::Member],
        6 => vec![Kind::Album, Kind::Photo],
        _ => vec![Kind::Owner, Kind::Item, Kind::Sheet, Kind::Seat],
    };
    let length = random.usize(5..30);
    let mut generator = Generator { random, kinds };
    let mut operations = Vec::with_capacity(length + 3);
    if generator.random.u8(..8) == 0 {
        operations.push(Operation::ExpireOnCommit);
    }
    while operations.len() < length {
        operations.push(generator.operation());
    }
    operations.push(Operation::Commit);
    operations
}

struct Generator {
    random: Rng,
    kinds: Vec<Kind>,
}

impl Generator {
    fn kind(&mut self) -> Kind {
        self.kinds[self.random.usize(..self.kinds.len())]
    }

    fn link(&mut self) -> Option<Link> {
        let links: Vec<Link> = LINKS
            .into_iter()
            .filter(|link| self.kinds.contains(&link.parent()) && self.kinds.contains(&link.child()))
            .collect();
        self.random.choice(links)
    }

    fn web(&mut self) -> Option<Web> {
        let webs: Vec<Web> = WEBS
            .into_iter()
            .filter(|web| self.kinds.contains(&web.left()) && self.kinds.contains(&web.right()))
            .collect();
        self.random.choice(webs)
    }

    fn number(&mut self) -> usize {
        self.random.usize(..12)
    }

    fn side(&mut self) -> Side {
        if self.random.bool() { Side::Parent } else { Side::Child }
    }

    fn note(&mut self) -> Option<u8> {
        self.random.bool().then(|| self.random.u8(..8))
    }

    fn eager(&mut self) -> Eager {
        if self.random.bool() { Eager::Selectin } else { Eager::Joined }
    }

    fn meant(&mut self) -> Meant {
        match self.random.u8(..4) {
            0 => Meant::All,
            1 => Meant::Text(self.random.u8(..8)),
            _ => Meant::Row(self.number()),
        }
    }

    fn operation(&mut self) -> Operation {
        loop {
            if let Some(operation) = self.perhaps() {
                return operation;
            }
        }
    }

    fn perhaps(&mut self) -> Option<Operation> {
        let number = self.number();
        Some(match self.random.u8(..112) {
            0..16 => Operation::Add(self.new_object(2)),
            16..18 => Operation::AddAgain(number),
            18..26 => Operation::Text(number, self.random.u8(..8)),
            26..28 => Operation::Note(number, self.note()),
            28..30 => Operation::Key(number, self.random.u8(..6)),
            30..37 => Operation::Relate(self.link()?, number, self.number(), self.side()),
            37..41 => Operation::Unrelate(self.link()?, number, self.side()),
            41..44 => {
                let count = self.random.usize(..4);
                let children = (0..count).map(|_| self.number()).collect();
                Operation::Replace(self.link()?, number, children)
            }
            44..46 => {
                let link = self.link()?;
                Operation::Nest(link, number, self.leaf(link.child()))
            }
            46..48 => {
                let parent = self.random.u8(..4).checked_sub(1).map(|_| self.number());
                Operation::ForeignKey(self.link()?, number, parent)
            }
            48..51 => Operation::Join(self.web()?, number, self.number(), self.side()),
            51..53 => Operation::Part(self.web()?, number, self.side()),
            53..58 => Operation::Delete(number),
            58..65 => Operation::Flush,
            65..69 => Operation::Commit,
            69..73 => Operation::Rollback,
            73..76 => Operation::BeginNested,
            76..77 => Operation::Release,
            77..79 => Operation::RollbackNested,
            79..80 => Operation::DropNested,
            80..81 => Operation::Expire(number),
            81..82 => Operation::ExpireAll,
            82..83 => Operation::Refresh(number),
            83..87 => Operation::Get(self.kind(), number),
            87..89 => Operation::Query(self.kind()),
            89..91 => Operation::Load(self.link()?, number, self.side()),
            91..92 => Operation::LoadWeb(self.web()?, number, self.side()),
            92..94 => Operation::Merge(self.kind(), number, self.random.u8(..8), self.note()),
            94..95 => Operation::MergeNew(self.random.u8(..6), self.random.u8(..8)),
            95..96 => Operation::Expunge(number),
            96..97 => Operation::ExpungeAll,
            97..98 => Operation::Close,
            98..100 => Operation::Outside(self.kind(), number, self.random.u8(..8)),
            100 => Operation::Stream(self.kind()),
            101 => Operation::QueryLinked(self.link()?, self.side(), self.eager()),
            102 => Operation::QueryWeb(self.web()?, self.eager()),
            103..105 => Operation::SetNotes(self.kind(), self.meant(), self.note(), self.random.bool()),
            105..107 => Operation::DeleteRows(self.kind(), self.meant(), self.random.bool()),
            107 => Operation::Plan,
            108 => Operation::Prune,
            109 => Operation::Compute(number, self.random.u8(..8)),
            110 if self.kinds.contains(&Kind::Team) => Operation::Key(number, self.random.u8(..6)),
            _ => {
                let count = self.random.usize(..3);
                let items = (0..count).map(|_| (self.number(), self.random.u8(..8))).collect();
                Operation::MergeWithItems(number, self.random.u8(..8), items, self.note())
            }
        })
    }

    fn leaf(&mut self, kind: Kind) -> New {
        New {
            kind,
            text: self.random.u8(..8),
            note: self.note(),
            key: self.random.u8(..6),
            under: None,
            parent: Vec::new(),
            children: Vec::new(),
            web: Vec::new(),
        }
    }

    fn new_object(&mut self, depth: usize) -> New {
        let kind = self.kind();
        self.new_of(kind, depth)
    }

    /// A new object; what cannot be without a parent nearly always has one.
    fn new_of(&mut self, kind: Kind, depth: usize) -> New {
        let mut new = self.leaf(kind);
        if let Some(link) = kind.upwards().filter(|link| self.kinds.contains(&link.parent())) {
            match self.random.u8(..10) {
                0..6 => new.under = Some((link, self.number())),
                6..9 if depth > 0 => {
                    let parent = self.leaf(link.parent());
                    new.parent.push((link, parent));
                }
                _ => {}
            }
        }
        if depth == 0 {
            return new;
        }
        let links: Vec<Link> = kind.downwards().filter(|link| self.kinds.contains(&link.child())).collect();
        for link in links {
            let most = if link.is_single() { 2 } else { 3 };
            for _ in 0..self.random.usize(..most) {
                let mut child = self.new_of(link.child(), depth - 1);
                (child.under, child.parent) = (None, Vec::new());
                new.children.push((link, child));
            }
        }
        let webs: Vec<Web> =
            kind.webs().filter(|web| web.left() == kind && self.kinds.contains(&web.right())).collect();
        for web in webs {
            if self.random.u8(..4) == 0 {
                let other = self.leaf(web.right());
                new.web.push((web, other));
            }
        }
        new
    }
}
