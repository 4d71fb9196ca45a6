//! [`Chain`]: one entry of FROM, with what is joined to it.

use super::{compiler::Compiler, from_clause::add_sources, join::Link};
use crate::{
    Error, Result,
    expression::Source,
    statement::{Join, JoinCondition, JoinKind},
};

/// One entry of FROM: a source with what is joined to it.
#[derive(Debug)]
pub(super) struct Chain<'n> {
    pub(super) root: &'n Source,
    pub(super) joins: Vec<JoinStep<'n>>,
    /// Whether it was asked for by name, so that it stays even where an outer select has it.
    pub(super) explicit: bool,
}

/// One join of a chain, or of a join in parentheses.
#[derive(Debug)]
pub(super) struct JoinStep<'n> {
    /// Its position among the select's joins.
    pub(super) position: usize,
    pub(super) join: &'n Join,
    /// The foreign key that joins, where no condition was given.
    pub(super) link: Option<Link<'n>>,
    /// The joins in its parentheses.
    pub(super) within: Vec<JoinStep<'n>>,
}

impl<'n> Chain<'n> {
    pub(super) fn new(root: &'n Source, explicit: bool) -> Self {
        Self { root, joins: Vec::new(), explicit }
    }

    /// All sources of it, in order.
    pub(super) fn sources(&self) -> Vec<&'n Source> {
        let mut sources = vec![self.root];
        self.joins.iter().for_each(|step| step.join.sources(&mut |source| sources.push(source)));
        sources
    }

    pub(super) fn contains(&self, source: &Source) -> bool {
        self.root == source || self.joins.iter().any(|step| step.join.brings(source))
    }

    /// The sources whose rows may be missing.
    pub(super) fn nullable(&self) -> Vec<&'n Source> {
        let mut nullable = Vec::new();
        add_nullable(&mut nullable, self.root, self.joins.iter().map(|step| step.join));
        nullable
    }

    /// The joins of it, without those in parentheses.
    fn all_joins(&self) -> Vec<&'n Join> {
        self.joins.iter().map(|step| step.join).collect()
    }
}

/// Adds the sources whose rows may be missing in a source and what is joined to it; gives all of them.
fn add_nullable<'n>(
    nullable: &mut Vec<&'n Source>,
    root: &'n Source,
    joins: impl Iterator<Item = &'n Join>,
) -> Vec<&'n Source> {
    let mut before = vec![root];
    for join in joins {
        let right = add_nullable(nullable, &join.right, join.within.iter());
        if matches!(join.kind, JoinKind::Right | JoinKind::Full) {
            nullable.extend(&before);
        }
        if matches!(join.kind, JoinKind::Left | JoinKind::Full) {
            nullable.extend(&right);
        }
        before.extend(right);
    }
    before
}

impl<'n> Compiler<'n> {
    /// Puts a join to the chain that it belongs to.
    pub(super) fn attach(
        &self,
        chains: &mut Vec<Chain<'n>>,
        position: usize,
        join: &'n Join,
        correlate: bool,
    ) -> Result<()> {
        let mut right = Vec::new();
        join.sources(&mut |source| right.push(source));
        let is_there = |source: &&&Source| chains.iter().any(|chain| chain.contains(source));
        let twice = right
            .iter()
            .find(is_there)
            .or_else(|| (1..right.len()).find(|at| right[..*at].contains(&right[*at])).map(|at| &right[at]));
        if let Some(twice) = twice {
            return Err(Error::compile(format!(
                "`{}` is joined twice; give it another name with `aliased`",
                self.describe(twice)
            )));
        }
        let within = self.steps_within(&join.right, &join.within, position)?;
        let mut link = None;
        let at = match (&join.left, &join.condition) {
            (Some(left), condition) => {
                if matches!(condition, JoinCondition::ForeignKey) {
                    link = Some(self.link(&[left], &right)?);
                }
                position_of(chains, left)
            }
            (None, JoinCondition::On(on)) => {
                let mut sources = Vec::new();
                add_sources(&mut sources, on);
                sources.retain(|source| !(right.contains(source) || correlate && self.is_around(source)));
                let found =
                    chains.iter().position(|chain| sources.iter().any(|source| chain.contains(source)));
                match (found, sources.first()) {
                    (Some(at), _) => Some(at),
                    (None, Some(source)) => position_of(chains, source),
                    (None, None) => chains.len().checked_sub(1),
                }
            }
            (None, JoinCondition::ForeignKey) => {
                let present: Vec<&'n Source> = chains.iter().flat_map(Chain::sources).collect();
                let found = self.link(&present, &right)?;
                let at = position_of(chains, found.left);
                link = Some(found);
                at
            }
            (None, JoinCondition::Using(columns)) => {
                let has = |chain: &Chain<'n>, column: &str| {
                    chain.sources().iter().any(|source| self.has_column(source, column).unwrap_or(true))
                };
                let found = chains.iter().position(|chain| columns.iter().all(|column| has(chain, column)));
                found.or_else(|| chains.len().checked_sub(1))
            }
            (None, JoinCondition::Natural | JoinCondition::None) => chains.len().checked_sub(1),
        };
        let Some(chain) = at.and_then(|at| chains.get_mut(at)) else {
            return Err(Error::compile(format!(
                "there is nothing that `{}` could be joined to; name it with `select_from`",
                self.describe(&join.right)
            )));
        };
        self.check_using(join, &chain.sources(), &chain.all_joins())?;
        chain.joins.push(JoinStep { position, join, link, within });
        Ok(())
    }

    /// The joins in parentheses, each with the foreign key that it follows.
    fn steps_within(
        &self,
        root: &'n Source,
        joins: &'n [Join],
        position: usize,
    ) -> Result<Vec<JoinStep<'n>>> {
        let mut present = vec![root];
        let mut steps = Vec::with_capacity(joins.len());
        for (place, join) in joins.iter().enumerate() {
            let mut right = Vec::new();
            join.sources(&mut |source| right.push(source));
            if let Some(left) = join.left.as_ref().filter(|left| !present.contains(left)) {
                return Err(Error::compile(format!(
                    "a join in parentheses begins with `{}`, to which `{}` cannot be joined: it starts from `{}`, which \
                     stands outside of it",
                    self.describe(root),
                    self.describe(&join.right),
                    self.describe(left)
                )));
            }
            let link = match (&join.condition, &join.left) {
                (JoinCondition::ForeignKey, Some(left)) => Some(self.link(&[left], &right)?),
                (JoinCondition::ForeignKey, None) => Some(self.link(&present, &right)?),
                _ => None,
            };
            self.check_using(join, &present, &joins[..place].iter().collect::<Vec<_>>())?;
            let within = self.steps_within(&join.right, &join.within, position)?;
            steps.push(JoinStep { position, join, link, within });
            present.extend(right);
        }
        Ok(steps)
    }
}

/// The position of the chain that has the source; where none has it, a new one.
fn position_of<'n>(chains: &mut Vec<Chain<'n>>, source: &'n Source) -> Option<usize> {
    if let Some(at) = chains.iter().position(|chain| chain.contains(source)) {
        return Some(at);
    }
    chains.push(Chain::new(source, false));
    Some(chains.len() - 1)
}
