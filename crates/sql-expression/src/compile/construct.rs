//! Constructs: what each database says in words of its own.

mod dates;
mod json;
mod search;

use super::{compiler::Compiler, precedence::Precedence};
use crate::{
    Error, Result, Value,
    dialect::{
        BitwiseStyle, Features, FullTextStyle, GroupingStyle, JsonStyle, RegexpStyle, TryCastStyle,
        UpsertStyle,
    },
    expression::{BitwiseOperator, Construct, ConstructNode, Grouping, JsonRead, Node},
    statement::InsertRows,
    types::SqlType,
};

/// How strongly a construct binds, once it is written.
pub(super) fn precedence(construct: &Construct, features: &Features) -> Precedence {
    let constructs = &features.constructs;
    match construct {
        Construct::Collate(_) => Precedence::Other,
        Construct::Regexp { .. } => match constructs.regexp {
            Some(RegexpStyle::Tilde) => Precedence::Other,
            Some(RegexpStyle::Function) => Precedence::Not,
            _ => Precedence::Comparison,
        },
        Construct::Bitwise(operator) => match (constructs.bitwise, operator) {
            (BitwiseStyle::Unsigned, _) | (BitwiseStyle::WithoutXor, BitwiseOperator::Xor) => {
                Precedence::Atom
            }
            _ => Precedence::Other,
        },
        Construct::Json { path, read } => match (constructs.json, read) {
            (Some(JsonStyle::Arrows), JsonRead::Json | JsonRead::Text) if !path.is_empty() => {
                Precedence::Other
            }
            (Some(JsonStyle::Extract), JsonRead::Json) => Precedence::Other,
            _ => Precedence::Atom,
        },
        Construct::FullText { rank: false, .. } => match constructs.full_text {
            Some(FullTextStyle::Vectors) => Precedence::Other,
            Some(FullTextStyle::Match) => Precedence::Comparison,
            _ => Precedence::Atom,
        },
        Construct::Grouping(_) => Precedence::Any,
        _ => Precedence::Atom,
    }
}

impl<'n> Compiler<'n> {
    /// Writes an array and the bracket behind it.
    fn subscripted(&mut self, array: &'n Node, construct: &str) -> Result<()> {
        if !self.features.constructs.arrays {
            return Err(self.unsupported(construct));
        }
        match array {
            Node::Column(_) => self.node(array)?,
            array => {
                self.push("(");
                self.node(array)?;
                self.push(")");
            }
        }
        self.push("[");
        Ok(())
    }

    /// Writes a construct.
    pub(super) fn construct(&mut self, node: &'n ConstructNode) -> Result<()> {
        let operands = &node.operands[..];
        match (&node.construct, operands) {
            (Construct::Collate(collation), [text]) => {
                match text {
                    Node::Bind(_) => self.lone(text)?,
                    text => self.operand(text, Precedence::Atom)?,
                }
                self.push(" COLLATE ");
                self.identifier(collation);
                Ok(())
            }
            (Construct::TryCast(sql_type), [operand]) => self.try_cast(sql_type, operand),
            (Construct::Regexp { negated, ignore_case }, [text, pattern]) => {
                self.regexp(text, pattern, *negated, *ignore_case)
            }
            (Construct::Bitwise(operator), operands) => self.bitwise(*operator, operands),
            (Construct::Quantified { all }, [operand]) => {
                if !self.features.constructs.quantified {
                    return Err(self.unsupported(if *all { "ALL (..)" } else { "ANY (..)" }));
                }
                self.push(if *all { "ALL " } else { "ANY " });
                match operand {
                    Node::Subquery(select) => self.subquery(select),
                    operand => {
                        if !self.features.constructs.arrays {
                            return Err(self.unsupported("ANY or ALL over an array"));
                        }
                        self.push("(");
                        self.lone(operand)?;
                        self.push(")");
                        Ok(())
                    }
                }
            }
            (Construct::Json { path, read }, [document]) => self.json(document, path, *read),
            (Construct::Extract(field), [operand]) => self.extract(*field, operand),
            (Construct::Later(sql_type), [moment, months, days, microseconds]) => {
                self.later(sql_type, moment, [months, days, microseconds])
            }
            (Construct::Between(unit), [later, earlier]) => self.time_between(*unit, later, earlier),
            (Construct::Now(sql_type), []) => self.now(sql_type),
            (Construct::FullText { mode, configuration, rank }, [columns @ .., query]) => {
                self.full_text(columns, query, *mode, configuration.as_ref(), *rank)
            }
            (Construct::Grouping(grouping), operands) => self.grouping(*grouping, operands),
            (Construct::Array(element), operands) => self.array_of(element.as_ref(), operands),
            (Construct::Element, [array, position]) => {
                self.subscripted(array, "an element of an array")?;
                self.node(position)?;
                self.push("]");
                Ok(())
            }
            (Construct::Slice, [array, first, last]) => {
                self.subscripted(array, "a slice of an array")?;
                self.node(first)?;
                self.push(":");
                self.node(last)?;
                self.push("]");
                Ok(())
            }
            (Construct::Text(text), []) => {
                self.dialect.write_literal(&Value::Text((**text).into()), self.writer.text())
            }
            (Construct::Excluded(column), []) => self.excluded(column),
            (Construct::NextValue(sequence), []) => {
                let sql = super::ddl::next_value(sequence, self.dialect)?;
                self.push(&sql);
                Ok(())
            }
            (construct, operands) => {
                Err(Error::compile(format!("{construct:?} cannot be said of {} expressions", operands.len())))
            }
        }
    }

    /// Writes a CAST that gives NULL for what cannot be converted.
    fn try_cast(&mut self, sql_type: &SqlType, operand: &'n Node) -> Result<()> {
        let name = self.dialect.cast_type_name(sql_type)?;
        match self.features.constructs.try_cast {
            Some(TryCastStyle::Function) => self.push("TRY_CAST("),
            Some(TryCastStyle::InputIsValid) => {
                let slot = self.slot;
                self.push("CASE WHEN pg_input_is_valid(CAST(");
                self.node(operand)?;
                self.push(" AS TEXT), ");
                self.dialect.write_literal(&Value::Text(name.as_str().into()), self.writer.text())?;
                self.push(") THEN CAST(");
                self.slot = slot;
            }
            None => return Err(self.unsupported("TRY_CAST (use `cast`)")),
        }
        self.node(operand)?;
        self.push(" AS ");
        self.push(&name);
        self.push(match self.features.constructs.try_cast {
            Some(TryCastStyle::InputIsValid) => ") END",
            _ => ")",
        });
        Ok(())
    }

    fn bitwise(&mut self, operator: BitwiseOperator, operands: &'n [Node]) -> Result<()> {
        let style = self.features.constructs.bitwise;
        if style == BitwiseStyle::Unsigned {
            self.push("CAST(");
        }
        match operands {
            [bits] => {
                self.push("~");
                match bits {
                    Node::Bind(_) => self.lone(bits)?,
                    bits => self.operand(bits, Precedence::Atom)?,
                }
            }
            [left, right] if operator == BitwiseOperator::Xor && style == BitwiseStyle::WithoutXor => {
                // What one of them has, without what both have.
                let slot = self.slot;
                self.push("((");
                self.bit_sides(left, " | ", right)?;
                self.push(") - (");
                self.slot = slot;
                self.bit_sides(left, " & ", right)?;
                self.push("))");
            }
            [left, right] => {
                let text = match operator {
                    BitwiseOperator::And => " & ",
                    BitwiseOperator::Or => " | ",
                    BitwiseOperator::Xor if style == BitwiseStyle::Hash => " # ",
                    BitwiseOperator::Xor => " ^ ",
                    BitwiseOperator::ShiftLeft => " << ",
                    BitwiseOperator::ShiftRight => " >> ",
                    BitwiseOperator::Not => return Err(Error::compile("NOT of bits takes one expression")),
                };
                self.bit_sides(left, text, right)?;
            }
            _ => return Err(Error::compile("an operator on bits takes two expressions")),
        }
        if style == BitwiseStyle::Unsigned {
            self.push(" AS SIGNED)");
        }
        Ok(())
    }

    fn bit_sides(&mut self, left: &'n Node, text: &str, right: &'n Node) -> Result<()> {
        self.operand_beside(left, right, Precedence::Atom)?;
        self.push(text);
        self.operand_beside(right, left, Precedence::Atom)
    }

    /// Writes an element of GROUP BY that groups in more than one way. MySQL's WITH ROLLUP stands for all of GROUP BY.
    fn grouping(&mut self, grouping: Grouping, operands: &'n [Node]) -> Result<()> {
        let word = match grouping {
            Grouping::Rollup => "ROLLUP",
            Grouping::Cube => "CUBE",
            Grouping::Sets => "GROUPING SETS",
        };
        match self.features.constructs.grouping {
            Some(GroupingStyle::Standard) => {
                self.push(word);
                self.push(" (");
                self.separated(operands, Self::node)?;
                self.push(")");
                Ok(())
            }
            Some(GroupingStyle::WithRollup) if grouping == Grouping::Rollup => {
                self.separated(operands, Self::node)?;
                self.push(" WITH ROLLUP");
                Ok(())
            }
            _ => Err(self.unsupported(&format!("{word} in GROUP BY"))),
        }
    }

    fn array_of(&mut self, element: Option<&SqlType>, operands: &'n [Node]) -> Result<()> {
        if !self.features.constructs.arrays {
            return Err(self.unsupported("ARRAY[..]"));
        }
        let cast = match element {
            Some(element) => Some(self.dialect.cast_type_name(element)?),
            None => None,
        };
        if cast.is_some() {
            self.push("CAST(");
        }
        self.push("ARRAY[");
        self.separated(
            operands,
            |this, operand| {
                if cast.is_some() { this.node(operand) } else { this.lone(operand) }
            },
        )?;
        self.push("]");
        if let Some(name) = cast {
            self.push(" AS ");
            self.push(&name);
            self.push("[])");
        }
        Ok(())
    }

    /// Writes what an INSERT would have put into a column.
    fn excluded(&mut self, column: &str) -> Result<()> {
        let Some(insert) = self.upsert_of else {
            return Err(Error::compile(
                "`excluded` has a meaning only in `on_conflict_do_update` and `on_duplicate_key_update`",
            ));
        };
        let name = self.table_column(&insert.table, column)?;
        let style = match self.features.constructs.upsert {
            // The rows of a select have no place for a name.
            Some(UpsertStyle::DuplicateKeyAlias) if !matches!(insert.rows, InsertRows::Values(_)) => {
                Some(UpsertStyle::DuplicateKeyValues)
            }
            style => style,
        };
        match style {
            Some(UpsertStyle::DuplicateKeyValues) => {
                self.push("VALUES(");
                self.identifier(&name);
                self.push(")");
            }
            Some(UpsertStyle::DuplicateKeyAlias) => {
                self.push("new.");
                self.identifier(&name);
            }
            _ => {
                self.push("excluded.");
                self.identifier(&name);
            }
        }
        Ok(())
    }
}
