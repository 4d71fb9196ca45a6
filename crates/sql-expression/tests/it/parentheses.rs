//! Property: whatever is put together, the text means the same tree again, in each database's own reading.

use std::sync::Arc;

use aludel_sql_expression::{
    Dialect, Executable, Expression,
    expression::{BinaryOperator as Operator, Node, UnaryOperator},
    select,
};

use crate::fixture::{mysql, postgres, sqlite};

/// A tree without parentheses in it: every node in brackets.
fn expected(node: &Node) -> String {
    match node {
        Node::Integer(number) if *number < 0 => format!("[- {}]", -number),
        Node::Integer(number) => number.to_string(),
        Node::Unary(unary) => {
            let operand = expected(&unary.operand);
            match unary.operator {
                UnaryOperator::Not => format!("[NOT {operand}]"),
                UnaryOperator::Negate => format!("[- {operand}]"),
                UnaryOperator::IsNull => format!("[{operand} ISNULL]"),
                _ => format!("[{operand} NOTNULL]"),
            }
        }
        Node::Binary(binary) => {
            let text = text_of(&binary.operator);
            let (left, right) = (expected(&binary.left), expected(&binary.right));
            // AND and OR mean the same however they are grouped.
            if matches!(text, "AND" | "OR") {
                return flat(text, &[&binary.left, &binary.right]);
            }
            format!("[{left} {text} {right}]")
        }
        Node::Between(parts) => {
            let [value, low, high] = &**parts;
            format!("[{} BETWEEN {} {}]", expected(value), expected(low), expected(high))
        }
        other => panic!("not generated: {other:?}"),
    }
}

fn flat(text: &str, nodes: &[&Node]) -> String {
    let mut parts = Vec::new();
    for node in nodes {
        collect(text, node, &mut parts);
    }
    format!("[{}]", parts.join(&format!(" {text} ")))
}

fn collect(text: &str, node: &Node, parts: &mut Vec<String>) {
    match node {
        Node::Binary(binary) if text_of(&binary.operator) == text => {
            collect(text, &binary.left, parts);
            collect(text, &binary.right, parts);
        }
        node => parts.push(expected(node)),
    }
}

fn text_of(operator: &Operator) -> &'static str {
    match operator {
        Operator::And => "AND",
        Operator::Or => "OR",
        Operator::Equal => "=",
        Operator::Less => "<",
        Operator::Like => "LIKE",
        Operator::Add => "+",
        Operator::Subtract => "-",
        Operator::Multiply => "*",
        Operator::Modulo => "%",
        Operator::Concatenate => "||",
        Operator::Custom(_) => "&",
        other => panic!("not generated: {other:?}"),
    }
}

/// A small generator of numbers, so that the trees are the same in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn node(&mut self, depth: u32) -> Node {
        if depth == 0 || self.below(6) == 0 {
            return Node::Integer(self.below(9) as i64 - 1);
        }
        let operators = [
            Operator::And,
            Operator::Or,
            Operator::Equal,
            Operator::Less,
            Operator::Like,
            Operator::Add,
            Operator::Subtract,
            Operator::Multiply,
            Operator::Modulo,
            Operator::Concatenate,
            Operator::Custom("&".into()),
        ];
        let unary =
            [UnaryOperator::Not, UnaryOperator::Negate, UnaryOperator::IsNull, UnaryOperator::IsNotNull];
        match self.below(9) {
            0 | 1 => Node::unary(unary[self.below(4) as usize], self.node(depth - 1)),
            2 => Node::Between(Arc::new([self.node(depth - 1), self.node(depth - 1), self.node(depth - 1)])),
            _ => {
                let operator = operators[self.below(operators.len() as u64) as usize].clone();
                Node::binary(self.node(depth - 1), operator, self.node(depth - 1))
            }
        }
    }
}

/// How strongly the operators bind in a database.
struct Reading {
    concatenation: u8,
    and_sign: u8,
}

const SUM: u8 = 6;
const PRODUCT: u8 = 7;
const SIGN: u8 = 9;

struct Parser<'t> {
    tokens: Vec<&'t str>,
    position: usize,
    reading: &'t Reading,
}

impl<'t> Parser<'t> {
    fn peek(&self) -> &'t str {
        self.tokens.get(self.position).copied().unwrap_or("")
    }

    fn next(&mut self) -> &'t str {
        let token = self.peek();
        self.position += 1;
        token
    }

    fn strength(&self, token: &str) -> Option<u8> {
        Some(match token {
            "OR" => 1,
            "AND" => 2,
            "=" | "<" | "LIKE" | "IS" | "BETWEEN" => 4,
            "&" => self.reading.and_sign,
            "||" => self.reading.concatenation,
            "+" | "-" => SUM,
            "*" | "%" => PRODUCT,
            _ => return None,
        })
    }

    /// Reads an expression whose operators bind at least so strongly; all are read from left to right.
    fn expression(&mut self, least: u8) -> String {
        let mut left = match self.next() {
            "NOT" => format!("[NOT {}]", self.expression(4)),
            "-" => format!("[- {}]", self.expression(SIGN)),
            "(" => {
                let inner = self.expression(0);
                assert_eq!(self.next(), ")");
                inner
            }
            number => number.to_owned(),
        };
        loop {
            let token = self.peek();
            let Some(strength) = self.strength(token).filter(|strength| *strength >= least) else { break };
            self.next();
            match token {
                "IS" => {
                    let negated = self.peek() == "NOT";
                    self.position += 1 + usize::from(negated);
                    left = format!("[{left} {}]", if negated { "NOTNULL" } else { "ISNULL" });
                }
                "BETWEEN" => {
                    let low = self.expression(5);
                    assert_eq!(self.next(), "AND");
                    let high = self.expression(5);
                    left = format!("[{left} BETWEEN {low} {high}]");
                }
                "AND" | "OR" => {
                    let mut parts = vec![left];
                    parts.push(self.expression(strength + 1));
                    while self.peek() == token {
                        self.next();
                        parts.push(self.expression(strength + 1));
                    }
                    // Parts that were in parentheses are one with the chain.
                    let inner = |part: &String| chain(part, token);
                    left = format!(
                        "[{}]",
                        parts.iter().map(inner).collect::<Vec<_>>().join(&format!(" {token} "))
                    );
                }
                operator => left = format!("[{left} {operator} {}]", self.expression(strength + 1)),
            }
        }
        left
    }
}

/// The inside of a part that is a chain of the same operator.
fn chain(part: &str, operator: &str) -> String {
    let mut depth = 0;
    let mut found = false;
    for token in part.replace('[', " [ ").replace(']', " ] ").split_whitespace() {
        match token {
            "[" => depth += 1,
            "]" => depth -= 1,
            token if depth == 1 && token == operator => found = true,
            _ => {}
        }
    }
    if found { part[1..part.len() - 1].to_owned() } else { part.to_owned() }
}

#[test]
fn every_text_means_its_tree() {
    let readings = [
        (sqlite(), Reading { concatenation: 8, and_sign: 5 }),
        (postgres(), Reading { concatenation: 5, and_sign: 5 }),
    ];
    let mut random = Random(42);
    for _ in 0..20_000 {
        let node = random.node(4);
        for (dialect, reading) in &readings {
            check(&node, dialect, reading);
        }
    }
}

fn check(node: &Node, dialect: &Arc<dyn Dialect>, reading: &Reading) {
    let sql = select(Expression::<i64>::new(node.clone())).to_sql(&**dialect).unwrap();
    let text = sql.strip_prefix("SELECT ").unwrap();
    let spaced = text.replace('(', " ( ").replace(')', " ) ").replace('-', " - ");
    let mut parser = Parser { tokens: spaced.split_whitespace().collect(), position: 0, reading };
    let read = parser.expression(0);
    assert_eq!(parser.position, parser.tokens.len(), "all of it is read: {text}");
    assert_eq!(read, expected(node), "{}: {text}", dialect.name());
}

#[test]
fn a_sign_never_begins_a_comment() {
    let node = Node::unary(UnaryOperator::Negate, Node::unary(UnaryOperator::Negate, Node::Integer(-1)));
    for dialect in [sqlite(), postgres(), mysql()] {
        let sql = select(Expression::<i64>::new(node.clone())).to_sql(&*dialect).unwrap();
        assert!(!sql.contains("--"), "{sql}");
    }
}
