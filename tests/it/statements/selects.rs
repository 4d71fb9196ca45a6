//! SELECT and its clauses.

use aludel::prelude::*;
use aludel::sql::{
    Expression, count_all, exists,
    expression::{FrameBound, FrameUnit, Window},
    func, literal, max,
    statement::{Locking, values},
    sum, tuple,
    typed::{cube, dense_rank, first_value, grouping_sets, lag, ntile, rollup, row_number, string_agg},
};

use super::{Case, Tables, case};
use crate::core_tables::{integer, string};

pub(super) fn cases(tables: &Tables) -> Vec<Case> {
    let mut cases = clauses(tables);
    cases.extend(set_operations(tables));
    cases.extend(grouping(tables));
    cases.extend(windows(tables));
    cases.extend(subqueries(tables));
    cases
}

fn clauses(Tables { author, book, .. }: &Tables) -> Vec<Case> {
    vec![
        case("without FROM", select(literal(1_i64) + 1_i64))
            .sql("SELECT ? + ?")
            .postgres("SELECT CAST(? AS BIGINT) + CAST(? AS BIGINT)")
            .gives("2"),
        case("distinct", select(book.c("pages")).distinct().order_by(book.c("pages")))
            .sql("SELECT DISTINCT book.pages FROM book ORDER BY book.pages")
            .gives("100;200;300"),
        case(
            "distinct on",
            select((book.c("author_id"), book.c("title")))
                .distinct_on(book.c("author_id"))
                .order_by((book.c("author_id"), book.c("pages").desc())),
        )
        .postgres(
            "SELECT DISTINCT ON (book.author_id) book.author_id, book.title FROM book ORDER BY book.author_id, book.pages DESC",
        )
        .sqlite_lacks("DISTINCT ON")
        .mysql_lacks("DISTINCT ON")
        .gives("1|Birch;2|Cedar;3|Dog_wood%"),
        case("nulls first", select(author.c("id")).order_by(author.c("age").asc().nulls_first()))
            .sql("SELECT author.id FROM author ORDER BY author.age NULLS FIRST")
            .mysql("SELECT author.id FROM author ORDER BY author.age IS NULL DESC, author.age")
            .gives("2;1;3"),
        case("nulls last", select(author.c("id")).order_by(author.c("age").desc().nulls_last()))
            .sql("SELECT author.id FROM author ORDER BY author.age DESC NULLS LAST")
            .mysql("SELECT author.id FROM author ORDER BY author.age IS NULL, author.age DESC")
            .gives("3;1;2"),
        case("limit and offset", select(book.c("id")).order_by(book.c("id")).limit(2).offset(1))
            .sql("SELECT book.id FROM book ORDER BY book.id LIMIT ? OFFSET ?")
            .gives("2;3"),
        case("offset alone", select(book.c("id")).order_by(book.c("id")).offset(3))
            .sqlite("SELECT book.id FROM book ORDER BY book.id LIMIT -1 OFFSET ?")
            .postgres("SELECT book.id FROM book ORDER BY book.id OFFSET ?")
            .mysql("SELECT book.id FROM book ORDER BY book.id LIMIT 18446744073709551615 OFFSET ?")
            .gives("4"),
        case(
            "fetch with ties",
            select(book.c("id")).order_by(book.c("pages")).fetch_with_ties(2),
        )
        .sql("SELECT book.id FROM book ORDER BY book.pages FETCH FIRST ? ROWS WITH TIES")
        .sqlite_lacks("FETCH FIRST .. WITH TIES")
        .mysql_lacks("FETCH FIRST .. WITH TIES")
        .mariadb("SELECT book.id FROM book ORDER BY book.pages FETCH FIRST ? ROWS WITH TIES")
        .gives_in_any_order("1;2;3"),
        case(
            "fetch with ties after an offset",
            select(book.c("id")).order_by(book.c("pages")).offset(1).fetch_with_ties(1),
        )
        .postgres("SELECT book.id FROM book ORDER BY book.pages OFFSET ? ROWS FETCH FIRST ? ROWS WITH TIES")
        .sqlite_lacks("FETCH FIRST .. WITH TIES")
        .mysql_lacks("FETCH FIRST .. WITH TIES")
        .mariadb("SELECT book.id FROM book ORDER BY book.pages OFFSET ? ROWS FETCH FIRST ? ROWS WITH TIES")
        .gives_in_any_order("2;3"),
        case("group and having", {
            let count = count_all();
            select((book.c("author_id"), count.clone()))
                .group_by(book.c("author_id"))
                .having(count.gt(1))
                .order_by(book.c("author_id"))
        })
        .sql(
            "SELECT book.author_id, count(*) FROM book GROUP BY book.author_id HAVING count(*) > ? ORDER BY book.author_id",
        )
        .postgres(
            "SELECT book.author_id, count(*) FROM book GROUP BY book.author_id HAVING count(*) > ? ORDER BY book.author_id",
        )
        .gives("1|2"),
        case("lock", select(author.c("id")).filter(author.c("id").eq(1)).with_for_update())
            .sql("SELECT author.id FROM author WHERE author.id = ? FOR UPDATE")
            .sqlite("SELECT author.id FROM author WHERE author.id = ?")
            .gives("1"),
        case(
            "lock with skip locked",
            select(author.c("id")).order_by(author.c("id")).limit(1).locking(Locking::update().skip_locked()),
        )
        .sql("SELECT author.id FROM author ORDER BY author.id LIMIT ? FOR UPDATE SKIP LOCKED")
        .sqlite("SELECT author.id FROM author ORDER BY author.id LIMIT ?")
        .gives("1"),
        case(
            "lock to share without waiting",
            select(author.c("id")).filter(author.c("id").eq(1)).locking(Locking::share().nowait()),
        )
        .sql("SELECT author.id FROM author WHERE author.id = ? FOR SHARE NOWAIT")
        .sqlite("SELECT author.id FROM author WHERE author.id = ?")
        .mariadb("SELECT author.id FROM author WHERE author.id = ? LOCK IN SHARE MODE NOWAIT")
        .gives("1"),
        case(
            "lock of one table",
            select(author.c("id"))
                .join_on(book, author.c("id").eq(book.c("author_id")))
                .filter(book.c("id").eq(4))
                .locking(Locking::update().of(author)),
        )
        .sql("SELECT author.id FROM author JOIN book ON author.id = book.author_id WHERE book.id = ? FOR UPDATE OF author")
        .sqlite("SELECT author.id FROM author JOIN book ON author.id = book.author_id WHERE book.id = ?")
        .mariadb_lacks("FOR UPDATE OF")
        .gives("3"),
        case(
            "lock of keys",
            select(author.c("id")).filter(author.c("id").eq(1)).locking(Locking::key_share()),
        )
        .postgres("SELECT author.id FROM author WHERE author.id = ? FOR KEY SHARE")
        .sqlite("SELECT author.id FROM author WHERE author.id = ?")
        .mysql_lacks("FOR KEY SHARE")
        .gives("1"),
        case(
            "lock that leaves keys to others",
            select(author.c("id")).filter(author.c("id").eq(1)).locking(Locking::no_key_update()),
        )
        .postgres("SELECT author.id FROM author WHERE author.id = ? FOR NO KEY UPDATE")
        .sqlite("SELECT author.id FROM author WHERE author.id = ?")
        .mysql_lacks("FOR NO KEY UPDATE")
        .gives("1"),
        case("order by a collation", select(author.c("id")).order_by(string(author, "name").collate("nocase").desc()))
            .sqlite("SELECT author.id FROM author ORDER BY author.name COLLATE nocase DESC")
            .postgres_writes("SELECT author.id FROM author ORDER BY author.name COLLATE nocase DESC")
            .mysql_writes("SELECT author.id FROM author ORDER BY author.name COLLATE nocase DESC")
            .gives("3;2;1"),
        case(
            "prefix, suffix and hint",
            select(author.c("id"))
                .filter(author.c("id").eq(2))
                .prefix_with(("mysql", "SQL_NO_CACHE"))
                .suffix_with(("postgresql", "FOR SHARE"))
                .with_hint(author, ("sqlite", "NOT INDEXED"))
                .with_hint(author, ("mysql", "USE INDEX (PRIMARY)")),
        )
        .sqlite("SELECT author.id FROM author NOT INDEXED WHERE author.id = ?")
        .postgres("SELECT author.id FROM author WHERE author.id = ? FOR SHARE")
        .mysql("SELECT SQL_NO_CACHE author.id FROM author USE INDEX (PRIMARY) WHERE author.id = ?")
        .gives("2"),
    ]
}

fn set_operations(Tables { author, book, .. }: &Tables) -> Vec<Case> {
    let ids = |condition: Expression<bool>| select(book.c("id")).filter(condition);
    let all = || select(book.c("author_id"));
    let one = |id: i32| select(author.c("id")).filter(author.c("id").eq(id));
    vec![
        case(
            "union, ordered and limited",
            one(1).union(one(3)).union(one(2)).order_by(author.c("id").desc()).limit(2),
        )
        .sql(
            "SELECT author.id FROM author WHERE author.id = ? UNION SELECT author.id FROM author WHERE author.id = ? UNION \
             SELECT author.id FROM author WHERE author.id = ? ORDER BY id DESC LIMIT ?",
        )
        .gives("3;2"),
        case("intersect binds no more strongly", one(1).union(one(2)).intersect(one(1)))
            .sql(
                "(SELECT author.id FROM author WHERE author.id = ? UNION SELECT author.id FROM author WHERE author.id = ?) \
                 INTERSECT SELECT author.id FROM author WHERE author.id = ?",
            )
            .sqlite(
                "SELECT author.id FROM author WHERE author.id = ? UNION SELECT author.id FROM author WHERE author.id = ? \
                 INTERSECT SELECT author.id FROM author WHERE author.id = ?",
            )
            .gives("1"),
        case(
            "intersect after union, twice",
            one(1).union(one(2)).intersect(one(2)).union(one(3)).intersect(one(3)),
        )
        .sql(
            "((SELECT author.id FROM author WHERE author.id = ? UNION SELECT author.id FROM author WHERE author.id = ?) \
             INTERSECT SELECT author.id FROM author WHERE author.id = ? UNION SELECT author.id FROM author WHERE author.id = \
             ?) INTERSECT SELECT author.id FROM author WHERE author.id = ?",
        )
        .sqlite(
            "SELECT author.id FROM author WHERE author.id = ? UNION SELECT author.id FROM author WHERE author.id = ? \
             INTERSECT SELECT author.id FROM author WHERE author.id = ? UNION SELECT author.id FROM author WHERE author.id = \
             ? INTERSECT SELECT author.id FROM author WHERE author.id = ?",
        )
        .gives("3"),
        case("nested on the right", one(1).union(one(2).except(one(2))))
            .sql(
                "SELECT author.id FROM author WHERE author.id = ? UNION (SELECT author.id FROM author WHERE author.id = ? \
                 EXCEPT SELECT author.id FROM author WHERE author.id = ?)",
            )
            .sqlite(
                "SELECT author.id FROM author WHERE author.id = ? UNION SELECT * FROM (SELECT author.id FROM author WHERE \
                 author.id = ? EXCEPT SELECT author.id FROM author WHERE author.id = ?)",
            )
            .gives("1"),
        case(
            "limited parts",
            ids(book.c("pages").gt(0)).order_by(book.c("id").desc()).limit(1).union_all(ids(book.c("id").eq(1))),
        )
        .sql(
            "(SELECT book.id FROM book WHERE book.pages > ? ORDER BY book.id DESC LIMIT ?) UNION ALL SELECT book.id FROM \
             book WHERE book.id = ?",
        )
        .sqlite(
            "SELECT * FROM (SELECT book.id FROM book WHERE book.pages > ? ORDER BY book.id DESC LIMIT ?) UNION ALL SELECT \
             book.id FROM book WHERE book.id = ?",
        )
        .gives_in_any_order("1;4"),
        case(
            "locked parts",
            one(1).limit(1).with_for_update().union_all(one(2).locking(Locking::update().skip_locked())),
        )
        .postgres(
            "SELECT * FROM (SELECT author.id FROM author WHERE author.id = ? LIMIT ? FOR UPDATE) AS locked UNION ALL SELECT * \
             FROM (SELECT author.id FROM author WHERE author.id = ? FOR UPDATE SKIP LOCKED) AS locked",
        )
        .mysql(
            "(SELECT author.id FROM author WHERE author.id = ? LIMIT ? FOR UPDATE) UNION ALL (SELECT author.id FROM author \
             WHERE author.id = ? FOR UPDATE SKIP LOCKED)",
        )
        .sqlite(
            "SELECT * FROM (SELECT author.id FROM author WHERE author.id = ? LIMIT ?) UNION ALL SELECT * FROM (SELECT \
             author.id FROM author WHERE author.id = ?)",
        )
        .gives_in_any_order("1;2"),
        case("intersect all", all().intersect_all(all()))
            .sql("SELECT book.author_id FROM book INTERSECT ALL SELECT book.author_id FROM book")
            .sqlite_lacks("INTERSECT ALL")
            .gives_in_any_order("1;1;2;3"),
        case("except all", all().except_all(one(1)))
            .sql("SELECT book.author_id FROM book EXCEPT ALL SELECT author.id FROM author WHERE author.id = ?")
            .sqlite_lacks("EXCEPT ALL")
            .gives_in_any_order("1;2;3"),
    ]
}

fn grouping(Tables { book, .. }: &Tables) -> Vec<Case> {
    let pages = || sum(integer(book, "pages"));
    let both = || select((book.c("author_id"), book.c("pages"), count_all()));
    vec![
        case("rollup", select((book.c("author_id"), pages())).group_by(rollup(book.c("author_id"))))
            .postgres("SELECT book.author_id, sum(book.pages) FROM book GROUP BY ROLLUP (book.author_id)")
            .mysql("SELECT book.author_id, sum(book.pages) FROM book GROUP BY book.author_id WITH ROLLUP")
            .sqlite_lacks("ROLLUP in GROUP BY")
            .gives_in_any_order("1|300;2|200;3|300;NULL|800"),
        case("rollup beside others", both().group_by((book.c("author_id"), rollup(book.c("pages")))))
            .postgres(
                "SELECT book.author_id, book.pages, count(*) FROM book GROUP BY book.author_id, ROLLUP (book.pages)",
            )
            .sqlite_lacks("ROLLUP in GROUP BY")
            .mysql_lacks("ROLLUP beside other expressions")
            .gives_in_any_order("1|100|1;1|200|1;1|NULL|2;2|200|1;2|NULL|1;3|300|1;3|NULL|1"),
        case("cube", both().group_by(cube((book.c("author_id"), book.c("pages")))))
            .postgres(
                "SELECT book.author_id, book.pages, count(*) FROM book GROUP BY CUBE (book.author_id, book.pages)",
            )
            .sqlite_lacks("CUBE in GROUP BY")
            .mysql_lacks("CUBE in GROUP BY")
            .gives_in_any_order(
                "1|100|1;1|200|1;1|NULL|2;2|200|1;2|NULL|1;3|300|1;3|NULL|1;NULL|100|1;NULL|200|2;NULL|300|1;NULL|NULL|4",
            ),
        case(
            "grouping sets",
            both().group_by(
                grouping_sets().set((book.c("author_id"), book.c("pages"))).set(book.c("pages")).all_rows(),
            ),
        )
        .postgres(
            "SELECT book.author_id, book.pages, count(*) FROM book GROUP BY GROUPING SETS ((book.author_id, book.pages), \
             (book.pages), ())",
        )
        .sqlite_lacks("GROUPING SETS in GROUP BY")
        .mysql_lacks("GROUPING SETS in GROUP BY")
        .gives_in_any_order("1|100|1;1|200|1;2|200|1;3|300|1;NULL|100|1;NULL|200|2;NULL|300|1;NULL|NULL|4"),
        case("what is selected is grouped by, with its value in it", {
            let rest = || integer(book, "pages") % 150_i64;
            select((rest(), count_all())).group_by(rest()).order_by(rest())
        })
        .sql("SELECT book.pages % ?, count(*) FROM book GROUP BY book.pages % ? ORDER BY book.pages % ?")
        .postgres_numbered(
            "SELECT book.pages % CAST($1 AS BIGINT), count(*) FROM book GROUP BY book.pages % CAST($1 AS BIGINT) ORDER BY \
             book.pages % CAST($1 AS BIGINT)",
        )
        .gives("0|1;50|2;100|1"),
        case("a label that needs quotes", {
            let half = || (integer(book, "pages") * 2_i64).label("The \"double\" of `it`");
            select((half(), count_all())).group_by(half()).order_by(half().desc()).limit(1)
        })
        .sqlite(
            "SELECT book.pages * ? AS \"The \"\"double\"\" of `it`\", count(*) FROM book GROUP BY \"The \"\"double\"\" of `it`\" ORDER BY \
             \"The \"\"double\"\" of `it`\" DESC LIMIT ?",
        )
        .postgres(
            "SELECT book.pages * CAST(? AS BIGINT) AS \"The \"\"double\"\" of `it`\", count(*) FROM book GROUP BY \"The \"\"double\"\" of \
             `it`\" ORDER BY \"The \"\"double\"\" of `it`\" DESC LIMIT ?",
        )
        .mysql(
            "SELECT book.pages * ? AS `The \"double\" of ``it```, count(*) FROM book GROUP BY `The \"double\" of ``it``` ORDER BY `The \
             \"double\" of ``it``` DESC LIMIT ?",
        )
        .gives("600|1"),
        case(
            "aggregate with distinct and filter",
            select((
                aludel::sql::count(book.c("pages")).distinct(),
                count_all().filter_where(book.c("pages").gt(100)),
            )),
        )
        .sql("SELECT count(DISTINCT book.pages), count(*) FILTER (WHERE book.pages > ?) FROM book")
        .mysql_lacks("FILTER (WHERE ..)")
        .gives("3|3"),
        case(
            "texts put together in an order",
            select(string_agg(string(book, "title"), ", ").aggregate_order_by(book.c("pages").desc()))
                .filter(book.c("author_id").eq(1)),
        )
        .sqlite("SELECT group_concat(book.title, ', ' ORDER BY book.pages DESC) FROM book WHERE book.author_id = ?")
        .postgres("SELECT string_agg(book.title, ', ' ORDER BY book.pages DESC) FROM book WHERE book.author_id = ?")
        .mysql("SELECT group_concat(book.title ORDER BY book.pages DESC SEPARATOR ', ') FROM book WHERE book.author_id = ?")
        .gives("Birch, Ash"),
        case(
            "within group",
            select(aludel::sql::typed::percentile_cont(0.5, integer(book, "pages"))),
        )
        .postgres(
            "SELECT percentile_cont(CAST(? AS DOUBLE PRECISION)) WITHIN GROUP (ORDER BY book.pages) FROM book",
        )
        .sqlite_lacks("WITHIN GROUP")
        .mysql_lacks("WITHIN GROUP")
        .gives("200"),
    ]
}

fn windows(Tables { book, .. }: &Tables) -> Vec<Case> {
    let by_pages = || Window::new().order_by((book.c("pages"), book.c("id")));
    vec![
        case(
            "numbered rows",
            select((
                book.c("id"),
                row_number().over(by_pages()),
                dense_rank().over(Window::new().order_by(book.c("pages"))),
                ntile(2).over(by_pages()),
            ))
            .order_by(book.c("id")),
        )
        .sql(
            "SELECT book.id, row_number() OVER (ORDER BY book.pages, book.id), dense_rank() OVER (ORDER BY book.pages), \
             ntile(2) OVER (ORDER BY book.pages, book.id) FROM book ORDER BY book.id",
        )
        .gives("1|1|1|1;2|2|2|1;3|3|2|2;4|4|3|2"),
        case(
            "rows beside",
            select((
                book.c("id"),
                lag(integer(book, "pages"), 1).over(by_pages()),
                first_value(string(book, "title")).over(by_pages()),
            ))
            .order_by(book.c("id")),
        )
        .sql(
            "SELECT book.id, lag(book.pages, 1) OVER (ORDER BY book.pages, book.id), first_value(book.title) OVER (ORDER BY \
             book.pages, book.id) FROM book ORDER BY book.id",
        )
        .gives("1|NULL|Ash;2|100|Ash;3|200|Ash;4|200|Ash"),
        case(
            "frames of values and of groups",
            select((
                book.c("id"),
                count_all().over(Window::new().order_by(book.c("pages")).frame(
                    FrameUnit::Range,
                    FrameBound::UnboundedPreceding,
                    FrameBound::CurrentRow,
                )),
                count_all().over(
                    Window::new().partition_by(book.c("author_id")).order_by(book.c("id")).frame(
                        FrameUnit::Rows,
                        FrameBound::CurrentRow,
                        FrameBound::UnboundedFollowing,
                    ),
                ),
            ))
            .order_by(book.c("id")),
        )
        .sql(
            "SELECT book.id, count(*) OVER (ORDER BY book.pages RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW), count(*) OVER \
             (PARTITION BY book.author_id ORDER BY book.id ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) FROM book ORDER \
             BY book.id",
        )
        .gives("1|1|2;2|3|1;3|3|1;4|4|1"),
        case(
            "frame of groups",
            select(count_all().over(Window::new().order_by(book.c("pages")).frame(
                FrameUnit::Groups,
                FrameBound::Preceding(1),
                FrameBound::Following(1),
            )))
            .order_by(book.c("id")),
        )
        .sql("SELECT count(*) OVER (ORDER BY book.pages GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING) FROM book ORDER BY book.id")
        .mysql_lacks("GROUPS in a window's frame")
        .gives("3;4;4;3"),
        case(
            "named windows",
            select((
                book.c("id"),
                sum(integer(book, "pages")).over(Window::named("w")),
                max(integer(book, "pages")).over(Window::named("w").order_by(book.c("id")).frame(
                    FrameUnit::Rows,
                    FrameBound::Preceding(1),
                    FrameBound::CurrentRow,
                )),
            ))
            .window("w", Window::new().partition_by(book.c("author_id")))
            .order_by(book.c("id")),
        )
        .sql(
            "SELECT book.id, sum(book.pages) OVER w, max(book.pages) OVER (w ORDER BY book.id ROWS BETWEEN 1 PRECEDING AND \
             CURRENT ROW) FROM book WINDOW w AS (PARTITION BY book.author_id) ORDER BY book.id",
        )
        .gives("1|300|100;2|300|200;3|200|200;4|300|300"),
    ]
}

fn subqueries(Tables { author, book, .. }: &Tables) -> Vec<Case> {
    let totals = select((book.c("author_id"), sum(integer(book, "pages")).label("total")))
        .group_by(book.c("author_id"))
        .subquery("totals");
    let pages_of = |author_id: i32| select(integer(book, "pages")).filter(book.c("author_id").eq(author_id));
    let numbers = values("numbers", ["n"], [(1,), (2,)]);
    vec![
        case(
            "correlated",
            select(author.c("id"))
                .filter(exists(&select(book.c("id")).filter(book.c("author_id").eq(author.c("id"))).filter(
                    book.c("pages").ge(300),
                )))
                .order_by(author.c("id")),
        )
        .sql(
            "SELECT author.id FROM author WHERE EXISTS (SELECT book.id FROM book WHERE book.author_id = author.id AND \
             book.pages >= ?) ORDER BY author.id",
        )
        .gives("3"),
        case(
            "scalar subquery",
            select((
                author.c("id"),
                select(count_all()).select_from(book).filter(book.c("author_id").eq(author.c("id"))).scalar_subquery(),
            ))
            .order_by(author.c("id")),
        )
        .sql(
            "SELECT author.id, (SELECT count(*) FROM book WHERE book.author_id = author.id) FROM author ORDER BY author.id",
        )
        .gives("1|2;2|1;3|1"),
        case(
            "derived table",
            select((author.c("name"), totals.c("total")))
                .join_on(&totals, author.c("id").eq(totals.c("author_id")))
                .filter(totals.c("total").gt(200))
                .order_by(author.c("id")),
        )
        .sql(
            "SELECT author.name, totals.total FROM author JOIN (SELECT book.author_id, sum(book.pages) AS total FROM book GROUP \
             BY book.author_id) AS totals ON author.id = totals.author_id WHERE totals.total > ? ORDER BY author.id",
        )
        .gives("Ann|300;Cid|300"),
        case(
            "not correlated, as was said",
            select(author.c("id"))
                .filter(author.c("id").in_select(
                    &select(author.c("id")).filter(author.c("age").gt(40)).correlate::<&Table>([]),
                ))
                .order_by(author.c("id")),
        )
        .sql(
            "SELECT author.id FROM author WHERE author.id IN (SELECT author.id FROM author WHERE author.age > ?) ORDER BY \
             author.id",
        )
        .gives("3"),
        case(
            "any",
            select(book.c("id"))
                .filter(integer(book, "pages").gt(aludel::sql::typed::any(&pages_of(1))))
                .order_by(book.c("id")),
        )
        .sql("SELECT book.id FROM book WHERE book.pages > ANY (SELECT book.pages FROM book WHERE book.author_id = ?) ORDER BY book.id")
        .sqlite_lacks("ANY (..)")
        .gives("2;3;4"),
        case(
            "all",
            select(book.c("id"))
                .filter(integer(book, "pages").gt(aludel::sql::typed::all(&pages_of(1))))
                .order_by(book.c("id")),
        )
        .sql("SELECT book.id FROM book WHERE book.pages > ALL (SELECT book.pages FROM book WHERE book.author_id = ?) ORDER BY book.id")
        .sqlite_lacks("ALL (..)")
        .gives("4"),
        case(
            "tuples in a list",
            select(book.c("id"))
                .filter(tuple((book.c("author_id"), book.c("pages"))).in_([(1, 200), (3, 300)]))
                .order_by(book.c("id")),
        )
        .sql("SELECT book.id FROM book WHERE (book.author_id, book.pages) IN ((?, ?), (?, ?)) ORDER BY book.id")
        .gives("2;4"),
        case(
            "the page after a row",
            select(book.c("id"))
                .filter(tuple((book.c("pages"), book.c("id"))).gt((200, 2)))
                .order_by((book.c("pages"), book.c("id")))
                .limit(2),
        )
        .sql("SELECT book.id FROM book WHERE (book.pages, book.id) > (?, ?) ORDER BY book.pages, book.id LIMIT ?")
        .gives("3;4"),
        case("nothing is in an empty list", select(book.c("id")).filter(book.c("id").in_([0_i64; 0])))
            .sql("SELECT book.id FROM book WHERE 1 = 0")
            .postgres("SELECT book.id FROM book WHERE book.id = ANY (?)")
            .gives(""),
        case(
            "no tuple is in an empty list",
            select(book.c("id")).filter(tuple((book.c("author_id"), book.c("pages"))).in_([(0_i64, 0_i64); 0])),
        )
        .sql("SELECT book.id FROM book WHERE 1 = 0")
        .gives(""),
        case("a function by name", select(func::<i64>("abs", [literal(-3_i64).into_node()])))
            .sql("SELECT abs(?)")
            .postgres("SELECT abs(CAST(? AS BIGINT))")
            .gives("3"),
        case("rows that are written out", select(numbers.c("n").of::<i64>() + 1_i64).order_by(numbers.c("n")))
            .sqlite(
                "SELECT numbers.n + ? FROM (SELECT column1 AS n FROM (VALUES (?), (?))) AS numbers ORDER BY numbers.n",
            )
            .postgres("SELECT numbers.n + CAST($1 AS BIGINT) FROM (VALUES (CAST($2 AS INTEGER)), ($3)) AS numbers (n) ORDER BY numbers.n")
            .mysql("SELECT numbers.n + ? FROM (VALUES ROW(?), ROW(?)) AS numbers (n) ORDER BY numbers.n")
            .mariadb("SELECT numbers.n + ? FROM (SELECT ? AS n UNION ALL SELECT ?) AS numbers ORDER BY numbers.n")
            .gives("2;3"),
    ]
}
