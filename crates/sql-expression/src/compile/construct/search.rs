//! Regular expressions and full-text search.

use crate::{
    Error, Result, Value,
    compile::{compiler::Compiler, precedence::Precedence},
    dialect::{Concatenation, FullTextStyle, RegexpStyle},
    expression::{FullTextMode, Node},
    name::Name,
};

impl<'n> Compiler<'n> {
    /// Writes a search for a regular expression, with regard to upper and lower case unless said otherwise.
    pub(super) fn regexp(
        &mut self,
        text: &'n Node,
        pattern: &'n Node,
        negated: bool,
        ignore_case: bool,
    ) -> Result<()> {
        match self.features.constructs.regexp {
            Some(RegexpStyle::Tilde) => {
                self.operand_beside(text, pattern, Precedence::Atom)?;
                self.push(match (negated, ignore_case) {
                    (false, false) => " ~ ",
                    (false, true) => " ~* ",
                    (true, false) => " !~ ",
                    (true, true) => " !~* ",
                });
                self.operand_beside(pattern, text, Precedence::Atom)
            }
            Some(RegexpStyle::Function) => {
                self.push(if negated { "NOT REGEXP_LIKE(" } else { "REGEXP_LIKE(" });
                self.node(text)?;
                self.push(", ");
                self.node(pattern)?;
                self.push(if ignore_case { ", 'i')" } else { ", 'c')" });
                Ok(())
            }
            Some(RegexpStyle::Operator) => {
                self.operand(text, Precedence::Atom)?;
                self.push(if negated { " NOT REGEXP " } else { " REGEXP " });
                // Without regard to case is a matter of the collation where nothing is said.
                let by_function = self.features.concatenation == Concatenation::Function;
                self.push(if by_function { "CONCAT('(?" } else { "('(?" });
                self.push(if ignore_case { "i)'" } else { "-i)'" });
                self.push(if by_function { ", " } else { " || " });
                self.operand(pattern, Precedence::Atom)?;
                self.push(")");
                Ok(())
            }
            None => Err(self.unsupported("a regular expression")),
        }
    }

    /// Writes a full-text search, or its rank.
    pub(super) fn full_text(
        &mut self,
        columns: &'n [Node],
        query: &'n Node,
        mode: FullTextMode,
        configuration: Option<&Name>,
        rank: bool,
    ) -> Result<()> {
        if columns.is_empty() {
            return Err(Error::compile("a full-text search needs a column to search in"));
        }
        match self.features.constructs.full_text {
            Some(FullTextStyle::Vectors) => {
                if rank {
                    self.push("ts_rank(");
                }
                self.vector(columns, configuration)?;
                self.push(if rank { ", " } else { " @@ " });
                self.push(match mode {
                    FullTextMode::Words => "plainto_tsquery(",
                    FullTextMode::Query => "to_tsquery(",
                });
                self.configuration(configuration)?;
                self.lone(query)?;
                self.push(if rank { "))" } else { ")" });
                Ok(())
            }
            Some(FullTextStyle::Against) => {
                self.push("MATCH (");
                self.separated(columns, Self::node)?;
                self.push(") AGAINST (");
                self.node(query)?;
                self.push(match mode {
                    FullTextMode::Words => " IN NATURAL LANGUAGE MODE)",
                    FullTextMode::Query => " IN BOOLEAN MODE)",
                });
                Ok(())
            }
            Some(FullTextStyle::Match) if rank => {
                Err(self.unsupported("the rank of a full-text search (order by FTS5's own column `rank`)"))
            }
            Some(FullTextStyle::Match) => {
                let [column] = columns else {
                    return Err(self.unsupported(
                        "a full-text search in several columns (search in the virtual table's own column)",
                    ));
                };
                self.operand(column, Precedence::Atom)?;
                self.push(" MATCH ");
                self.operand(query, Precedence::Atom)
            }
            None => Err(self.unsupported("a full-text search")),
        }
    }

    /// Writes the columns as one vector.
    fn vector(&mut self, columns: &'n [Node], configuration: Option<&Name>) -> Result<()> {
        self.push("to_tsvector(");
        self.configuration(configuration)?;
        match columns {
            [column] => self.lone(column)?,
            columns => {
                self.push("concat_ws(' ', ");
                self.separated(columns, Self::lone)?;
                self.push(")");
            }
        }
        self.push(")");
        Ok(())
    }

    fn configuration(&mut self, configuration: Option<&Name>) -> Result<()> {
        if let Some(name) = configuration {
            self.dialect.write_literal(&Value::Text((**name).into()), self.writer.text())?;
            self.push(", ");
        }
        Ok(())
    }
}
