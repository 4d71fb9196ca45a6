//! Tables written in each database's own words, with what they have of names, quotes and options: each must come back.

pub const SQLITE: &[&str] = &[
    "CREATE TABLE parent (id INTEGER PRIMARY KEY AUTOINCREMENT, a INT, b INT DEFAULT (1 + 2), CONSTRAINT ab UNIQUE (a, b))",
    "CREATE TABLE plain (x, y UNSIGNED BIG INT, n BIGINT, z TEXT COLLATE NOCASE DEFAULT 'it''s', CONSTRAINT \"p k\" PRIMARY KEY (y, x)) WITHOUT ROWID",
    "CREATE TABLE big (id BIGINT PRIMARY KEY, t DATETIME DEFAULT CURRENT_TIMESTAMP)",
    "CREATE TABLE strict (id INTEGER CONSTRAINT named PRIMARY KEY, n INTEGER NOT NULL, t TEXT, b BLOB) STRICT",
    "CREATE TABLE \"od d, (name\" (\"se\"\"lect\" VARCHAR(10) NOT NULL CHECK (length(\"se\"\"lect\") < 9), k INT GENERATED ALWAYS AS (p + 1) STORED, \
     v INT AS (p + 2), p INT REFERENCES parent ON DELETE SET NULL ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED, \
     CONSTRAINT fk FOREIGN KEY (p, k) REFERENCES parent (a, b), CONSTRAINT c CHECK (p > 1 OR k = ')'))",
    "CREATE UNIQUE INDEX \"ix (1\" ON \"od d, (name\" (p DESC, lower(\"se\"\"lect\"), \"se\"\"lect\" COLLATE NOCASE) WHERE p IS NOT NULL",
    "CREATE VIRTUAL TABLE words USING fts5(title, \"od d\" UNINDEXED, tokenize = 'porter')",
    "CREATE VIEW v AS SELECT id, a FROM parent WHERE a > 1",
];

pub const MORE_SQLITE: &[&str] = &[
    "CREATE TABLE a (x INTEGER PRIMARY KEY DESC, y)",
    "CREATE TABLE b (x INTEGER, y, PRIMARY KEY (x DESC))",
    "CREATE TABLE c (x TEXT, y INT, PRIMARY KEY (x COLLATE NOCASE DESC, y), UNIQUE (y DESC, x COLLATE RTRIM)) WITHOUT ROWID",
    "CREATE TABLE d (x INTEGER PRIMARY KEY NOT NULL, y integer, z boolean, w numeric(10,2), v decimal(+5,-2))",
    "CREATE TABLE e (x INTEGER PRIMARY KEY) WITHOUT ROWID",
    "CREATE TABLE f (x INT, y INT, PRIMARY KEY (x, y) ON CONFLICT ROLLBACK)",
    "CREATE TABLE g (x INTEGER, y, PRIMARY KEY (x AUTOINCREMENT) ON CONFLICT IGNORE)",
    "CREATE TABLE h (x TEXT PRIMARY KEY, y INT) STRICT, WITHOUT ROWID",
    "CREATE TABLE i (x INT PRIMARY KEY, y ANY) STRICT",
    "CREATE TABLE j (x INTEGER CONSTRAINT pk PRIMARY KEY ON CONFLICT REPLACE AUTOINCREMENT, b TEXT CONSTRAINT nn NOT NULL ON CONFLICT FAIL \
     CONSTRAINT df DEFAULT 'x' CONSTRAINT u UNIQUE ON CONFLICT ABORT CONSTRAINT ck CHECK (b <> '(,)') CONSTRAINT co COLLATE NOCASE \
     CONSTRAINT fk REFERENCES j (b) ON UPDATE SET DEFAULT MATCH FULL NOT DEFERRABLE INITIALLY IMMEDIATE, c INT NULL)",
    "CREATE TABLE [br [ack] ([a \"b] int, `t``ick` int, \"do\"\"ub\" int, 'sing''le' int, \"x,y\" int DEFAULT (1), \
     [from] int CHECK ([from] > 0 AND [a \"b] <> ']'), UNIQUE ([from], \"x,y\"), FOREIGN KEY ([a \"b]) REFERENCES [br [ack] (\"x,y\"))",
    "CREATE INDEX [i x] ON [br [ack] ([from] DESC, `t``ick`, \"do\"\"ub\" COLLATE BINARY) WHERE [from] IS NOT NULL",
    "CREATE TABLE /* a ( comment */ k -- more, (\n( a int, -- the first, col\n /* b int, */ c int /* PRIMARY KEY */ DEFAULT /* x */ 3 -- y\n \
     , d text CHECK (d <> '--' /* ) */ AND -- no )\n d <> '/*'), e int AS (a /* , */ + 1) VIRTUAL, \
     /* last */ CONSTRAINT /* c */ \"n\" CHECK (((a) > (0)) OR (c IN (1, 2, (3)))) -- end\n) -- tail STRICT\n",
    "CREATE TABLE l (a DEFAULT 1, c DEFAULT +1.5e10, e DEFAULT \"dq\", f DEFAULT NULL, g DEFAULT TRUE, i DEFAULT (datetime('now', 'localtime')), \
     k DEFAULT 0x1F, n INT DEFAULT(7)CHECK(n>0), o TEXT DEFAULT ')' UNIQUE, p DEFAULT .5, r DEFAULT ident)",
    "CREATE TABLE m (a INT, b INT GENERATED ALWAYS AS (a * 2), c INT AS (a + (b)) STORED NOT NULL UNIQUE, \
     d TEXT AS (substr('(', 1) || ',') VIRTUAL COLLATE NOCASE CHECK (d <> ''), \"generated\" INT DEFAULT 1, \"always as\" INT)",
    "CREATE TABLE n (a INT, b INT, e \"double precision\", f 'weird type', g [my type](3), h CHARACTER VARYING (20), \
     CHECK (a > 0) UNIQUE (a) PRIMARY KEY (a, b) CONSTRAINT f FOREIGN KEY (b) REFERENCES n (a))",
    "CREATE TABLE letters (Aa INT, bB INT, PRIMARY KEY (AA), UNIQUE (BB DESC, aa))",
    "CREATE INDEX letters_ix ON letters (AA, lower(BB), bb)",
    "CREATE TABLE to_letters (X INT, FOREIGN KEY (x) REFERENCES LETTERS (aA), FOREIGN KEY (x) REFERENCES Letters)",
    "CREATE VIEW a_view AS SELECT * FROM z_view",
    "CREATE VIEW z_view ([c d], \"e\"\"f\") AS SELECT \"x,y\", [from] FROM [br [ack]",
];

pub const MORE_POSTGRES: &[&str] = &[
    "CREATE TABLE p (a int, b int, PRIMARY KEY (a, b))",
    "CREATE TABLE t (a int, b int, x int DEFAULT 3, during tsrange, c text, CONSTRAINT pk PRIMARY KEY (x) INCLUDE (c, a) WITH (fillfactor=70), \
     CONSTRAINT u UNIQUE NULLS NOT DISTINCT (a) INCLUDE (b) WITH (fillfactor=80) DEFERRABLE, \
     CONSTRAINT f1 FOREIGN KEY (a, b) REFERENCES p MATCH FULL ON DELETE SET NULL (b) ON UPDATE CASCADE, \
     CONSTRAINT f2 FOREIGN KEY (a, b) REFERENCES p ON DELETE SET DEFAULT (b, a) ON UPDATE SET DEFAULT DEFERRABLE, \
     CONSTRAINT f3 FOREIGN KEY (a, b) REFERENCES p ON DELETE RESTRICT ON UPDATE RESTRICT DEFERRABLE INITIALLY DEFERRED, \
     CONSTRAINT e1 EXCLUDE USING gist (during WITH &&) INCLUDE (c) WITH (fillfactor=70) WHERE (b > 3) DEFERRABLE INITIALLY DEFERRED, \
     CONSTRAINT e2 EXCLUDE USING btree (lower(c) COLLATE \"C\" text_pattern_ops WITH =, b DESC NULLS LAST WITH =), \
     CONSTRAINT e3 EXCLUDE ((b + 1) WITH =, (c || 'x') WITH =))",
    "ALTER TABLE t ADD CONSTRAINT f4 FOREIGN KEY (a, b) REFERENCES p NOT VALID",
    "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID",
    "ALTER TABLE t ADD CONSTRAINT d CHECK (a > 0 AND a <> 9) NO INHERIT NOT VALID",
    "CREATE INDEX \"i x\" ON t ((a + 1) DESC NULLS LAST, lower(c) COLLATE \"C\" text_pattern_ops)",
    "CREATE TABLE words (w tsvector, v text)",
    "CREATE INDEX signed ON words USING gist (w tsvector_ops (siglen = 100))",
    "COMMENT ON CONSTRAINT pk ON t IS 'p''k'",
    "COMMENT ON CONSTRAINT u ON t IS 'uu'",
    "COMMENT ON CONSTRAINT c ON t IS 'cc'",
    "COMMENT ON CONSTRAINT f4 ON t IS 'ff'",
    "COMMENT ON CONSTRAINT e1 ON t IS 'ee'",
    "COMMENT ON INDEX \"i x\" IS 'ii'",
    "COMMENT ON INDEX u IS 'the index of u'",
    "COMMENT ON INDEX pk IS 'the index of pk'",
    "CREATE TABLE cut (id int NOT NULL, born date NOT NULL, a text DEFAULT 'x', CONSTRAINT cut_pk PRIMARY KEY (id, born, a), \
     CONSTRAINT ck CHECK (id > 0)) PARTITION BY RANGE (born)",
    "CREATE INDEX cut_a ON cut (a)",
    "CREATE TABLE cut_2020 PARTITION OF cut FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')",
    "CREATE TABLE \"a cut\" PARTITION OF cut (a DEFAULT 'y') FOR VALUES FROM ('2021-01-01') TO (MAXVALUE) PARTITION BY LIST (a)",
    "CREATE TABLE aa_one PARTITION OF \"a cut\" FOR VALUES IN ('it''s', 'b')",
    "CREATE TABLE aa_rest PARTITION OF \"a cut\" DEFAULT",
    "CREATE TABLE refers (id int, born date, a text, CONSTRAINT fk FOREIGN KEY (id, born, a) REFERENCES cut ON DELETE CASCADE)",
    "CREATE INDEX cut_2020_own ON cut_2020 (id, a)",
    "CREATE TABLE ranged (a int, b text, c int) PARTITION BY RANGE (lower(b), a)",
    "CREATE TABLE a_range (c int, x int, b text, a int)",
    "ALTER TABLE a_range DROP COLUMN x",
    "ALTER TABLE ranged ATTACH PARTITION a_range FOR VALUES FROM (MINVALUE, MINVALUE) TO ('m', 5)",
    "CREATE TABLE zbase (id int NOT NULL, a int CHECK (a > 0))",
    "CREATE TABLE \"z other\" (b int DEFAULT 4, CONSTRAINT zo CHECK (b > 1) NO INHERIT)",
    "CREATE TABLE heir (more int) INHERITS (zbase, \"z other\")",
    "CREATE TABLE a_heir () INHERITS (heir)",
    "CREATE VIEW zz AS SELECT id FROM heir",
    "CREATE VIEW aa WITH (security_barrier) AS SELECT id FROM zz WHERE id > 3",
    "CREATE VIEW chk AS SELECT id, a FROM zbase WHERE a > 5 WITH LOCAL CHECK OPTION",
    "ALTER VIEW zz ALTER COLUMN id SET DEFAULT 1 + 2",
    "CREATE MATERIALIZED VIEW mv WITH (fillfactor=80) AS SELECT id, count(*) AS n FROM zz GROUP BY 1",
    "CREATE UNIQUE INDEX mvi ON mv (id)",
    "CREATE MATERIALIZED VIEW am AS SELECT n FROM mv WITH NO DATA",
    "COMMENT ON VIEW zz IS 'it''s'",
    "COMMENT ON COLUMN zz.id IS 'col'",
    "COMMENT ON MATERIALIZED VIEW mv IS 'mm'",
    "COMMENT ON INDEX mvi IS 'mmi'",
    "CREATE TABLE counted (a int GENERATED ALWAYS AS IDENTITY (INCREMENT BY -1), e bigint GENERATED ALWAYS AS IDENTITY (MAXVALUE 32767), \
     b bigint GENERATED BY DEFAULT AS IDENTITY (START -5 MINVALUE -10 MAXVALUE 2147483647), d int GENERATED ALWAYS AS IDENTITY (START 1 MINVALUE 0))",
    "CREATE TABLE odd (a numeric(3,-2), b numeric(5,0), c timestamp(0), d bpchar, e text GENERATED ALWAYS AS ('x' || ' (') STORED NOT NULL)",
    "CREATE SEQUENCE alone AS smallint START 7 INCREMENT 3 MINVALUE 2 MAXVALUE 900 CACHE 4 CYCLE",
    "CREATE SEQUENCE \"Down ward\" INCREMENT -2 MINVALUE -100 MAXVALUE 5",
    "CREATE TABLE drawn (a int DEFAULT nextval('alone'), b bigserial PRIMARY KEY, c smallserial, d int DEFAULT nextval('\"Down ward\"'))",
    "CREATE SEQUENCE own_s START 100 INCREMENT 5",
    "CREATE TABLE owner (id int DEFAULT nextval('own_s') PRIMARY KEY, other serial, nothing serial)",
    "ALTER SEQUENCE own_s OWNED BY owner.id",
    "ALTER SEQUENCE owner_other_seq INCREMENT 2",
    "ALTER TABLE owner ALTER nothing DROP NOT NULL",
    "CREATE TABLE before_renamed (id serial)",
    "ALTER TABLE before_renamed RENAME TO renamed",
    "CREATE TABLE aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa (bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb serial PRIMARY KEY, \
     \"ünïcode 名前 名前 名前 名前 名前 名前\" serial CHECK (\"ünïcode 名前 名前 名前 名前 名前 名前\" > 0), \"a.b\" int, \"?\" int DEFAULT 1, \":x\" int)",
    "CREATE TYPE shade AS ENUM ('dark', 'it''s light')",
    "COMMENT ON TYPE shade IS 'it''s said'",
    "CREATE TYPE alone_too AS ENUM ('no column', 'has it')",
    "COMMENT ON SEQUENCE alone IS 'it''s said'",
    "COMMENT ON SEQUENCE drawn_b_seq IS 'of a serial'",
    "CREATE DOMAIN shades AS shade[] DEFAULT '{dark}'",
    "CREATE DOMAIN \"Posi tive\" AS numeric(8,2) DEFAULT 1 NOT NULL CONSTRAINT above CHECK (VALUE > 0) CONSTRAINT \"be low\" CHECK (VALUE < 900)",
    "ALTER DOMAIN \"Posi tive\" ADD CONSTRAINT odd CHECK (VALUE <> 13) NOT VALID",
    "COMMENT ON DOMAIN \"Posi tive\" IS 'it''s more'",
    "COMMENT ON CONSTRAINT above ON DOMAIN \"Posi tive\" IS 'than none'",
    "CREATE DOMAIN word AS varchar(20) COLLATE \"C\"",
    "CREATE DOMAIN short_word AS word CHECK (length(VALUE) < 5)",
    "CREATE TABLE with_domains (a \"Posi tive\", b \"Posi tive\"[], c shades, d short_word DEFAULT 'x', e word)",
    "CREATE TABLE one_way (id int PRIMARY KEY, b_id int)",
    "CREATE TABLE back (id int PRIMARY KEY, a_id int CONSTRAINT to_a REFERENCES one_way DEFERRABLE)",
    "ALTER TABLE one_way ADD CONSTRAINT to_b FOREIGN KEY (b_id) REFERENCES back NOT VALID",
    "COMMENT ON CONSTRAINT to_b ON one_way IS 'circle'",
    "COMMENT ON CONSTRAINT to_a ON back IS 'circle too'",
];

pub const MORE_MARIADB: &[&str] = &[
    "CREATE TABLE t (id int(5) unsigned zerofill NOT NULL AUTO_INCREMENT PRIMARY KEY, a int INVISIBLE DEFAULT 3, b set('x','it''s','c;d') DEFAULT 'x', \
     c enum('a''b','c,d','e\"f','g\\\\h','ü') NOT NULL DEFAULT 'c,d', d varchar(10) CHARACTER SET ascii, e char(3) CHARACTER SET utf8mb3 COLLATE utf8mb3_bin, \
     g timestamp(3) NOT NULL DEFAULT current_timestamp(3) ON UPDATE current_timestamp(3), j json DEFAULT '{}', \
     k json NOT NULL CHECK (json_length(k) > 0), l float(7,3), m double(10,2) unsigned, n decimal(5) zerofill, o bit, q year(4), \
     r tinyint(1) unsigned, s bool, w mediumtext, x inet6, z geometry, aa int AS (a * 2) VIRTUAL INVISIBLE COMMENT 'c''c')",
    "CREATE TABLE checked (a int CHECK (a > 0), b varchar(10) CHECK (b <> 'it''s' and b <> '\\\\'), c int, CHECK (a < c), \
     CONSTRAINT named CHECK (c in (1,2) or b like '%x\\_'), CHECK (c > 5), d json, f longtext CHECK (json_valid(`f`) and f <> ''))",
    "CREATE TABLE indexed (id int, a varchar(100), b text, c int, d point NOT NULL, PRIMARY KEY (id DESC, a(10)), KEY ix (a DESC, c), \
     UNIQUE KEY u1 (b(10), c DESC), UNIQUE KEY u2 (c) COMMENT 'it''s', KEY ig (c) IGNORED, FULLTEXT KEY ft (a, b), \
     SPATIAL KEY sp (d) COMMENT 'sss', KEY cm (c, a(5)) COMMENT 'cc', UNIQUE KEY lng (b), KEY `q``x` (c) USING BTREE)",
    "CREATE TABLE by_hash (e varchar(50), f longtext, UNIQUE u3 (e) USING HASH, UNIQUE u4 (f), UNIQUE u5 (f, e))",
    "CREATE TABLE remembered (id int PRIMARY KEY, a varchar(10), KEY h (a) USING HASH, KEY b (a) USING BTREE, UNIQUE KEY uh (a)) ENGINE=MEMORY MAX_ROWS=100",
    "CREATE TABLE p (a int, b int, PRIMARY KEY (a, b), KEY (b))",
    "CREATE TABLE refers (a int, b int, c int, CONSTRAINT f1 FOREIGN KEY (a, b) REFERENCES p (a, b) ON DELETE SET NULL ON UPDATE CASCADE, \
     CONSTRAINT f2 FOREIGN KEY (b) REFERENCES p (b) ON DELETE NO ACTION ON UPDATE RESTRICT, CONSTRAINT `f``4` FOREIGN KEY (c) REFERENCES p (a) ON DELETE RESTRICT)",
    "CREATE TABLE by_year (id int, d date) PARTITION BY RANGE (year(d)) SUBPARTITION BY HASH (to_days(d)) SUBPARTITIONS 2 \
     (PARTITION p0 VALUES LESS THAN (1990) COMMENT 'it''s', PARTITION p1 VALUES LESS THAN MAXVALUE)",
    "CREATE TABLE by_two (id int, n varchar(10)) PARTITION BY RANGE COLUMNS (id, n) (PARTITION p0 VALUES LESS THAN (10, 'a'), PARTITION p1 VALUES LESS THAN (20, MAXVALUE))",
    "CREATE TABLE by_list (id int, n varchar(10)) PARTITION BY LIST COLUMNS (n) (PARTITION x VALUES IN ('it''s', 'b'), PARTITION y VALUES IN (NULL), PARTITION z DEFAULT)",
    "CREATE TABLE by_key (id int PRIMARY KEY) PARTITION BY KEY () PARTITIONS 3",
    "CREATE TABLE by_name (id int PRIMARY KEY) PARTITION BY HASH (id) (PARTITION one, PARTITION two COMMENT 'x')",
    "CREATE SEQUENCE `a s` START 5 INCREMENT -2 MINVALUE -100 MAXVALUE 5",
    "CREATE SEQUENCE s2 COMMENT='it''s said'",
    "CREATE TABLE draws (id int DEFAULT nextval(s2) PRIMARY KEY, b int DEFAULT (next value for `a s`))",
    "CREATE TABLE kept_past (a int PRIMARY KEY, b int UNIQUE) WITH SYSTEM VERSIONING",
    "CREATE TABLE named_long (`bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb` int PRIMARY KEY, \
     `ünï 名前` int UNIQUE CHECK (`ünï 名前` > 0), `a.b` int, `?` int DEFAULT 4, `:x` int, `%s` int) COMMENT '名前: ? %s'",
    "CREATE VIEW z_view AS SELECT a, b FROM p",
    "CREATE ALGORITHM=MERGE SQL SECURITY INVOKER VIEW a_view AS SELECT a FROM z_view WHERE a > 3 WITH LOCAL CHECK OPTION",
    "CREATE VIEW c_view (`x y`, `q``r`) AS SELECT a, b FROM p WHERE b > 0 WITH CASCADED CHECK OPTION",
    "CREATE ALGORITHM=TEMPTABLE VIEW d_view AS SELECT count(*) AS n FROM a_view",
];

pub const POSTGRES: &[&str] = &[
    "CREATE TYPE mood AS ENUM ('sad', 'it''s ok')",
    "CREATE TABLE parent (id serial PRIMARY KEY, big bigserial NOT NULL, a int, b int DEFAULT 1 + 2, \
     CONSTRAINT ab UNIQUE NULLS NOT DISTINCT (b, a) DEFERRABLE INITIALLY DEFERRED)",
    "CREATE TABLE numbered (id bigint GENERATED ALWAYS AS IDENTITY (START 20 INCREMENT 3 MINVALUE 2 MAXVALUE 900 CACHE 4 CYCLE) PRIMARY KEY, \
     down int GENERATED BY DEFAULT AS IDENTITY (INCREMENT -1), plain smallint GENERATED BY DEFAULT AS IDENTITY)",
    "CREATE UNLOGGED TABLE \"se\"\"lect\" (id int, c varchar(52) COLLATE \"C\" DEFAULT 'it''s', d char(5), e numeric(18,5) NOT NULL, f numeric, \
     g timestamp(3) with time zone DEFAULT now(), h timestamp, i time(2), j interval day to second(3), k integer[], l mood DEFAULT 'sad', \
     m mood[], o bit(8), p bit varying(9), q jsonb DEFAULT '{}', r json, s uuid, t bytea, u double precision, v real, w point, x tsvector, \
     y text GENERATED ALWAYS AS (upper(d)) STORED, z \"char\", aa boolean DEFAULT true, bb int8range, cc inet, dd macaddr, during tsrange, \
     CONSTRAINT \"p k\" PRIMARY KEY (e, id), CONSTRAINT fk FOREIGN KEY (id) REFERENCES parent ON DELETE CASCADE DEFERRABLE, \
     CONSTRAINT ck CHECK (id > 0 AND f < 5::numeric) NO INHERIT, CONSTRAINT ex EXCLUDE USING gist (during WITH &&) WHERE (id > 3)) \
     WITH (fillfactor = 50)",
    "CREATE UNIQUE INDEX \"many (1\" ON \"se\"\"lect\" (lower(c), id DESC, f NULLS FIRST, d COLLATE \"C\" bpchar_pattern_ops DESC NULLS LAST) INCLUDE (h) \
     WITH (fillfactor = 70) WHERE id > 3",
    "CREATE INDEX by_doc ON \"se\"\"lect\" USING gin (q jsonb_path_ops)",
    "CREATE UNIQUE INDEX nn ON parent (a) NULLS NOT DISTINCT",
    "CREATE TABLE base (id int, a int)",
    "CREATE TABLE heir (more int) INHERITS (base)",
    "CREATE TABLE cut (id int, born date) PARTITION BY RANGE (born)",
    "COMMENT ON TABLE parent IS 'it''s said'",
    "COMMENT ON COLUMN parent.a IS 'of a column'",
    "CREATE VIEW v AS SELECT id, a FROM parent WHERE a > 1",
    "CREATE MATERIALIZED VIEW mv AS SELECT id FROM parent",
];

pub const MYSQL: &[&str] = &[
    "CREATE TABLE parent (id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, a int, b int DEFAULT 3, code varchar(20) NOT NULL, \
     UNIQUE KEY ab (a, b), UNIQUE KEY short (code(5)), CONSTRAINT positive CHECK (a > 0)) COMMENT 'it''s said' ROW_FORMAT=DYNAMIC",
    "CREATE TABLE `se``lect` (a varchar(52) NOT NULL DEFAULT 'it''s', b char(5), c decimal(18,5) NOT NULL, d decimal(10,2) unsigned, \
     e datetime(3) DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3), f datetime(6), g timestamp NULL, h enum('a','it''s','c,d') COMMENT 'it''s', \
     i set('x','y'), j json, k bigint unsigned DEFAULT 5, l tinyint(1) DEFAULT 1, m text CHARACTER SET latin1 COLLATE latin1_bin, \
     n int GENERATED ALWAYS AS (l + 1) STORED, o int AS (l + 2) VIRTUAL, p binary(16), q bit(8) DEFAULT b'101', r double, s float, u year, v point NOT NULL, \
     w longtext, x mediumint unsigned, y tinyint, z int unsigned, parent_id int unsigned, PRIMARY KEY (c, a), \
     KEY part (m(7), k DESC), FULLTEXT KEY words (w), SPATIAL KEY places (v), \
     CONSTRAINT fk FOREIGN KEY (parent_id) REFERENCES parent (id) ON DELETE CASCADE ON UPDATE SET NULL) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
    "CREATE TABLE cut (id int PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 3",
    "CREATE TABLE sliced (id int PRIMARY KEY) PARTITION BY RANGE (id) (PARTITION low VALUES LESS THAN (10), PARTITION `the rest` VALUES LESS THAN MAXVALUE)",
];
