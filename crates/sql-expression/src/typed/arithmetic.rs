//! `+ - * /` between columns, expressions and values.

use std::ops;

use super::{Attribute, ColumnType, Expression, Model};
use crate::{
    expression::{BinaryOperator, Node, UnaryOperator},
    value::Decimal,
};

/// What a number type gives when it is calculated with another.
#[diagnostic::on_unimplemented(message = "`{Self}` cannot be calculated with `{Other}`")]
pub trait Arithmetic<Other>: ColumnType<Base = Self> {
    /// The result's type.
    type Output: ColumnType<Base = Self::Output>;

    /// What division gives: whole numbers divide into fractions.
    type Quotient: ColumnType<Base = Self::Quotient>;
}

macro_rules! arithmetic {
    ($($left:ty, $right:ty => $output:ty, $quotient:ty;)*) => {$(
        impl $crate::typed::Arithmetic<$right> for $left {
            type Output = $output;
            type Quotient = $quotient;
        }
    )*};
}

#[cfg(any(feature = "rust_decimal-1", feature = "bigdecimal-0_4"))]
pub(crate) use arithmetic;

arithmetic! {
    i8, i8 => i8, f64; u8, u8 => u8, f64; u16, u16 => u16, f64;
    i16, i16 => i16, f64; i32, i32 => i32, f64; i64, i64 => i64, f64; u32, u32 => u32, f64; u64, u64 => u64, f64;
    i32, i64 => i64, f64; i64, i32 => i64, f64; i16, i32 => i32, f64; i32, i16 => i32, f64;
    i16, i64 => i64, f64; i64, i16 => i64, f64;
    f32, f32 => f32, f32; f64, f64 => f64, f64;
    f64, i32 => f64, f64; i32, f64 => f64, f64; f64, i64 => f64, f64; i64, f64 => f64, f64;
    Decimal, Decimal => Decimal, Decimal; Decimal, i32 => Decimal, Decimal; i32, Decimal => Decimal, Decimal;
    Decimal, i64 => Decimal, Decimal; i64, Decimal => Decimal, Decimal;
}

/// What a number column of type `B` can be calculated with.
#[diagnostic::on_unimplemented(
    message = "a `{B}` column cannot be calculated with `{Self}`",
    label = "not a number that goes with `{B}`"
)]
pub trait ArithmeticOperand<B> {
    /// The result's type.
    type Output: ColumnType<Base = Self::Output>;

    /// What division gives.
    type Quotient: ColumnType<Base = Self::Quotient>;

    /// The untyped node.
    fn into_operand(self) -> Node;
}

#[diagnostic::do_not_recommend]
impl<B: Arithmetic<B>> ArithmeticOperand<B> for B {
    type Output = <B as Arithmetic<B>>::Output;
    type Quotient = <B as Arithmetic<B>>::Quotient;

    fn into_operand(self) -> Node {
        Node::typed_bind(self.into_value(), B::sql_type())
    }
}

#[diagnostic::do_not_recommend]
impl<B: Arithmetic<T::Base>, M: Model, T: ColumnType> ArithmeticOperand<B> for Attribute<M, T> {
    type Output = <B as Arithmetic<T::Base>>::Output;
    type Quotient = <B as Arithmetic<T::Base>>::Quotient;

    fn into_operand(self) -> Node {
        self.node()
    }
}

#[diagnostic::do_not_recommend]
impl<B: Arithmetic<T::Base>, T: ColumnType> ArithmeticOperand<B> for Expression<T> {
    type Output = <B as Arithmetic<T::Base>>::Output;
    type Quotient = <B as Arithmetic<T::Base>>::Quotient;

    fn into_operand(self) -> Node {
        self.into_node()
    }
}

macro_rules! operators {
    ($($trait:ident $method:ident $operator:ident $result:ident;)*) => {$(
        impl<M: Model, T: ColumnType, R: ArithmeticOperand<T::Base>> ops::$trait<R> for Attribute<M, T> {
            type Output = Expression<T::Like<R::$result>>;

            fn $method(self, other: R) -> Self::Output {
                Expression::new(Node::binary(self.node(), BinaryOperator::$operator, other.into_operand()))
            }
        }

        impl<T: ColumnType, R: ArithmeticOperand<T::Base>> ops::$trait<R> for Expression<T> {
            type Output = Expression<T::Like<R::$result>>;

            fn $method(self, other: R) -> Self::Output {
                Expression::new(Node::binary(self.into_node(), BinaryOperator::$operator, other.into_operand()))
            }
        }
    )*};
}

operators! {
    Add add Add Output;
    Sub sub Subtract Output;
    Mul mul Multiply Output;
    Div div Divide Quotient;
    Rem rem Modulo Output;
}

impl<M: Model, T: ColumnType> ops::Neg for Attribute<M, T>
where
    T::Base: Arithmetic<T::Base>,
{
    type Output = Expression<T>;

    fn neg(self) -> Expression<T> {
        Expression::new(Node::unary(UnaryOperator::Negate, self.node()))
    }
}

impl<T: ColumnType> ops::Neg for Expression<T>
where
    T::Base: Arithmetic<T::Base>,
{
    type Output = Self;

    fn neg(self) -> Self {
        Self::new(Node::unary(UnaryOperator::Negate, self.into_node()))
    }
}
