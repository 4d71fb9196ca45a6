//! Function calls and windows.

use super::compiler::Compiler;
use crate::{
    Error, Result,
    expression::{FrameBound, FrameUnit, FunctionNode, Node, Window},
};

/// Functions that take values of any type, so that nothing tells a parameter's type.
const OF_ANY_TYPE: [&str; 8] = [
    "concat",
    "concat_ws",
    "format",
    "json_build_array",
    "json_build_object",
    "jsonb_build_array",
    "jsonb_build_object",
    "num_nulls",
];

impl<'n> Compiler<'n> {
    pub(super) fn function(&mut self, function: &'n FunctionNode) -> Result<()> {
        check_name(&function.name)?;
        self.push(&function.name);
        self.push("(");
        if function.distinct {
            self.push("DISTINCT ");
        }
        let lone = OF_ANY_TYPE.contains(&&*function.name)
            || function.arguments.iter().all(|argument| matches!(argument, Node::Bind(_) | Node::Null));
        self.separated(
            &function.arguments,
            |this, argument| {
                if lone { this.lone(argument) } else { this.node(argument) }
            },
        )?;
        self.push(")");
        if let Some(filter) = &function.filter {
            if !self.features.aggregate_filter {
                return Err(
                    self.unsupported("FILTER (WHERE ..) after an aggregate (put a CASE into it instead)")
                );
            }
            self.push(" FILTER (WHERE ");
            self.node(filter)?;
            self.push(")");
        }
        if let Some(window) = &function.over {
            self.window(window)?;
        }
        Ok(())
    }

    fn window(&mut self, window: &'n Window) -> Result<()> {
        self.push(" OVER (");
        let mut space = "";
        if !window.partition_by.is_empty() {
            self.push("PARTITION BY ");
            self.separated(&window.partition_by, Self::node)?;
            space = " ";
        }
        if !window.order_by.is_empty() {
            self.push(space);
            self.push("ORDER BY ");
            self.orders(&window.order_by, &[], false)?;
            space = " ";
        }
        if let Some(frame) = window.frame {
            let unit = match frame.unit {
                FrameUnit::Rows => "ROWS",
                FrameUnit::Range => "RANGE",
                FrameUnit::Groups if self.features.groups_frame => "GROUPS",
                FrameUnit::Groups => return Err(self.unsupported("GROUPS in a window's frame")),
            };
            self.push(&format!("{space}{unit} BETWEEN {} AND {}", bound(frame.start), bound(frame.end)));
        }
        self.push(")");
        Ok(())
    }
}

fn bound(bound: FrameBound) -> String {
    match bound {
        FrameBound::UnboundedPreceding => "UNBOUNDED PRECEDING".to_owned(),
        FrameBound::Preceding(rows) => format!("{rows} PRECEDING"),
        FrameBound::CurrentRow => "CURRENT ROW".to_owned(),
        FrameBound::Following(rows) => format!("{rows} FOLLOWING"),
        FrameBound::UnboundedFollowing => "UNBOUNDED FOLLOWING".to_owned(),
    }
}

/// A function's name is written just so, and so must be one.
fn check_name(name: &str) -> Result<()> {
    let is_name = |part: &str| {
        part.starts_with(|first: char| first.is_alphabetic() || first == '_')
            && part
                .chars()
                .all(|character| character.is_alphanumeric() || character == '_' || character == '$')
    };
    if name.split('.').all(is_name) {
        return Ok(());
    }
    Err(Error::argument(format!("`{name}` is not the name of a function")))
}
