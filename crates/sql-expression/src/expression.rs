//! The tree of an expression: plain data, shared by reference counts. The typed shell around it is in [`crate::typed`].

mod map;
mod node;
mod operator;
mod source;
mod window;

pub use node::{
    BinaryNode, BindNode, CaseNode, CastNode, ColumnReference, FragmentPart, FunctionNode, InNode, LabelNode,
    Node, OrderBy, UnaryNode,
};
pub use operator::{BinaryOperator, UnaryOperator};
pub use source::{Alias, AliasTarget, Source};
pub use window::{Frame, FrameBound, FrameUnit, Window};

pub use crate::typed::ColumnExpression;
