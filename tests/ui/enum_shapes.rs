use aludel::sql::Enum;

#[derive(Enum, Clone)]
enum Shape {
    Circle(f64),
    Square { side: f64 },
}

#[derive(Enum, Clone)]
struct Point {
    x: i64,
}

#[derive(Enum, Clone)]
enum Nothing {}

#[derive(Enum, Clone)]
enum Doubled {
    #[value(name = "one")]
    First,
    #[value(name = "one")]
    Second,
}

fn main() {}
