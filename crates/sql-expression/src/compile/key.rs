//! The structural key of a statement: all of its structure, none of its values.

mod construct;
mod expression;
mod further;
mod repeated;
mod statement;

use crate::{
    Few, Value,
    dialect::Dialect,
    expression::{Alias, InNode, Source},
    schema::Table,
    statement::{SelectNode, StatementNode},
    types::SqlType,
};

/// A place in the text that waits for a value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Slot<'n> {
    /// One value.
    Value(&'n Value),
    /// The list of an IN.
    List(&'n InNode),
}

/// Walks a tree: writes its structure as bytes, collects its values, and notes which aliases it uses.
///
/// Equal bytes mean equal structure, byte for byte: every list has its length before it and every variant a tag. What an
/// alias stands for is walked after everything else, once, however often its columns are used.
#[derive(Debug)]
pub(super) struct Walk<'n> {
    key: Vec<u8>,
    pub(super) slots: Few<Slot<'n>, 8>,
    pub(super) aliases: Vec<AliasUse<'n>>,
    /// The places of a reusable statement, each with the number of its slot.
    pub(super) places: Vec<(usize, u8)>,
    /// Expressions of GROUP BY and ORDER BY that stand in the select list: the number of their first value, and of its.
    pub(super) repeated: Vec<(usize, usize)>,
    /// The tables, where they are asked for.
    tables: Option<Vec<&'n Table>>,
}

/// An alias that a statement uses.
#[derive(Clone, Copy, Debug)]
pub(super) struct AliasUse<'n> {
    pub(super) alias: &'n Alias,
    /// The number of the first value in what it stands for.
    pub(super) slot: usize,
}

impl<'n> Walk<'n> {
    /// Begins with a buffer, whose contents are dropped.
    pub(super) fn new(mut key: Vec<u8>) -> Self {
        key.clear();
        Self {
            key,
            slots: Few::new(),
            aliases: Vec::new(),
            places: Vec::new(),
            repeated: Vec::new(),
            tables: None,
        }
    }

    /// The tables that a statement uses.
    pub(super) fn tables_of(statement: &'n StatementNode) -> Vec<&'n Table> {
        let mut walk = Self { tables: Some(Vec::new()), ..Self::new(Vec::new()) };
        walk.statement(statement);
        walk.tables.unwrap_or_default()
    }

    /// The key, as it stands.
    pub(super) fn key(&self) -> &[u8] {
        &self.key
    }

    /// Gives the buffer back.
    pub(super) fn into_key(self) -> Vec<u8> {
        self.key
    }

    /// Writes what of the dialect changes the text.
    pub(super) fn dialect(&mut self, dialect: &dyn Dialect) {
        self.text(dialect.name());
        self.tag(dialect.naming() as u8);
        let (major, minor, patch) = dialect.version();
        self.number((u128::from(major) << 64) | (u128::from(minor) << 32) | u128::from(patch));
        let Some(schemas) = dialect.schemas() else { return self.count(0) };
        self.count(schemas.pairs().len());
        for (from, to) in schemas.pairs() {
            for name in [from, to] {
                self.tag(u8::from(name.is_some()));
                self.text(name.unwrap_or_default());
            }
        }
    }

    /// Writes what was written before.
    pub(super) fn again(&mut self, written: &[u8]) {
        self.key.extend_from_slice(written);
    }

    /// Walks a whole statement.
    pub(super) fn statement(&mut self, statement: &'n StatementNode) {
        match statement {
            StatementNode::Select(select) => return self.select_statement(select),
            StatementNode::Insert(insert) => {
                self.tag(2);
                self.insert(insert);
            }
            StatementNode::Update(update) => {
                self.tag(3);
                self.update(update);
            }
            StatementNode::Delete(delete) => {
                self.tag(4);
                self.delete(delete);
            }
            StatementNode::Text(text) => {
                self.tag(5);
                self.text_statement(text);
            }
            // These are not cached.
            StatementNode::Ddl(_) => self.tag(6),
            StatementNode::External(_) => self.tag(7),
        }
        self.aliases_used();
    }

    /// Walks a whole statement that is a select.
    pub(super) fn select_statement(&mut self, select: &'n SelectNode) {
        self.tag(1);
        self.select(select);
        self.aliases_used();
    }

    /// Walks what the aliases stand for; those they use in turn come last.
    pub(super) fn aliases_used(&mut self) {
        let mut position = 0;
        while let Some(found) = self.aliases.get_mut(position) {
            found.slot = self.slots.len();
            let alias = found.alias;
            match alias.name() {
                Some(name) => {
                    self.tag(1);
                    self.text(name);
                }
                None => self.tag(0),
            }
            self.alias_target(alias.target());
            position += 1;
        }
    }

    #[inline]
    fn tag(&mut self, tag: u8) {
        self.key.push(tag);
    }

    #[inline]
    fn tags<const COUNT: usize>(&mut self, tags: [u8; COUNT]) {
        self.key.extend_from_slice(&tags);
    }

    /// The length of a list or a text: one byte where it is short, as nearly all are.
    #[inline]
    fn count(&mut self, count: usize) {
        match u8::try_from(count) {
            Ok(short) if short < u8::MAX => self.tag(short),
            _ => {
                self.tag(u8::MAX);
                self.key.extend_from_slice(&(count as u64).to_le_bytes());
            }
        }
    }

    #[inline]
    fn number(&mut self, number: u128) {
        self.key.extend_from_slice(&number.to_le_bytes());
    }

    #[inline]
    fn text(&mut self, text: &str) {
        self.count(text.len());
        self.key.extend_from_slice(text.as_bytes());
    }

    fn table(&mut self, table: &'n Table) {
        if let Some(tables) = &mut self.tables {
            tables.push(table);
        }
        self.key.extend_from_slice(&table.stamp().to_le_bytes());
    }

    /// Walks a source.
    pub(super) fn source(&mut self, source: &'n Source) {
        match source {
            Source::Table(table) => {
                self.tag(1);
                self.table(table);
            }
            Source::Alias(alias) => self.alias(alias),
        }
    }

    fn alias(&mut self, alias: &'n Alias) {
        let known = self.aliases.iter().position(|found| found.alias == alias);
        let position = known.unwrap_or_else(|| {
            self.aliases.push(AliasUse { alias, slot: 0 });
            self.aliases.len() - 1
        });
        self.tag(2);
        self.count(position);
    }

    fn sql_type(&mut self, sql_type: &SqlType) {
        match sql_type {
            SqlType::SmallInteger => self.tag(1),
            SqlType::Integer => self.tag(2),
            SqlType::BigInteger => self.tag(3),
            SqlType::UnsignedBigInteger => self.tag(4),
            SqlType::Float => self.tag(5),
            SqlType::Double => self.tag(6),
            SqlType::Numeric { precision, scale } => {
                self.tag(7);
                for part in [precision, scale] {
                    self.key.extend_from_slice(&part.map_or(u32::MAX, u32::from).to_le_bytes());
                }
            }
            SqlType::Boolean => self.tag(8),
            SqlType::Varchar(length) => {
                self.tag(9);
                self.key.extend_from_slice(&length.to_le_bytes());
            }
            SqlType::Text => self.tag(10),
            SqlType::LargeBinary => self.tag(11),
            SqlType::Date => self.tag(12),
            SqlType::Time => self.tag(13),
            SqlType::DateTime => self.tag(14),
            SqlType::Timestamp => self.tag(15),
            SqlType::Uuid => self.tag(16),
            SqlType::Json => self.tag(17),
            SqlType::Enum { schema, name, values } => {
                self.tag(18);
                self.tag(u8::from(schema.is_some()));
                self.text(schema.as_deref().unwrap_or_default());
                self.text(name);
                self.count(values.len());
                for value in values.iter() {
                    self.text(value);
                }
            }
            SqlType::Array(element) => {
                self.tag(19);
                self.sql_type(element);
            }
            SqlType::Custom(name) => {
                self.tag(20);
                self.text(name);
            }
            SqlType::Unknown => self.tag(21),
            SqlType::TinyInteger => self.tag(22),
            SqlType::UnsignedTinyInteger => self.tag(23),
            SqlType::UnsignedSmallInteger => self.tag(24),
            SqlType::UnsignedInteger => self.tag(25),
            SqlType::DecimalText => self.tag(26),
            SqlType::Char(length) => {
                self.tag(27);
                self.key.extend_from_slice(&length.to_le_bytes());
            }
            SqlType::Interval => self.tag(28),
            SqlType::Inet => self.tag(29),
            SqlType::Cidr => self.tag(30),
            SqlType::MacAddress => self.tag(31),
            SqlType::Range(of) => {
                self.tag(32);
                self.sql_type(of);
            }
            SqlType::Multirange(of) => {
                self.tag(33);
                self.sql_type(of);
            }
            SqlType::ScaledInteger(scale) => {
                self.tag(35);
                self.key.extend_from_slice(&scale.to_le_bytes());
            }
            SqlType::Decorated(own) => {
                self.tag(34);
                self.sql_type(own.base());
                for template in [own.bind(), own.column()] {
                    match template {
                        Some(template) => {
                            self.tag(1);
                            self.text(template.text());
                        }
                        None => self.tag(0),
                    }
                }
                self.count(own.variants().len());
                for (dialect, sql_type) in own.variants() {
                    self.text(dialect);
                    self.sql_type(sql_type);
                }
            }
        }
    }

    fn optional_type(&mut self, sql_type: Option<&SqlType>) {
        match sql_type {
            Some(sql_type) => self.sql_type(sql_type),
            None => self.tag(0),
        }
    }
}
