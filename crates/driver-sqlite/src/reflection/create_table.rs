//! [`CreateTable`]: what CREATE TABLE says.

use aludel_driver::reflection::{
    ReflectedCheckConstraint, ReflectedConstraints, ReflectedForeignKeyConstraint, ReflectedIndexElement,
    ReflectedPrimaryKeyConstraint, ReflectedTiming, ReflectedUniqueConstraint,
};
use aludel_sql_expression::schema::ReferentialAction;

use super::{create_index, tokens::Tokens};

/// What CREATE TABLE says.
#[derive(Debug, Default)]
pub(super) struct CreateTable {
    pub(super) columns: Vec<ColumnDefinition>,
    pub(super) constraints: ReflectedConstraints,
    pub(super) strict: bool,
    pub(super) without_rowid: bool,
    pub(super) autoincrement: bool,
    /// The module of a virtual table, with its arguments.
    pub(super) virtual_table: Option<String>,
}

/// What CREATE TABLE says of a column, beyond what the pragmas say.
#[derive(Debug, Default)]
pub(super) struct ColumnDefinition {
    pub(super) name: String,
    pub(super) default: Option<String>,
    pub(super) collation: Option<String>,
    pub(super) computed: Option<String>,
    pub(super) on_conflict_not_null: Option<String>,
    /// Whether it is written as PRIMARY KEY DESC, which is then not the row's own number.
    pub(super) key_descends: bool,
    /// Whether its type is the one word INTEGER.
    pub(super) is_integer: bool,
}

/// Words that end the type of a column.
pub(super) const AFTER_TYPE: [&str; 10] = [
    "CONSTRAINT",
    "PRIMARY",
    "NOT",
    "NULL",
    "UNIQUE",
    "CHECK",
    "DEFAULT",
    "COLLATE",
    "REFERENCES",
    "GENERATED",
];

/// Words that begin a constraint of the table.
const OF_TABLE: [&str; 5] = ["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"];

impl CreateTable {
    pub(super) fn parse(sql: &str) -> Self {
        let mut create = Self::default();
        let mut tokens = Tokens::of(sql);
        if tokens.take(&["CREATE", "VIRTUAL", "TABLE"]) {
            while !tokens.is_at_end() && !tokens.take(&["USING"]) {
                tokens.skip();
            }
            create.virtual_table = Some(tokens.rest().to_owned());
            return create;
        }
        while !tokens.is_at_end() && !tokens.is("(") {
            tokens.skip();
        }
        for mut part in tokens.parenthesized().map(|body| body.split_at_commas()).unwrap_or_default() {
            if part.is_any(&OF_TABLE) {
                create.table_constraints(&mut part);
            } else {
                create.column(&mut part);
            }
        }
        while !tokens.is_at_end() {
            if tokens.take(&["STRICT"]) {
                create.strict = true;
            } else if tokens.take(&["WITHOUT", "ROWID"]) {
                create.without_rowid = true;
            } else {
                tokens.skip();
            }
        }
        create.name_columns_as_declared();
        create.forget_order_of_row_number();
        create
    }

    /// Constraints may name columns in other letters, capital and small, than these are declared in.
    fn name_columns_as_declared(&mut self) {
        let declared = |name: &mut String| {
            let mut columns = self.columns.iter();
            if let Some(column) = columns.find(|column| column.name.eq_ignore_ascii_case(name)) {
                name.clone_from(&column.name);
            }
        };
        let elements = |elements: &mut Vec<ReflectedIndexElement>| {
            elements.iter_mut().filter_map(|element| element.column.as_mut()).for_each(declared);
        };
        if let Some(key) = &mut self.constraints.primary_key {
            key.columns.iter_mut().for_each(declared);
            elements(&mut key.elements);
        }
        for unique in &mut self.constraints.uniques {
            unique.columns.iter_mut().for_each(declared);
            elements(&mut unique.elements);
        }
        for key in &mut self.constraints.foreign_keys {
            key.columns.iter_mut().for_each(declared);
        }
    }

    /// The row's own number has no index, and so no order, unless it is said with the column: then it is no such number.
    fn forget_order_of_row_number(&mut self) {
        let Some(key) = self.constraints.primary_key.as_mut().filter(|_| !self.without_rowid) else { return };
        let [name] = &key.columns[..] else { return };
        let mut columns = self.columns.iter();
        if columns
            .any(|column| column.name.eq_ignore_ascii_case(name) && column.is_integer && !column.key_descends)
        {
            key.elements.clear();
        }
    }

    pub(super) fn column_definition(&self, name: &str) -> Option<&ColumnDefinition> {
        self.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name))
    }

    fn column(&mut self, part: &mut Tokens<'_>) {
        let Some(name) = part.name() else { return };
        let mut column = ColumnDefinition { name, ..ColumnDefinition::default() };
        let place = part.place();
        while !part.is_at_end() && !part.is_any(&AFTER_TYPE) && !part.is("AS") {
            part.skip();
        }
        let words = part.written_since(place).trim_matches(['"', '`', '\'', '[', ']']);
        column.is_integer = part.place() == place + 1 && words.eq_ignore_ascii_case("INTEGER");
        let mut name = None;
        while !part.is_at_end() {
            if part.take(&["CONSTRAINT"]) {
                name = part.name();
                continue;
            }
            self.column_constraint(&mut column, part, name.take());
        }
        self.columns.push(column);
    }

    fn column_constraint(
        &mut self,
        column: &mut ColumnDefinition,
        part: &mut Tokens<'_>,
        name: Option<String>,
    ) {
        if part.take(&["PRIMARY", "KEY"]) {
            column.key_descends = part.take(&["DESC"]);
            part.take(&["ASC"]);
            let on_conflict = on_conflict(part);
            self.autoincrement |= part.take(&["AUTOINCREMENT"]);
            let elements = match column.key_descends {
                true => vec![descending(&column.name)],
                false => Vec::new(),
            };
            self.primary_key(name, vec![column.name.clone()], elements, on_conflict);
        } else if part.take(&["UNIQUE"]) {
            let on_conflict = on_conflict(part);
            self.unique(name, vec![column.name.clone()], Vec::new(), on_conflict);
        } else if part.take(&["CHECK"]) {
            self.check(name, part);
        } else if part.take(&["NOT", "NULL"]) {
            column.on_conflict_not_null = on_conflict(part);
        } else if part.take(&["DEFAULT"]) {
            column.default = Some(default(part));
        } else if part.take(&["COLLATE"]) {
            column.collation = part.name();
        } else if part.is("REFERENCES") {
            self.foreign_key(name, vec![column.name.clone()], part);
        } else if part.take(&["AS"]) || part.take(&["GENERATED", "ALWAYS", "AS"]) {
            column.computed = part.parenthesized().map(|expression| expression.rest().to_owned());
        } else {
            part.skip();
        }
    }

    fn table_constraints(&mut self, part: &mut Tokens<'_>) {
        let mut name = None;
        while !part.is_at_end() {
            if part.take(&["CONSTRAINT"]) {
                name = part.name();
            } else if part.take(&["PRIMARY", "KEY"]) {
                let (columns, elements) = self.key_columns(part);
                let on_conflict = on_conflict(part);
                self.primary_key(name.take(), columns, elements, on_conflict);
            } else if part.take(&["UNIQUE"]) {
                let (columns, elements) = self.key_columns(part);
                let on_conflict = on_conflict(part);
                self.unique(name.take(), columns, elements, on_conflict);
            } else if part.take(&["CHECK"]) {
                self.check(name.take(), part);
            } else if part.take(&["FOREIGN", "KEY"]) {
                let columns = columns(part);
                self.foreign_key(name.take(), columns, part);
            } else {
                part.skip();
            }
        }
    }

    /// The columns of a key in parentheses, and what is said of how its index takes them, where anything is.
    fn key_columns(&mut self, part: &mut Tokens<'_>) -> (Vec<String>, Vec<ReflectedIndexElement>) {
        let parts = part.parenthesized().map(|inside| inside.split_at_commas()).unwrap_or_default();
        let elements = parts.into_iter().map(|mut part| {
            // It can stand here too, within the parentheses.
            self.autoincrement |= part.take_last("AUTOINCREMENT");
            create_index::element(part)
        });
        let elements: Vec<ReflectedIndexElement> = elements.collect();
        let columns = elements.iter().filter_map(|element| element.column.clone()).collect();
        let says = elements.iter().any(|element| element.descending || element.collation.is_some());
        (columns, if says { elements } else { Vec::new() })
    }

    fn primary_key(
        &mut self,
        name: Option<String>,
        columns: Vec<String>,
        elements: Vec<ReflectedIndexElement>,
        on_conflict: Option<String>,
    ) {
        let mut key = ReflectedPrimaryKeyConstraint::default();
        key.name = name;
        key.columns = columns;
        key.elements = elements;
        key.on_conflict = on_conflict;
        self.constraints.primary_key = Some(key);
    }

    fn unique(
        &mut self,
        name: Option<String>,
        columns: Vec<String>,
        elements: Vec<ReflectedIndexElement>,
        on_conflict: Option<String>,
    ) {
        let mut unique = ReflectedUniqueConstraint::default();
        unique.name = name;
        unique.columns = columns;
        unique.elements = elements;
        unique.on_conflict = on_conflict;
        self.constraints.uniques.push(unique);
    }

    fn check(&mut self, name: Option<String>, part: &mut Tokens<'_>) {
        let Some(condition) = part.parenthesized() else { return };
        let mut check = ReflectedCheckConstraint::default();
        check.name = name;
        check.sqltext = condition.rest().to_owned();
        self.constraints.checks.push(check);
    }

    fn foreign_key(&mut self, name: Option<String>, own: Vec<String>, part: &mut Tokens<'_>) {
        let mut key = ReflectedForeignKeyConstraint::default();
        if !part.take(&["REFERENCES"]) {
            return;
        }
        key.name = name;
        key.columns = own;
        key.referred.name = part.name().unwrap_or_default();
        key.referred_columns = columns(part);
        loop {
            if part.take(&["ON", "DELETE"]) {
                key.on_delete = action(part);
            } else if part.take(&["ON", "UPDATE"]) {
                key.on_update = action(part);
            } else if part.take(&["MATCH"]) {
                // It takes any word here, and looks keys up as it ever does.
                part.skip();
            } else if part.take(&["NOT", "DEFERRABLE"]) || part.take(&["DEFERRABLE"]) {
                let place = part.place();
                let negated =
                    place >= 2 && part.written_since(place - 2).to_ascii_uppercase().starts_with("NOT");
                let deferred = part.take(&["INITIALLY", "DEFERRED"]);
                part.take(&["INITIALLY", "IMMEDIATE"]);
                key.timing = ReflectedTiming::new(!negated, deferred && !negated);
            } else {
                break;
            }
        }
        self.constraints.foreign_keys.push(key);
    }
}

fn descending(column: &str) -> ReflectedIndexElement {
    let mut element = ReflectedIndexElement::default();
    element.column = Some(column.to_owned());
    element.descending = true;
    element
}

/// The columns in the parentheses that come next; none where there are no parentheses.
fn columns(part: &mut Tokens<'_>) -> Vec<String> {
    let parts = part.parenthesized().map(|inside| inside.split_at_commas()).unwrap_or_default();
    parts.into_iter().filter_map(|mut column| column.name()).collect()
}

fn on_conflict(part: &mut Tokens<'_>) -> Option<String> {
    if part.take(&["ON", "CONFLICT"]) {
        // ABORT is what it is by itself.
        return part.name().map(|word| word.to_ascii_uppercase()).filter(|word| word != "ABORT");
    }
    None
}

fn action(part: &mut Tokens<'_>) -> ReferentialAction {
    let words: [(&[&str], ReferentialAction); 5] = [
        (&["SET", "NULL"], ReferentialAction::SetNull),
        (&["SET", "DEFAULT"], ReferentialAction::SetDefault),
        (&["NO", "ACTION"], ReferentialAction::NoAction),
        (&["CASCADE"], ReferentialAction::Cascade),
        (&["RESTRICT"], ReferentialAction::Restrict),
    ];
    words.into_iter().find(|(words, _)| part.take(words)).map(|(_, action)| action).unwrap_or_default()
}

/// A default as it is written: a literal, a number with its sign, or an expression in parentheses.
fn default(part: &mut Tokens<'_>) -> String {
    let start = part.place();
    if part.is("(") {
        part.parenthesized();
        return part.written_since(start).to_owned();
    }
    if part.is("+") || part.is("-") {
        part.skip();
    }
    part.word();
    // A number with a point in it, or with an exponent that has a sign, and a blob (`x'00'`) are several words here.
    let mut end = part.written_since(start).to_owned();
    loop {
        let place = part.place();
        if part.word().is_none() {
            break;
        }
        let longer = part.written_since(start);
        let added = &longer[end.len()..];
        let is_one = !added.starts_with(char::is_whitespace) && !added.starts_with(['(', ')', ',', '/']);
        if !is_one {
            part.go_back(place);
            break;
        }
        end = longer.to_owned();
    }
    end
}
