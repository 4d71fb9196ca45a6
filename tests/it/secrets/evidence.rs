//! [`Evidence`]: everything that an engine says, collected and looked through.

use std::{
    cell::RefCell,
    fmt::{self, Display, Write as _},
    sync::{Arc, Mutex, Once},
};

use aludel::{driver::DatabaseUrl, prelude::*};
use tracing::{
    Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

/// All that was said so far.
#[derive(Clone, Default)]
pub struct Evidence(Arc<Mutex<String>>);

impl Evidence {
    pub fn add(&self, what: impl Display) {
        let mut text = self.0.lock().unwrap();
        text.push_str(&what.to_string());
        text.push('\n');
    }

    /// An error as everyone shows it.
    pub fn error(&self, error: &Error) {
        self.add(format_args!("{error} {error:?} {error:#} {error:#?} {:?}", error.database_error()));
        let mut source = std::error::Error::source(error);
        while let Some(error) = source {
            self.add(format_args!("{error} {error:?}"));
            source = error.source();
        }
    }

    pub fn engine(&self, engine: &Engine) {
        self.add(format_args!(
            "{engine:?} {:#?} {:?} {:?}",
            engine.pool(),
            engine.url(),
            engine.pool().holders()
        ));
        self.add(format_args!("{} {:?} {:?}", engine.url(), engine.url().arguments, engine.driver()));
        self.add(format_args!("{} {:?}", engine.pool().status(), engine.pool().options()));
    }

    /// That something like this was said.
    pub fn assert_says(&self, words: &str) {
        let text = self.0.lock().unwrap();
        assert!(text.contains(words), "`{words}` is missing, so that not all is collected");
    }

    /// That none of the secrets is there, in whatever spelling.
    pub fn assert_clean_of(&self, secrets: &[&str]) {
        let text = self.0.lock().unwrap();
        assert!(text.len() > 1000, "too little was collected: {text}");
        for secret in secrets.iter().copied() {
            let url = DatabaseUrl::new("x").username("u").password(secret).render(false);
            let escaped = url.strip_prefix("x://u:").unwrap().strip_suffix('@').unwrap();
            for spelling in [secret, escaped, &format!("{secret:?}").replace('"', "")] {
                // A part of a secret is a secret: what stands before an unescaped `/` or `@`.
                for part in [spelling, &spelling[..9]] {
                    if let Some(place) = text.find(part) {
                        let line = text[..place].rfind('\n').map_or(0, |end| end + 1);
                        panic!("a secret is shown: {}", text[line..].lines().next().unwrap_or_default());
                    }
                }
            }
        }
    }
}

/// Writes down all events and spans of all levels.
struct Recorder(Evidence);

struct Fields<'t>(&'t mut String);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}

impl Subscriber for Recorder {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &span::Attributes<'_>) -> span::Id {
        let mut text = format!("span {}", span.metadata().name());
        span.record(&mut Fields(&mut text));
        self.0.add(text);
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        let mut text = String::new();
        values.record(&mut Fields(&mut text));
        self.0.add(text);
    }

    fn event(&self, event: &tracing::Event<'_>) {
        let mut text = format!("event {}", event.metadata().target());
        event.record(&mut Fields(&mut text));
        self.0.add(text);
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

thread_local! {
    /// Where this thread's lines of the older `log` go.
    static LOG: RefCell<Option<Evidence>> = const { RefCell::new(None) };
}

struct Logger;

impl log::Log for Logger {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        LOG.with_borrow(Option::is_some)
    }

    fn log(&self, record: &log::Record<'_>) {
        LOG.with_borrow(|evidence| {
            if let Some(evidence) = evidence {
                evidence.add(format_args!("log {} {}", record.target(), record.args()));
            }
        });
    }

    fn flush(&self) {}
}

/// Collects what this thread logs, until it is dropped.
pub struct Collecting {
    _tracing: tracing::subscriber::DefaultGuard,
}

impl Collecting {
    pub fn start(evidence: &Evidence) -> Self {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            log::set_logger(&Logger).unwrap();
            log::set_max_level(log::LevelFilter::Trace);
        });
        LOG.set(Some(evidence.clone()));
        Self { _tracing: tracing::subscriber::set_default(Recorder(evidence.clone())) }
    }
}

impl Drop for Collecting {
    fn drop(&mut self) {
        LOG.set(None);
    }
}
