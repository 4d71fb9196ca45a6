//! What a flush of few changes costs in a session of many clean objects, against the same flush in a session of few.

use std::hint::black_box;

use aludel::{engine::CreateAll as _, prelude::*};
use tokio::runtime::Runtime;

use crate::{Outcome, arguments::Arguments, contest::median, effort::Effort, model::Visit, sample::sample};

/// The clean objects beside those that are changed.
const CLEAN: usize = 100_000;
/// The objects that are changed.
const CHANGES: usize = 10;
/// How often they are changed and flushed in a round.
const FLUSHES: i64 = 200;
/// How many times as long as without the clean objects it may take; noise is most of what is above one.
const TARGET: f64 = 1.1;

/// What the word on the command line stands for.
pub(crate) const NAME: &str = "flush: 10 changes beside 100000 clean objects";

/// Flushes in both sessions in turns, and prints how many times as long the one with many objects takes.
pub(crate) fn measure(runtime: &Runtime, arguments: &Arguments) -> Outcome<()> {
    let mut few = runtime.block_on(Changed::beside(0))?;
    let mut many = runtime.block_on(Changed::beside(CLEAN))?;
    let mut ratios = Vec::with_capacity(arguments.rounds);
    // The first round prepares the statements, and does not count.
    for round in 0..=arguments.rounds {
        let first = if round.is_multiple_of(2) { &mut few } else { &mut many };
        let first_effort = first.round(runtime)?;
        let second = if round.is_multiple_of(2) { &mut many } else { &mut few };
        let second_effort = second.round(runtime)?;
        let ratio = second_effort.cpu.as_secs_f64() / first_effort.cpu.as_secs_f64();
        if round > 0 {
            ratios.push(if round.is_multiple_of(2) { ratio } else { ratio.recip() });
        }
    }
    let cpu = median(ratios);
    let verdict = if cpu <= TARGET { "<=" } else { "ABOVE" };
    println!("{NAME} : none beside them, CPU {cpu:.2}  {verdict} {TARGET}");
    Ok(())
}

/// A session, and the objects in it that are changed.
struct Changed {
    session: Session,
    visits: Vec<Instance<Visit>>,
    /// All the others, so that they stay.
    clean: Vec<Instance<Visit>>,
    points: i64,
}

impl Changed {
    async fn beside(clean: usize) -> Outcome<Self> {
        let engine = create_engine("sqlite://").build()?;
        engine.begin(async |conn| MetaData::of((Visit,)).create_all(conn).await).await?;
        let mut session = SessionMaker::new(&engine).open();
        let visit = |row: crate::sample::Sample| Visit {
            name: row.name,
            city: row.city,
            points: row.points,
            ..default()
        };
        session.add_all((0..clean + CHANGES).map(sample).map(visit));
        session.commit().await?;
        session.expunge_all();
        // As they mostly come to be: loaded.
        let mut visits = session.scalars(select(Visit).order_by(Visit::id.desc())).all().await?;
        let clean = visits.split_off(CHANGES);
        session.commit().await?;
        Ok(Self { session, visits, clean, points: 0 })
    }

    fn round(&mut self, runtime: &Runtime) -> Outcome<Effort> {
        let (effort, outcome) = Effort::of(|| runtime.block_on(self.flush()));
        outcome?;
        runtime.block_on(self.session.commit())?;
        black_box(&self.clean);
        Ok(effort)
    }

    async fn flush(&mut self) -> Outcome<()> {
        for _ in 0..FLUSHES {
            self.points += 1;
            for visit in &self.visits {
                visit.set(Visit::points, self.points);
            }
            self.session.flush().await?;
        }
        Ok(())
    }
}
