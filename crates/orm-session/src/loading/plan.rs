//! [`LoadNode`]: the tree that the loader options of a statement make.

use aludel_driver::{Error, ErrorKind, Result};
use aludel_sql_expression::statement::SelectNode;

use crate::mapping::{Lazy, Mapper};

/// How a relationship is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strategy {
    Joined,
    Selectin,
    Raise,
}

/// A loader option: where it begins, and its steps.
#[derive(Debug)]
pub(crate) struct LoadPath {
    pub(crate) root: &'static Mapper,
    pub(crate) steps: Vec<Step>,
}

/// One step of a loader option.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) strategy: Strategy,
    pub(crate) relationship: u16,
}

/// A relationship to be loaded, and what is to be loaded from there.
#[derive(Clone, Debug)]
pub(crate) struct LoadNode {
    pub(crate) relationship: u16,
    pub(crate) strategy: Strategy,
    pub(crate) children: Vec<LoadNode>,
}

impl LoadNode {
    /// Whether loading it needs statements behind the one that gives the objects.
    pub(crate) fn sends_statements(&self) -> bool {
        self.strategy == Strategy::Selectin || self.children.iter().any(Self::sends_statements)
    }

    /// The trees of a statement: for each selected model, in the order of the selection.
    pub(crate) fn of(node: &SelectNode, roots: &[&'static Mapper]) -> Result<Vec<Vec<Self>>> {
        let mut trees: Vec<Vec<Self>> = roots.iter().map(|_| Vec::new()).collect();
        for path in node.extensions.0.iter().filter_map(|extension| extension.downcast_ref::<LoadPath>()) {
            let mut found = false;
            for (root, tree) in roots.iter().zip(&mut trees) {
                if *root == path.root {
                    found = true;
                    insert(tree, &path.steps);
                }
            }
            if !found {
                let message = format!(
                    "a loader option begins at {}, which the statement does not select; select it, or begin the option at a \
                     selected model",
                    path.root.name()
                );
                return Err(Error::new(ErrorKind::Argument, message));
            }
        }
        for (root, tree) in roots.iter().zip(&mut trees) {
            add_usual(root, tree, &mut vec![*root]);
        }
        Ok(trees)
    }

    /// What the mappings of models say to load always, where nothing can be joined: for rows that a change gives back.
    pub(crate) fn usual(roots: &[&'static Mapper]) -> Vec<Vec<Self>> {
        let trees = roots.iter().map(|root| {
            let mut tree = Vec::new();
            add_usual(root, &mut tree, &mut vec![*root]);
            tree.iter_mut().filter(|node| node.strategy == Strategy::Joined).for_each(|node| {
                node.strategy = Strategy::Selectin;
            });
            tree
        });
        trees.collect()
    }
}

fn insert(tree: &mut Vec<LoadNode>, steps: &[Step]) {
    let Some((step, rest)) = steps.split_first() else { return };
    let position = match tree.iter().position(|node| node.relationship == step.relationship) {
        Some(position) => position,
        None => {
            tree.push(LoadNode {
                relationship: step.relationship,
                strategy: step.strategy,
                children: Vec::new(),
            });
            tree.len() - 1
        }
    };
    tree[position].strategy = step.strategy;
    insert(&mut tree[position].children, rest);
}

/// Adds what the mappings say to load always. A circle ends where a model comes again.
fn add_usual(mapper: &'static Mapper, tree: &mut Vec<LoadNode>, path: &mut Vec<&'static Mapper>) {
    for (number, mapping) in (0u16..).zip(mapper.relationships()) {
        let strategy = match mapping.lazy {
            Lazy::Select => None,
            Lazy::Joined => Some(Strategy::Joined),
            Lazy::Selectin => Some(Strategy::Selectin),
            Lazy::Raise => Some(Strategy::Raise),
        };
        let target = (mapping.target)();
        let known = tree.iter().any(|node| node.relationship == number);
        if let Some(strategy) = strategy
            && !known
            && (strategy == Strategy::Raise || !path.contains(&target))
        {
            tree.push(LoadNode { relationship: number, strategy, children: Vec::new() });
        }
    }
    for node in tree.iter_mut().filter(|node| node.strategy != Strategy::Raise) {
        let target = (mapper.relationships()[usize::from(node.relationship)].target)();
        if !path.contains(&target) {
            path.push(target);
            add_usual(target, &mut node.children, path);
            path.pop();
        }
    }
}
