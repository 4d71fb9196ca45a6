use aludel::prelude::*;

#[derive(Mapped, Clone)]
struct Tuple(i64);

#[derive(Mapped, Clone)]
struct Unit;

#[derive(Mapped, Clone)]
struct Generic<T> {
    #[column(primary_key)]
    id: T,
}

#[derive(Mapped, Clone)]
enum Choice {
    One,
}

#[derive(Enum, Clone, PartialEq)]
enum Status {
    Draft,
    Published(i64),
}

#[derive(FromRow)]
struct Nothing;

fn main() {}
