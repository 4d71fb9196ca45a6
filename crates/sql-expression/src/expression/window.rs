//! [`Window`]: what follows OVER.

use super::{Node, OrderBy};
use crate::{
    name::Name,
    statement::{IntoNodes, IntoOrderBy},
    value::Interval,
};

/// What follows OVER.
#[derive(Clone, Debug, Default)]
pub struct Window {
    /// The window of the WINDOW clause that this one begins with.
    pub base: Option<Name>,
    /// PARTITION BY.
    pub partition_by: Vec<Node>,
    /// ORDER BY.
    pub order_by: Vec<OrderBy>,
    /// The frame; none: the database's default.
    pub frame: Option<Frame>,
}

impl Window {
    /// A window over all rows.
    pub fn new() -> Self {
        Self::default()
    }

    /// The window of this name, which the select has from [`Select::window`](crate::statement::Select::window). What is
    /// added here comes on top of it.
    pub fn named(name: impl Into<Name>) -> Self {
        Self { base: Some(name.into()), ..Self::default() }
    }

    /// Gives each group of rows a window of its own.
    #[must_use]
    pub fn partition_by(mut self, expressions: impl IntoNodes) -> Self {
        expressions.push(&mut self.partition_by);
        self
    }

    /// Orders the rows of the window.
    #[must_use]
    pub fn order_by(mut self, order: impl IntoOrderBy) -> Self {
        order.push(&mut self.order_by);
        self
    }

    /// Says which rows around the present one are seen.
    #[must_use]
    pub fn frame(mut self, unit: FrameUnit, start: FrameBound, end: FrameBound) -> Self {
        let exclude = self.frame.map_or(FrameExclusion::NoOthers, |frame| frame.exclude);
        self.frame = Some(Frame { unit, start, end, exclude });
        self
    }

    /// Leaves rows out of the frame (not on MySQL): EXCLUDE. Where no frame is given, it is the usual one: the rows up to the
    /// present one, and those that are equal to it in order.
    #[must_use]
    pub fn exclude(mut self, exclude: FrameExclusion) -> Self {
        self.frame = Some(Frame { exclude, ..self.frame.unwrap_or_default() });
        self
    }
}

/// Which rows around the present one a window function sees. The default is the databases'.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Frame {
    /// What is counted.
    pub unit: FrameUnit,
    /// The first row.
    pub start: FrameBound,
    /// The last row.
    pub end: FrameBound,
    /// Which of these rows are left out.
    pub exclude: FrameExclusion,
}

impl Default for Frame {
    fn default() -> Self {
        Self {
            unit: FrameUnit::Range,
            start: FrameBound::UnboundedPreceding,
            end: FrameBound::CurrentRow,
            exclude: FrameExclusion::NoOthers,
        }
    }
}

/// Which rows of a frame are left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FrameExclusion {
    /// None: EXCLUDE NO OTHERS, which is not written.
    #[default]
    NoOthers,
    /// The present one: EXCLUDE CURRENT ROW.
    CurrentRow,
    /// The present one, and those that are equal to it in order: EXCLUDE GROUP.
    Group,
    /// Those that are equal to the present one in order: EXCLUDE TIES.
    Ties,
}

/// What a frame counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FrameUnit {
    /// ROWS.
    Rows,
    /// RANGE.
    Range,
    /// GROUPS.
    Groups,
}

/// One end of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FrameBound {
    /// UNBOUNDED PRECEDING.
    UnboundedPreceding,
    /// So many PRECEDING.
    Preceding(u32),
    /// So much time PRECEDING, in a frame of RANGE over dates and times (PostgreSQL, MySQL).
    PrecedingBy(Interval),
    /// CURRENT ROW.
    CurrentRow,
    /// So much time FOLLOWING, in a frame of RANGE over dates and times (PostgreSQL, MySQL).
    FollowingBy(Interval),
    /// So many FOLLOWING.
    Following(u32),
    /// UNBOUNDED FOLLOWING.
    UnboundedFollowing,
}
