//! What the oracle knows of the models: their kinds, and how they are linked. It asks the library for nothing of it.

/// A model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Owner,
    Item,
    Badge,
    Loan,
    Sheet,
    Mark,
    Node,
    Page,
    Seat,
    Team,
    Member,
    Album,
    Photo,
}

/// A relationship over a foreign key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Link {
    Items,
    Badge,
    Loans,
    Sheets,
    Children,
    Members,
    Photos,
    Covers,
}

/// A relationship over a secondary table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Web {
    Marks,
    Friends,
}

pub const KINDS: [Kind; 13] = [
    Kind::Owner,
    Kind::Item,
    Kind::Badge,
    Kind::Loan,
    Kind::Sheet,
    Kind::Mark,
    Kind::Node,
    Kind::Page,
    Kind::Seat,
    Kind::Team,
    Kind::Member,
    Kind::Album,
    Kind::Photo,
];
pub const LINKS: [Link; 8] = [
    Link::Items,
    Link::Badge,
    Link::Loans,
    Link::Sheets,
    Link::Children,
    Link::Members,
    Link::Photos,
    Link::Covers,
];
pub const WEBS: [Web; 2] = [Web::Marks, Web::Friends];

impl Kind {
    /// The link in which it is the child.
    pub fn upwards(self) -> Option<Link> {
        LINKS.into_iter().find(|link| link.child() == self)
    }

    /// The links in which it is the parent.
    pub fn downwards(self) -> impl Iterator<Item = Link> {
        LINKS.into_iter().filter(move |link| link.parent() == self)
    }

    pub fn webs(self) -> impl Iterator<Item = Web> {
        WEBS.into_iter().filter(move |web| web.left() == self || web.right() == self)
    }

    /// Whether the user gives the key.
    pub fn has_given_key(self) -> bool {
        matches!(self, Self::Seat | Self::Team)
    }

    pub fn counts_versions(self) -> bool {
        self == Self::Page
    }

    pub fn has_unique_text(self) -> bool {
        self == Self::Mark
    }
}

impl Link {
    pub fn parent(self) -> Kind {
        match self {
            Self::Items | Self::Badge | Self::Loans | Self::Sheets => Kind::Owner,
            Self::Children => Kind::Node,
            Self::Members => Kind::Team,
            Self::Photos => Kind::Album,
            Self::Covers => Kind::Photo,
        }
    }

    pub fn child(self) -> Kind {
        match self {
            Self::Items => Kind::Item,
            Self::Badge => Kind::Badge,
            Self::Loans => Kind::Loan,
            Self::Sheets => Kind::Sheet,
            Self::Children => Kind::Node,
            Self::Members => Kind::Member,
            Self::Photos => Kind::Photo,
            Self::Covers => Kind::Album,
        }
    }

    /// Whether a parent has one child at most.
    pub fn is_single(self) -> bool {
        self == Self::Badge
    }

    /// Whether a child cannot be without a parent.
    pub fn is_required(self) -> bool {
        matches!(self, Self::Items | Self::Badge)
    }

    /// Whether children are deleted along with their parent.
    pub fn deletes(self) -> bool {
        matches!(self, Self::Items | Self::Badge | Self::Sheets)
    }

    /// Whether children are deleted when they are taken away from their parent.
    pub fn deletes_orphans(self) -> bool {
        matches!(self, Self::Items | Self::Badge)
    }

    /// Whether the database changes the key of the children along with that of their parent.
    pub fn follows_key(self) -> bool {
        self == Self::Members
    }

    /// Whether the database deletes the children of which the session does not know.
    pub fn is_passive(self) -> bool {
        self == Self::Sheets
    }
}

impl Web {
    pub fn left(self) -> Kind {
        match self {
            Self::Marks => Kind::Item,
            Self::Friends => Kind::Node,
        }
    }

    pub fn right(self) -> Kind {
        match self {
            Self::Marks => Kind::Mark,
            Self::Friends => Kind::Node,
        }
    }
}
