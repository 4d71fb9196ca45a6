//! Random URLs: none makes the parser panic, what is parsed survives rendering, and passwords stay hidden.
//!
//! `ALUDEL_TEST_FUZZ` says how many there are (default: 5000), `ALUDEL_TEST_SEED` where the generator begins.

use std::env;

use aludel_driver::{DatabaseUrl, Secret};

fn seeds() -> std::ops::Range<u64> {
    let number = |name: &str, usual: u64| env::var(name).map_or(usual, |text| text.parse().unwrap());
    let (first, count) = (number("ALUDEL_TEST_SEED", 1), number("ALUDEL_TEST_FUZZ", 5000));
    first..first + count
}

fn letters(random: &mut fastrand::Rng, most: usize) -> String {
    let special: Vec<char> = "://@?&=%+#[]. \\'\"-_~ab019AZ%2Fé🦀\u{7f}\n".chars().collect();
    (0..random.usize(..=most)).map(|_| special[random.usize(..special.len())]).collect()
}

/// What is parsed is parsed again to the same from what it is rendered as.
fn survives(url: &DatabaseUrl, told: &str) {
    let rendered = url.render(false);
    let again = DatabaseUrl::parse(&rendered).unwrap_or_else(|error| panic!("{told:?}: {error}\n{rendered}"));
    assert_eq!(again.render(false), rendered, "{told:?}");
    assert_eq!((&again.dialect, &again.driver), (&url.dialect, &url.driver), "{told:?}");
    let (ours, theirs) = (&url.arguments, &again.arguments);
    assert_eq!(
        (&ours.username, &ours.host, ours.port),
        (&theirs.username, &theirs.host, theirs.port),
        "{told:?}"
    );
    assert_eq!((&ours.database, &ours.options), (&theirs.database, &theirs.options), "{told:?}");
    let password = |url: &DatabaseUrl| url.arguments.password.as_ref().map(|word| word.expose().to_owned());
    assert_eq!(password(url), password(&again), "{told:?}");
}

#[test]
fn any_text_is_parsed_or_refused() {
    for seed in seeds() {
        let mut random = fastrand::Rng::with_seed(seed);
        let rest = letters(&mut random, 40);
        for text in [rest.clone(), format!("sqlite://{rest}"), format!("postgresql://me:geheim@{rest}")] {
            match DatabaseUrl::parse(&text) {
                Ok(url) => survives(&url, &text),
                Err(error) => assert!(!error.to_string().contains("geheim"), "seed {seed}: {error}"),
            }
        }
    }
}

#[test]
fn any_parts_survive() {
    for seed in seeds() {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut url = DatabaseUrl::new("postgresql");
        let full = |random: &mut fastrand::Rng| format!("{}x", letters(random, 12));
        url.arguments.username = random.bool().then(|| full(&mut random));
        let password = format!("gehéim-{}-wort", letters(&mut random, 12));
        if url.arguments.username.is_some() {
            url.arguments.password = random.bool().then(|| Secret::new(password.clone()));
        }
        url.arguments.host = Some("db.example.org".into());
        url.arguments.port = random.bool().then(|| random.u16(1..));
        url.arguments.database = random.bool().then(|| full(&mut random));
        for _ in 0..random.usize(..3) {
            url.arguments.options.insert(full(&mut random), letters(&mut random, 12));
        }
        survives(&url, &format!("seed {seed}"));
        let shown = format!("{} {url:?}", url.render(true));
        assert!(!shown.contains("gehéim") && !shown.contains("geh%C3%A9im"), "seed {seed}: {shown}");
    }
}
