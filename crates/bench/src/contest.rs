//! [`Contest`]: rounds in turns, and what comes of them.

use tokio::runtime::Runtime;

use crate::{
    Outcome,
    arguments::{Arguments, Only},
    contestant::Contestant,
    effort::{Effort, allocations_of},
    workload::Workload,
};

/// Rounds that do not count: statements are prepared, caches filled, memory taken from the system.
const WARM_UP: usize = 3;

/// All workloads on one database.
pub(crate) struct Contest<'a> {
    pub(crate) runtime: &'a Runtime,
    pub(crate) arguments: &'a Arguments,
    pub(crate) database: &'a str,
}

impl Contest<'_> {
    pub(crate) fn run(&self, aludel: &mut impl Contestant, raw: &mut impl Contestant) -> Outcome<()> {
        for workload in
            Workload::ALL.into_iter().filter(|workload| self.arguments.wants(self.database, *workload))
        {
            match self.arguments.only {
                None => self.compare(workload, aludel, raw)?,
                Some(Only::Aludel) => self.run_alone(workload, aludel)?,
                Some(Only::Raw) => self.run_alone(workload, raw)?,
            }
        }
        Ok(())
    }

    fn compare(
        &self,
        workload: Workload,
        aludel: &mut impl Contestant,
        raw: &mut impl Contestant,
    ) -> Outcome<()> {
        let mut rounds = Vec::with_capacity(self.arguments.rounds);
        for round in 0..WARM_UP + self.arguments.rounds {
            // Who comes second finds warmer caches on the server, so they take turns in this too.
            let pair = if round.is_multiple_of(2) {
                let first = self.turn(workload, round, aludel)?;
                (first, self.turn(workload, round, raw)?)
            } else {
                let first = self.turn(workload, round, raw)?;
                (self.turn(workload, round, aludel)?, first)
            };
            if round >= WARM_UP {
                rounds.push(pair);
            }
        }
        let ratio = |of: fn(&Effort) -> f64| {
            median(rounds.iter().map(|(aludel, raw)| of(aludel) / of(raw)).collect())
        };
        let cpu = ratio(|effort| effort.cpu.as_secs_f64());
        let wall = ratio(|effort| effort.wall.as_secs_f64());
        let round = WARM_UP + self.arguments.rounds;
        let (ours, theirs) = (self.count(workload, round, aludel)?, self.count(workload, round + 1, raw)?);
        let verdict = match workload.target(self.database) {
            None => String::new(),
            Some(target) if cpu <= target => format!("<= {target}"),
            Some(target) => format!("ABOVE {target}"),
        };
        println!(
            "{:<14} {:<35} {cpu:>6.2} {wall:>6.2} {ours:>8.2} {theirs:>8.2}  {verdict}",
            self.database,
            workload.name()
        );
        Ok(())
    }

    fn turn(&self, workload: Workload, round: usize, contestant: &mut impl Contestant) -> Outcome<Effort> {
        self.runtime.block_on(contestant.prepare(workload, round))?;
        let (effort, rows) = Effort::of(|| self.runtime.block_on(contestant.work(workload)));
        check(workload, rows?)?;
        self.runtime.block_on(contestant.clean_up(workload))?;
        Ok(effort)
    }

    /// How much is allocated for each row.
    fn count(&self, workload: Workload, round: usize, contestant: &mut impl Contestant) -> Outcome<f64> {
        self.runtime.block_on(contestant.prepare(workload, round))?;
        let (allocations, rows) = allocations_of(|| self.runtime.block_on(contestant.work(workload)));
        check(workload, rows?)?;
        self.runtime.block_on(contestant.clean_up(workload))?;
        Ok(allocations as f64 / workload.rows() as f64)
    }

    fn run_alone(&self, workload: Workload, contestant: &mut impl Contestant) -> Outcome<()> {
        for round in 0..self.arguments.rounds {
            self.turn(workload, round, contestant)?;
        }
        println!("{:<14} {:<35} ran {} rounds alone", self.database, workload.name(), self.arguments.rounds);
        Ok(())
    }
}

fn check(workload: Workload, rows: usize) -> Outcome<()> {
    match rows == workload.rows() {
        true => Ok(()),
        false => Err(format!("{}: {rows} rows instead of {}", workload.name(), workload.rows()).into()),
    }
}

/// The heading of what [`Contest`] prints.
pub(crate) fn print_heading(arguments: &Arguments) {
    if arguments.only.is_none() {
        println!("Aludel : raw driver, median of {} rounds; allocations for each row", arguments.rounds);
        println!(
            "{:<14} {:<35} {:>6} {:>6} {:>8} {:>8}  target for CPU",
            "database", "workload", "CPU", "wall", "alloc", "raw"
        );
    }
}

pub(crate) fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}
