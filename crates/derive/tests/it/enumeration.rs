use aludel_sql_expression::{Cell, ColumnType, Decode, Enum, ErrorKind, SqlType, Value};

#[derive(Clone, Copy, Debug, PartialEq, Enum)]
enum Status {
    Draft,
    #[value(name = "in print")]
    InPrint,
    r#None,
}

#[test]
fn variants_are_stored_as_words_and_read_back() {
    for (status, word) in [(Status::Draft, "Draft"), (Status::InPrint, "in print"), (Status::None, "None")] {
        assert_eq!(status.to_value(), Value::Text(word.into()));
        assert_eq!(Status::decode(Cell::Text(word)).unwrap(), status);
        let wire = Cell::Other { type_name: "status", bytes: word.as_bytes() };
        assert_eq!(Status::decode(wire).unwrap(), status);
    }
    assert_eq!(Option::<Status>::decode(Cell::Null).unwrap(), None);
    assert_eq!(Some(Status::Draft).to_value(), Value::Text("Draft".into()));
}

#[test]
fn an_unknown_word_is_named_with_the_enum() {
    let error = Status::decode(Cell::Text("draft")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Data);
    assert_eq!(error.to_string(), "`draft` is not a value of `Status`; its values are Draft, in print, None");
}

#[test]
fn other_cells_are_refused() {
    for cell in [Cell::Null, Cell::I64(1), Cell::Other { type_name: "x", bytes: &[0xff] }] {
        let error = Status::decode(cell).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Data);
        assert!(error.to_string().contains("Status"), "{error}");
    }
}

fn parts(sql_type: SqlType) -> (String, Vec<String>) {
    match sql_type {
        SqlType::Enum { name, values, .. } => {
            (name.to_string(), values.iter().map(ToString::to_string).collect())
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_type_has_a_name_and_its_words() {
    #[derive(Clone, PartialEq, Enum)]
    #[enumeration(name = "print_state")]
    enum HTTPServerKind {
        A,
    }

    #[derive(Clone, PartialEq, Enum)]
    enum HTTPServer2Kind {
        B,
    }

    assert_eq!(parts(Status::sql_type()).0, "status");
    assert_eq!(parts(Status::sql_type()).1, ["Draft", "in print", "None"]);
    assert_eq!(parts(HTTPServerKind::sql_type()).0, "print_state");
    assert_eq!(parts(HTTPServer2Kind::sql_type()).0, "http_server2_kind");
    assert_eq!(
        (HTTPServerKind::A.to_value(), HTTPServer2Kind::B.to_value()),
        ("A".to_owned().into_value(), "B".to_owned().into_value())
    );
}
