use aludel::prelude::*;

fn main() {
    let _ = select("name");
}
