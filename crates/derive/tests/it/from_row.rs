use aludel_sql_expression::{Cell, Decode, ErrorKind, FromRow, Result};

use crate::row::{Cells, columns};

fn read<T: FromRow>(names: &[&str], cells: Vec<Cell<'static>>) -> Result<T> {
    let plan = T::plan(&columns(names))?;
    T::from_row(&Cells(cells), &plan)
}

#[derive(Debug, PartialEq, FromRow)]
struct Revenue {
    artist: String,
    #[column(name = "sum")]
    total: Option<f64>,
    r#type: i16,
}

#[test]
fn named_fields_are_found_by_name_in_any_order() {
    let names = ["type", "unused", "sum", "artist"];
    let cells = vec![Cell::I64(3), Cell::Null, Cell::Null, Cell::Text("U2")];
    let expected = Revenue { artist: "U2".into(), total: None, r#type: 3 };
    assert_eq!(read::<Revenue>(&names, cells).unwrap(), expected);
}

#[test]
fn a_missing_column_is_named() {
    let error = read::<Revenue>(&["artist", "type"], vec![]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Argument);
    assert!(error.to_string().contains("`sum`"), "{error}");
}

#[test]
fn a_cell_that_does_not_fit_names_its_column() {
    let cells = vec![Cell::Text("U2"), Cell::Text("much"), Cell::I64(1)];
    let error = read::<Revenue>(&["artist", "sum", "type"], cells).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Data);
    assert!(error.to_string().contains("`sum`"), "{error}");
}

#[derive(Debug, PartialEq, FromRow)]
struct Pair(i64, String);

#[test]
fn a_tuple_struct_is_read_by_position() {
    let cells = || vec![Cell::I64(1), Cell::Text("x")];
    assert_eq!(read::<Pair>(&["b", "a"], cells()).unwrap(), Pair(1, "x".into()));
    assert_eq!(read::<Pair>(&["a"], cells()).unwrap_err().kind(), ErrorKind::Argument);
    let error = read::<Pair>(&["a", "b"], vec![Cell::I64(1), Cell::I64(2)]).unwrap_err();
    assert!(error.to_string().contains("`2`"), "{error}");
}

#[derive(Debug, PartialEq, FromRow)]
struct Page<T, U = T>
where
    U: Clone,
{
    item: T,
    #[column(name = "also")]
    other: U,
}

#[test]
fn type_parameters_are_read_too() {
    let page: Page<i64, String> = read(&["item", "also"], vec![Cell::I64(5), Cell::Text("x")]).unwrap();
    assert_eq!(page, Page { item: 5, other: "x".into() });
}

/// Names that the expansion itself could trip over, were its paths not absolute.
#[test]
fn names_of_the_prelude_can_be_taken() {
    #[derive(Debug, PartialEq, FromRow)]
    struct Result {
        row: Option,
        plan: i64,
        columns: i64,
    }

    #[derive(Debug, PartialEq)]
    struct Option(i64);

    impl Decode for Option {
        fn decode(cell: Cell<'_>) -> aludel_sql_expression::Result<Self> {
            i64::decode(cell).map(Self)
        }
    }

    let cells = vec![Cell::I64(1), Cell::I64(2), Cell::I64(3)];
    assert_eq!(
        read::<Result>(&["row", "plan", "columns"], cells).unwrap(),
        Result { row: Option(1), plan: 2, columns: 3 }
    );
}
