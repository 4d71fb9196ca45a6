//! [`Reference`]: a foreign key from one model's table to another's, by the numbers of their columns.

use aludel_sql_expression::schema::ReferentialAction;

use super::Mapper;

/// A foreign key from one model's table to another's.
#[derive(Clone, Debug)]
pub(crate) struct Reference {
    /// The columns that refer, each with the one that it refers to.
    pub(crate) pairs: Vec<(u16, u16)>,
    pub(crate) on_update: ReferentialAction,
    pub(crate) on_delete: ReferentialAction,
}

impl Reference {
    /// The foreign keys from a child's table to a parent's, as the tables declare them.
    pub(crate) fn between(child: &'static Mapper, parent: &'static Mapper) -> Vec<Self> {
        let definition = child.definition();
        let (name, schema) = (parent.table().name(), parent.table().schema());
        let single = definition.columns.iter().filter_map(|column| {
            let key = column.foreign_key.as_ref()?;
            let is_its = key.table == *name && key.schema.as_ref() == schema;
            is_its.then(|| (vec![(&column.name, &key.column)], key.on_update, key.on_delete))
        });
        let several = definition.foreign_keys.iter();
        let several = several.filter(|key| key.table == *name && key.schema.as_ref() == schema);
        let several = several
            .map(|key| (key.columns.iter().zip(&key.referenced).collect(), key.on_update, key.on_delete));
        let position = |mapper: &Mapper, name: &str| {
            let at = mapper.columns().iter().position(|mapping| mapping.column == name)?;
            u16::try_from(at).ok()
        };
        let references = single.chain(several).filter_map(|(names, on_update, on_delete)| {
            let pairs =
                names.into_iter().map(|(own, other)| Some((position(child, own)?, position(parent, other)?)));
            Some(Self { pairs: pairs.collect::<Option<_>>()?, on_update, on_delete })
        });
        references.collect()
    }
}
