//! [`Window`]: what follows OVER.

use super::{Node, OrderBy};

/// What follows OVER.
#[derive(Clone, Debug, Default)]
pub struct Window {
    /// PARTITION BY.
    pub partition_by: Vec<Node>,
    /// ORDER BY.
    pub order_by: Vec<OrderBy>,
    /// The frame; none: the database's default.
    pub frame: Option<Frame>,
}

/// Which rows around the present one a window function sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Frame {
    /// What is counted.
    pub unit: FrameUnit,
    /// The first row.
    pub start: FrameBound,
    /// The last row.
    pub end: FrameBound,
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
pub enum FrameBound {
    /// UNBOUNDED PRECEDING.
    UnboundedPreceding,
    /// So many PRECEDING.
    Preceding(u32),
    /// CURRENT ROW.
    CurrentRow,
    /// So many FOLLOWING.
    Following(u32),
    /// UNBOUNDED FOLLOWING.
    UnboundedFollowing,
}
