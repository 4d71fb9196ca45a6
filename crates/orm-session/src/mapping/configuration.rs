//! [`Configuration`]: what follows from the tables, found out at the first use of a model.

use aludel_driver::{Error, ErrorKind, Result};
use aludel_sql_expression::{
    Name, Value,
    schema::{OnUpdate, Table, TableDefinition, ValueFunction},
};

use super::{Mapper, RelationshipMapping, mapper::VersionId};

/// The columns that the client makes a value for, and how.
pub(crate) type MadeColumns = Box<[Maker]>;

/// A column, and the function that makes a value for it.
pub(crate) type Maker = (u16, fn() -> Value);

/// What follows from the tables for a model.
#[derive(Debug)]
pub(crate) struct Configuration {
    /// In the order of the mapper's relationships.
    pub(crate) relationships: Box<[RelationshipConfiguration]>,
    /// The column that the database numbers.
    pub(crate) autoincrement: Option<u16>,
    /// The column that tells the versions of a row, and who makes them.
    pub(crate) version: Option<u16>,
    pub(crate) version_id: VersionId,
    /// The columns that the database computes: they are never written.
    pub(crate) computed: Box<[u16]>,
    /// The columns for which the database may make a value at an UPDATE.
    pub(crate) made_by_update: Box<[u16]>,
    /// Whether the session writes foreign keys that refer to a key which changes.
    pub(crate) follows_keys: bool,
    /// What rows of other tables refer to: the key's columns first, in its order, then others that relationships name.
    pub(crate) referenced: Box<[u16]>,
    /// The columns that the client makes a value for where an INSERT has none.
    pub(crate) defaults: MadeColumns,
    /// The columns that the client makes a value for with each UPDATE that does not set them.
    pub(crate) onupdates: Box<[(u16, ValueFunction)]>,
    /// The columns that the database makes a value for.
    pub(crate) server_defaults: Box<[u16]>,
    /// The sets of columns whose values are unique together; the primary key comes first.
    pub(crate) uniques: Box<[Box<[u16]>]>,
    /// Whether it is a view, which nothing is written to.
    pub(crate) is_view: bool,
}

/// What follows from the tables for a relationship.
#[derive(Debug)]
pub(crate) struct RelationshipConfiguration {
    pub(crate) direction: Direction,
    /// Pairs of a column of the child (which holds the foreign key) and of the parent. Empty for many-to-many.
    pub(crate) pairs: Box<[(u16, u16)]>,
    pub(crate) secondary: Option<SecondaryConfiguration>,
    pub(crate) back: Option<u16>,
    /// Whether one of its sides says that the foreign key is written by an UPDATE of its own.
    pub(crate) post_update: bool,
    /// Whether the database changes the foreign keys that refer to a row whose key changes, and no side says otherwise.
    pub(crate) passive_updates: bool,
}

/// Which side holds the foreign key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// This side.
    ManyToOne,
    /// The other side.
    OneToMany,
    /// A table between the two.
    ManyToMany,
}

/// The table between the two sides of a many-to-many relationship.
#[derive(Debug)]
pub(crate) struct SecondaryConfiguration {
    pub(crate) table: Table,
    /// Its columns that reference this side, and what they reference.
    pub(crate) to_own: Box<[(Name, u16)]>,
    /// Its columns that reference the other side.
    pub(crate) to_target: Box<[(Name, u16)]>,
}

impl SecondaryConfiguration {
    /// Whether its columns stand the other way round than they do seen from the other side.
    pub(crate) fn is_turned(&self) -> bool {
        let first = |columns: &[(Name, u16)]| columns.first().map(|(name, _)| name.clone());
        first(&self.to_own).as_deref() > first(&self.to_target).as_deref()
    }
}

impl Configuration {
    /// Whether an INSERT may leave columns to the database, beside the number that it makes.
    pub(crate) fn leaves_columns_out(&self) -> bool {
        let by_server = self.version.is_some() && matches!(self.version_id, VersionId::Server);
        by_server || !self.server_defaults.is_empty() || !self.computed.is_empty()
    }

    pub(super) fn of(mapper: &'static Mapper) -> Result<Self> {
        let definition = mapper.definition();
        let relationships = (0..mapper.relationships().len())
            .map(|index| relationship(mapper, index))
            .collect::<Result<Box<[RelationshipConfiguration]>>>()?;
        let follows_keys = relationships.iter().any(|relation| !relation.passive_updates);
        let referenced = referenced(mapper, &relationships);
        let autoincrement =
            definition.autoincrement_column().and_then(|column| position(mapper, &column.name));
        let numbered = || (0u16..).zip(mapper.columns());
        let version = numbered().find_map(|(number, column)| Some((number, column.version_id?)));
        let columns = (0u16..).zip(&definition.columns);
        let computed: Box<[u16]> =
            columns.filter(|(_, column)| column.is_read_only()).map(|(number, _)| number).collect();
        let by_server = version.filter(|(_, kind)| matches!(kind, VersionId::Server));
        let by_server = by_server.map(|(number, _)| number).filter(|number| !computed.contains(number));
        let made = numbered().filter(|(_, column)| column.server_onupdate).map(|(number, _)| number);
        let made_by_update = made.chain(computed.iter().copied()).chain(by_server).collect();
        let columns = (0u16..).zip(mapper.columns());
        let defaults = columns.filter_map(|(number, column)| Some((number, column.default?))).collect();
        let columns = (0u16..).zip(&definition.columns);
        let onupdates = columns.filter_map(|(number, column)| match &column.onupdate {
            Some(OnUpdate::Function(function)) => Some((number, function.clone())),
            _ => None,
        });
        let onupdates = onupdates.collect();
        let columns = (0u16..).zip(&definition.columns);
        let server_defaults =
            columns.filter(|(_, column)| column.is_made_when_missing()).map(|(number, _)| number).collect();
        let uniques = uniques(mapper);
        Ok(Self {
            relationships,
            autoincrement,
            version: version.map(|(number, _)| number),
            version_id: version.map_or(VersionId::Counter, |(_, kind)| kind),
            computed,
            made_by_update,
            follows_keys,
            referenced,
            defaults,
            onupdates,
            server_defaults,
            uniques,
            is_view: definition.is_view(),
        })
    }
}

fn referenced(mapper: &Mapper, relationships: &[RelationshipConfiguration]) -> Box<[u16]> {
    let mut referenced = mapper.key().to_vec();
    let collections = relationships.iter().filter(|relation| relation.direction == Direction::OneToMany);
    for (_, column) in collections.flat_map(|relation| relation.pairs.iter()) {
        if !referenced.contains(column) {
            referenced.push(*column);
        }
    }
    referenced.into()
}

fn uniques(mapper: &Mapper) -> Box<[Box<[u16]>]> {
    let definition = mapper.definition();
    let columns =
        definition.columns.iter().filter(|column| column.unique).map(|column| vec![column.name.clone()]);
    let constraints = definition.uniques.iter().map(|unique| unique.columns.clone());
    let indexes = definition.indexes.iter().filter_map(|index| index.unique_columns());
    let sets = columns
        .chain(constraints)
        .chain(indexes)
        .filter_map(|names| names.iter().map(|name| position(mapper, name)).collect::<Option<Box<[u16]>>>());
    std::iter::once(mapper.key().into()).chain(sets).collect()
}

fn position(mapper: &Mapper, column: &str) -> Option<u16> {
    mapper.columns().iter().position(|mapping| mapping.column == column).and_then(|at| u16::try_from(at).ok())
}

fn relationship(mapper: &'static Mapper, index: usize) -> Result<RelationshipConfiguration> {
    let mapping = &mapper.relationships()[index];
    let target = (mapping.target)();
    let back = u16::try_from(index).ok().and_then(|index| mapper.back(index));
    let other = back.map(|back| &target.relationships()[usize::from(back)]);
    let post_update = mapping.post_update || other.is_some_and(|other| other.post_update);
    let passive_updates = mapping.passive_updates && other.is_none_or(|other| other.passive_updates);
    if let Some(secondary) = mapping.secondary {
        let table = secondary();
        let definition = table.definition();
        let own = keys_between(&definition, mapper.table());
        let (to_own, to_target) = if mapper == target {
            // Both keys reference the same table: the first is this side's, unless the relationship that leads back was
            // declared before, which then took the first.
            let mut keys = own.into_iter();
            let first = keys.next().ok_or_else(|| no_key(mapper, mapping, table, mapper.table()))?;
            let second = keys.next().ok_or_else(|| no_key(mapper, mapping, table, target.table()))?;
            match back {
                Some(back) if usize::from(back) < index => (second, first),
                _ => (first, second),
            }
        } else {
            let to_own =
                single(own).map_err(|count| wrong_count(mapper, mapping, table, mapper.table(), count))?;
            let to_target = single(keys_between(&definition, target.table()))
                .map_err(|count| wrong_count(mapper, mapping, table, target.table(), count))?;
            (to_own, to_target)
        };
        let secondary = SecondaryConfiguration {
            table: table.clone(),
            to_own: resolve(mapper, to_own)?,
            to_target: resolve(target, to_target)?,
        };
        let direction = Direction::ManyToMany;
        return Ok(RelationshipConfiguration {
            direction,
            pairs: Box::default(),
            secondary: Some(secondary),
            back,
            post_update,
            passive_updates,
        });
    }
    let fits = |keys: Vec<Vec<(Name, Name)>>| -> Vec<Vec<(Name, Name)>> {
        let Some(column) = mapping.foreign_key else { return keys };
        keys.into_iter().filter(|pairs| pairs.iter().any(|(child, _)| &**child == column)).collect()
    };
    // Where a model leads to one of its own kind and back, only one side holds the key: the one that names it, or else the
    // first.
    let other_holds = mapper == target
        && other.zip(back).is_some_and(|(other, back)| {
            let named = (mapping.foreign_key.is_some(), other.foreign_key.is_some());
            !other.many && (named == (false, true) || (named.0 == named.1 && usize::from(back) < index))
        });
    let own = match mapping.many || other_holds {
        true => Vec::new(),
        false => fits(keys_between(mapper.definition(), target.table())),
    };
    let (direction, child, parent, keys) = if own.is_empty() {
        (Direction::OneToMany, target, mapper, fits(keys_between(target.definition(), mapper.table())))
    } else {
        (Direction::ManyToOne, mapper, target, own)
    };
    let pairs =
        single(keys).map_err(|count| wrong_count(mapper, mapping, child.table(), parent.table(), count))?;
    let pairs = pairs
        .into_iter()
        .map(|(own, referenced)| match (position(child, &own), position(parent, &referenced)) {
            (Some(own), Some(referenced)) => Ok((own, referenced)),
            (None, _) => Err(unmapped(child, &own)),
            (_, None) => Err(unmapped(parent, &referenced)),
        })
        .collect::<Result<_>>()?;
    Ok(RelationshipConfiguration { direction, pairs, secondary: None, back, post_update, passive_updates })
}

fn resolve(mapper: &Mapper, pairs: Vec<(Name, Name)>) -> Result<Box<[(Name, u16)]>> {
    pairs
        .into_iter()
        .map(|(own, referenced)| {
            position(mapper, &referenced).map(|at| (own, at)).ok_or_else(|| unmapped(mapper, &referenced))
        })
        .collect()
}

/// The foreign keys of a table that reference another: each as pairs of a column and the one it references.
fn keys_between(definition: &TableDefinition, to: &Table) -> Vec<Vec<(Name, Name)>> {
    let single = definition.columns.iter().filter_map(|column| {
        let key = column.foreign_key.as_ref()?;
        (&key.table == to.name() && key.schema.as_ref() == to.schema())
            .then(|| vec![(column.name.clone(), key.column.clone())])
    });
    let several = definition
        .foreign_keys
        .iter()
        .filter(|key| &key.table == to.name() && key.schema.as_ref() == to.schema());
    single
        .chain(several.map(|key| key.columns.iter().cloned().zip(key.referenced.iter().cloned()).collect()))
        .collect()
}

fn single<T>(mut list: Vec<T>) -> Result<T, usize> {
    match (list.pop(), list.len()) {
        (Some(only), 0) => Ok(only),
        (None, _) => Err(0),
        (Some(_), more) => Err(more + 1),
    }
}

fn wrong_count(
    mapper: &Mapper,
    mapping: &RelationshipMapping,
    child: &Table,
    parent: &Table,
    count: usize,
) -> Error {
    if count == 0 {
        return no_key(mapper, mapping, child, parent);
    }
    let message = format!(
        "the relationship {}.{} is ambiguous: table `{}` has {count} foreign keys to `{}`; name the one that is meant with \
         `foreign_key = ..`",
        mapper.name(),
        mapping.name,
        child.name(),
        parent.name()
    );
    Error::new(ErrorKind::Argument, message)
}

fn no_key(mapper: &Mapper, mapping: &RelationshipMapping, child: &Table, parent: &Table) -> Error {
    let message = format!(
        "the relationship {}.{} has no foreign key to follow: table `{}` has none to `{}`; give one of its columns \
         `foreign_key = ..`",
        mapper.name(),
        mapping.name,
        child.name(),
        parent.name()
    );
    Error::new(ErrorKind::Argument, message)
}

fn unmapped(mapper: &Mapper, column: &str) -> Error {
    Error::new(
        ErrorKind::Argument,
        format!("the model {} has no field for the column `{column}`", mapper.name()),
    )
}
