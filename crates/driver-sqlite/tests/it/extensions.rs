//! Loads an extension that the test builds: it needs a C compiler, as the library itself does.
#![allow(unsafe_code)]

use std::{fs, path::PathBuf, process::Command};

use aludel_driver::{Driver, ErrorKind, Value};
use aludel_driver_sqlite::{Extension, SqliteDriver};

use crate::support::{Folder, arguments, failure, memory, own, scalar};

/// An extension with the function `answer()`. The table of SQLite's functions never changes but at its end, so that those
/// which are needed are known by their places: no header is at hand here.
const SOURCE: &str = r"
typedef int (*create_function)(void *, const char *, int, int, void *, void (*)(void *, int, void **), void *, void *);
typedef void (*result_int)(void *, int);
static void **api;
static void answer(void *context, int count, void **arguments) { ((result_int)api[RESULT_INT])(context, 42); }
int sqlite3_answer_init(void *db, char **message, void **routines) {
    api = routines;
    return ((create_function)api[CREATE_FUNCTION])(db, NAME, 0, 1, 0, answer, 0, 0);
}
int second_entry(void *db, char **message, void **routines) {
    api = routines;
    return ((create_function)api[CREATE_FUNCTION])(db, SECOND, 0, 1, 0, answer, 0, 0);
}
int refuse(void *db, char **message, void **routines) { return 1; }
";

fn build(folder: &Folder) -> PathBuf {
    let (source, library) = (folder.file("answer.c"), PathBuf::from(folder.file("answer")));
    fs::write(&source, SOURCE).unwrap();
    let suffix = std::env::consts::DLL_SUFFIX;
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-DCREATE_FUNCTION=45", "-DRESULT_INT=82"])
        .args(["-DNAME=\"answer\"", "-DSECOND=\"second\"", "-o"])
        .arg(format!("{}{suffix}", library.display()))
        .arg(&source)
        .output()
        .expect("a C compiler is there, as `cc`");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    library
}

fn trusted(path: impl Into<PathBuf>) -> Extension {
    // SAFETY: the test has just built it.
    unsafe { Extension::trusted(path) }
}

#[tokio::test]
async fn an_extension_is_loaded_where_the_program_says_so() {
    let folder = Folder::new();
    let path = build(&folder);
    let driver = SqliteDriver::new().extension(trusted(&path));
    for _ in 0..2 {
        let mut connection = driver.connect(&arguments(None, &[])).await.unwrap();
        assert_eq!(scalar(&mut *connection, "SELECT answer()").await, Value::I64(42));
    }
    let mut connection = memory().await;
    failure(&mut *connection, "SELECT answer()").await;
    own(&mut connection).load_extension(&trusted(&path)).await.unwrap();
    assert_eq!(scalar(&mut *connection, "SELECT answer()").await, Value::I64(42));
    own(&mut connection).load_extension(&trusted(&path).entry_point("second_entry")).await.unwrap();
    assert_eq!(scalar(&mut *connection, "SELECT second()").await, Value::I64(42));
    // SQL still cannot.
    let error = failure(&mut *connection, &format!("SELECT load_extension('{}')", path.display())).await;
    assert!(error.message().contains("SqliteDriver::extension"), "{error}");

    for extension in [trusted(&path).entry_point("refuse"), trusted(folder.file("not there"))] {
        let error = own(&mut connection).load_extension(&extension).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Operational, "{error}");
        assert!(error.message().contains(&extension.path().display().to_string()), "{error}");
        let refused = SqliteDriver::new().extension(extension).connect(&arguments(None, &[])).await;
        assert!(refused.err().unwrap().message().contains("cannot load the extension"));
    }
}
