//! Makes a list of operations that fails as short as it can be.

use super::{
    operation::{New, Operation},
    run::{Failure, Ground},
};

/// Leaves out what is not needed for the failure: halves, quarters, and so on down to single operations, and then what is
/// nested in new objects.
pub async fn shrink(
    ground: &mut Ground,
    mut operations: Vec<Operation>,
) -> (Vec<Operation>, Option<Failure>) {
    let mut last = None;
    if let Err(failure) = ground.run(&operations).await {
        operations.truncate(failure.position + 1);
        last = Some(failure);
    }
    let mut size = operations.len().div_ceil(2);
    loop {
        let mut is_shorter = false;
        let mut start = 0;
        while start < operations.len() {
            let mut candidate = operations.clone();
            candidate.drain(start..(start + size).min(operations.len()));
            match ground.run(&candidate).await {
                Err(failure) => {
                    (operations, last, is_shorter) = (candidate, Some(failure), true);
                }
                Ok(()) => start += size,
            }
        }
        if !is_shorter && size == 1 {
            break;
        }
        if !is_shorter {
            size = size.div_ceil(2).max(1);
        }
    }
    loop {
        let mut is_simpler = false;
        for position in 0..operations.len() {
            for simpler in simpler(&operations[position]) {
                let mut candidate = operations.clone();
                candidate[position] = simpler;
                if let Err(failure) = ground.run(&candidate).await {
                    (operations, last, is_simpler) = (candidate, Some(failure), true);
                    break;
                }
            }
        }
        if !is_simpler {
            return (operations, last);
        }
    }
}

fn simpler(operation: &Operation) -> Vec<Operation> {
    match operation {
        Operation::Add(new) => simpler_new(new).into_iter().map(Operation::Add).collect(),
        Operation::Nest(link, parent, new) => {
            simpler_new(new).into_iter().map(|new| Operation::Nest(*link, *parent, new)).collect()
        }
        Operation::MergeWithItems(owner, text, items, new) => {
            let fewer = (0..items.len()).map(|position| {
                let mut fewer = items.clone();
                fewer.remove(position);
                Operation::MergeWithItems(*owner, *text, fewer, *new)
            });
            let without = new.map(|_| Operation::MergeWithItems(*owner, *text, items.clone(), None));
            fewer.chain(without).collect()
        }
        Operation::Replace(link, parent, children) => (0..children.len())
            .map(|position| {
                let mut fewer = children.clone();
                fewer.remove(position);
                Operation::Replace(*link, *parent, fewer)
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn simpler_new(new: &New) -> Vec<New> {
    let mut simpler = Vec::new();
    for position in 0..new.children.len() {
        let mut fewer = new.clone();
        fewer.children.remove(position);
        simpler.push(fewer);
        for child in simpler_new(&new.children[position].1) {
            let mut smaller = new.clone();
            smaller.children[position].1 = child;
            simpler.push(smaller);
        }
    }
    for position in 0..new.web.len() {
        let mut fewer = new.clone();
        fewer.web.remove(position);
        simpler.push(fewer);
    }
    if !new.parent.is_empty() {
        simpler.push(New { parent: Vec::new(), ..new.clone() });
    }
    if new.note.is_some() {
        simpler.push(New { note: None, ..new.clone() });
    }
    simpler
}
