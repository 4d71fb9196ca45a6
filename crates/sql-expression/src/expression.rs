//! The tree of an expression: plain data, shared by reference counts. The typed shell around it is in [`crate::typed`].

mod construct;
mod map;
mod node;
mod operator;
mod source;
mod window;

pub use construct::{
    BitwiseOperator, Construct, ConstructNode, DateField, DateUnit, FullTextMode, Grouping, JsonRead,
    JsonStep,
};
pub use node::{
    BinaryNode, BindNode, CaseNode, CastNode, ColumnReference, FragmentPart, FunctionClauses, FunctionNode,
    InNode, LabelNode, Node, OrderBy, UnaryNode,
};
pub use operator::{BinaryOperator, CustomOperator, OperatorPrecedence, UnaryOperator, operator};
pub use source::{Alias, AliasTarget, Source, TableFunction, ValuesNode};
pub use window::{Frame, FrameBound, FrameExclusion, FrameUnit, Window};

pub use crate::typed::ColumnExpression;
