//! Regular expressions and full-text search.

use crate::{
    Error, Result, Value,
    compile::{compiler::Compiler, precedence::Precedence},
    dialect::{Concatenation, FullTextStyle, RegexpStyle},
    expression::{FullTextMode, Node, Source},
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
            Some(FullTextStyle::Match) => self.fts5(columns, query, mode),
            None => Err(self.unsupported("a full-text search")),
        }
    }

    /// Writes a search in a virtual table of FTS5. What several columns are looked through is said in its own language, of
    /// which the column that is named like the table stands for all of them.
    fn fts5(&mut self, columns: &'n [Node], query: &'n Node, mode: FullTextMode) -> Result<()> {
        let filter = match columns {
            [column] => {
                self.operand(column, Precedence::Atom)?;
                None
            }
            columns => Some(self.fts5_columns(columns)?),
        };
        self.push(" MATCH ");
        if filter.is_none() && mode == FullTextMode::Query {
            return self.operand(query, Precedence::Atom);
        }
        self.push("(");
        if let Some(filter) = &filter {
            self.dialect.write_literal(&Value::Text(filter.as_str().into()), self.writer.text())?;
            self.push(" || ");
        }
        match mode {
            FullTextMode::Query => self.operand(query, Precedence::Atom)?,
            // Each word between quotes, so that nothing in it has a meaning of its own.
            FullTextMode::Words => {
                self.push("'\"' || replace(replace(");
                self.node(query)?;
                self.push(", '\"', '\"\"'), ' ', '\" \"') || '\"'");
            }
        }
        self.push(if filter.is_some() { " || ')')" } else { ")" });
        Ok(())
    }

    /// Writes the column that stands for all, and gives the words of FTS5 that leave only these.
    fn fts5_columns(&mut self, columns: &'n [Node]) -> Result<String> {
        let mut table: Option<&Source> = None;
        let mut filter = String::from("{");
        for column in columns {
            let Node::Column(column) = column else { return Err(self.several_columns()) };
            if table.is_some_and(|table| *table != column.source) {
                return Err(self.several_columns());
            }
            table = Some(&column.source);
            let name = self.column_name(&column.source, &column.name)?;
            filter.push_str(&format!("\"{}\" ", name.replace('"', "\"\"")));
        }
        filter.truncate(filter.trim_end().len());
        filter.push_str("} : (");
        let Some((source, table)) = table.and_then(|source| Some((source, source.table()?))) else {
            return Err(self.several_columns());
        };
        self.source_name(source);
        self.push(".");
        let name = self.dialect.physical_name(table.name()).into_owned();
        self.identifier(&name);
        Ok(filter)
    }

    fn several_columns(&self) -> Error {
        self.unsupported("a full-text search in columns that are not all of one table")
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
