/* The two databases' tables, as SQLite spells them. A migration that was released is never edited. */
#include "store/dialect.h"

static const char *const features[] = {
	/* 1 */
	"CREATE TABLE documents ("
	"	doc TEXT PRIMARY KEY," /* 16 hexadecimal digits */
	"	source TEXT NOT NULL,"
	"	key TEXT NOT NULL,"
	"	fingerprint TEXT,"
	"	revision INTEGER NOT NULL," /* the current one, also of a tombstone */
	"	digest TEXT NOT NULL,"	    /* of its content, '' for a tombstone */
	"	deleted INTEGER NOT NULL,"
	"	UNIQUE (source, key)"
	") STRICT, WITHOUT ROWID;"

	"CREATE TABLE revisions ("
	"	doc TEXT NOT NULL REFERENCES documents (doc) ON DELETE CASCADE,"
	"	revision INTEGER NOT NULL,"
	"	digest TEXT NOT NULL,"
	"	deleted INTEGER NOT NULL,"
	"	stored_ms INTEGER NOT NULL,"
	"	created_ms INTEGER NOT NULL,"
	"	modified_ms INTEGER NOT NULL,"
	"	title TEXT NOT NULL,"
	"	author TEXT NOT NULL,"
	"	url TEXT NOT NULL,"
	"	lang TEXT NOT NULL,"
	"	media TEXT NOT NULL,"
	"	extra TEXT NOT NULL,"
	"	body TEXT NOT NULL,"
	"	PRIMARY KEY (doc, revision)"
	") STRICT;"

	"CREATE TABLE source_state ("
	"	source TEXT NOT NULL,"
	"	name TEXT NOT NULL,"
	"	value TEXT NOT NULL,"
	"	PRIMARY KEY (source, name)"
	") STRICT, WITHOUT ROWID;"

	"CREATE TABLE forgotten ("
	"	digest TEXT PRIMARY KEY," /* of source and key: all that is remembered */
	"	doc TEXT NOT NULL,"	  /* an id is never given twice */
	"	at_ms INTEGER NOT NULL"
	") STRICT, WITHOUT ROWID;"

	/* Written in the transaction of what changed. View 0 is the documents. */
	"CREATE TABLE changes ("
	"	seq INTEGER PRIMARY KEY AUTOINCREMENT,"
	"	view INTEGER NOT NULL,"
	"	doc TEXT NOT NULL"
	") STRICT;"
	"CREATE INDEX changes_view ON changes (view, seq);"

	"CREATE TABLE views ("
	"	id INTEGER PRIMARY KEY AUTOINCREMENT,"
	"	digest TEXT NOT NULL UNIQUE,"
	"	name TEXT NOT NULL,"
	"	version INTEGER NOT NULL,"
	"	code_version INTEGER NOT NULL,"
	"	params TEXT NOT NULL,"
	"	fields TEXT NOT NULL," /* JSON: the schema */
	"	inputs TEXT NOT NULL," /* JSON: digests */
	"	model_digest TEXT NOT NULL,"
	"	model_spec TEXT NOT NULL,"
	"	tokenizer_digest TEXT NOT NULL,"
	"	created_ms INTEGER NOT NULL,"
	"	watermark INTEGER NOT NULL,"
	"	tbl INTEGER NOT NULL UNIQUE," /* rows are in v<tbl> */
	"	docs INTEGER NOT NULL,"
	"	rows INTEGER NOT NULL,"
	"	dim INTEGER NOT NULL," /* of its vectors; 0: none yet */
	"	indexed INTEGER NOT NULL," /* counts changes of rows and segments: what an index in memory goes by */
	"	UNIQUE (name, version)"
	") STRICT;"

	/* What a document's rows were computed from and what came out; n = 0: nothing came out. */
	"CREATE TABLE view_docs ("
	"	view INTEGER NOT NULL REFERENCES views (id),"
	"	doc TEXT NOT NULL,"
	"	input_digest TEXT NOT NULL,"
	"	output_digest TEXT NOT NULL,"
	"	n INTEGER NOT NULL,"
	"	PRIMARY KEY (view, doc)"
	") STRICT, WITHOUT ROWID;"

	/* Files of vectors of the rows first … last (numbers of v<tbl>) that were there when it was written. */
	"CREATE TABLE segments ("
	"	id INTEGER PRIMARY KEY AUTOINCREMENT,"
	"	tbl INTEGER NOT NULL,"
	"	first INTEGER NOT NULL,"
	"	last INTEGER NOT NULL,"
	"	n INTEGER NOT NULL,"
	"	size INTEGER NOT NULL," /* of the file */
	"	checksum INTEGER NOT NULL"
	") STRICT;"
	"CREATE INDEX segments_tbl ON segments (tbl, first);"

	/* Rows that are gone though a segment may hold them. */
	"CREATE TABLE dead_rows ("
	"	tbl INTEGER NOT NULL,"
	"	rid INTEGER NOT NULL,"
	"	PRIMARY KEY (tbl, rid)"
	") STRICT, WITHOUT ROWID;"

	"CREATE TABLE services ("
	"	digest TEXT PRIMARY KEY,"
	"	name TEXT NOT NULL,"
	"	views TEXT NOT NULL" /* JSON: digests, in order */
	") STRICT, WITHOUT ROWID;"

	"CREATE TABLE datasets ("
	"	number INTEGER PRIMARY KEY AUTOINCREMENT,"
	"	id TEXT NOT NULL UNIQUE,"
	"	service TEXT NOT NULL,"
	"	seed INTEGER NOT NULL,"
	"	params TEXT NOT NULL,"
	"	stats TEXT NOT NULL,"
	"	n_train INTEGER NOT NULL,"
	"	n_valid INTEGER NOT NULL,"
	"	n_test INTEGER NOT NULL,"
	"	created_ms INTEGER NOT NULL"
	") STRICT;"

	"CREATE TABLE examples ("
	"	dataset INTEGER NOT NULL REFERENCES datasets (number),"
	"	n INTEGER NOT NULL,"	 /* by split, then by row */
	"	split INTEGER NOT NULL," /* enum tw_split */
	"	row_id TEXT NOT NULL,"
	"	view TEXT NOT NULL,"
	"	doc TEXT NOT NULL,"
	"	near TEXT NOT NULL," /* group of near-duplicates */
	"	kind TEXT NOT NULL,"
	"	messages TEXT NOT NULL,"
	"	PRIMARY KEY (dataset, n)"
	") STRICT, WITHOUT ROWID;"
	"CREATE INDEX examples_doc ON examples (doc);"

	"CREATE TABLE predictions ("
	"	n INTEGER PRIMARY KEY AUTOINCREMENT,"
	"	id TEXT NOT NULL UNIQUE,"
	"	batch TEXT NOT NULL,"
	"	deployment INTEGER NOT NULL,"
	"	question TEXT NOT NULL,"
	"	answer TEXT NOT NULL,"
	"	sources TEXT NOT NULL,"
	"	created_ms INTEGER NOT NULL"
	") STRICT;"
	"CREATE INDEX predictions_batch ON predictions (batch, n);",

	/* 2: what it takes to finish a forgetting that was cut short */
	"ALTER TABLE forgotten ADD COLUMN key_digest TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE forgotten ADD COLUMN datasets TEXT NOT NULL DEFAULT '[]';" /* JSON: ids of those that held it */
	"ALTER TABLE forgotten ADD COLUMN settled INTEGER NOT NULL DEFAULT 0;" /* 1: gone from the files too */
	"CREATE INDEX forgotten_doc ON forgotten (doc);",

	/* 3: so that what was forgotten does not come back under another key or from another source */
	"CREATE TABLE forgotten_texts ("
	"	digest TEXT PRIMARY KEY" /* of the body of a revision */
	") STRICT, WITHOUT ROWID;",

	/* 4: answers that the author's are to be preferred to; NULL: none */
	"ALTER TABLE examples ADD COLUMN rejected TEXT;",
};

static const char *const registry[] = {
	/* 1 */
	"CREATE TABLE runs ("
	"	id INTEGER PRIMARY KEY AUTOINCREMENT,"
	"	kind TEXT NOT NULL,"
	"	key TEXT NOT NULL,"
	"	params TEXT NOT NULL,"
	"	inputs TEXT NOT NULL,"
	"	outputs TEXT NOT NULL,"
	"	status TEXT NOT NULL,"
	"	error TEXT NOT NULL,"
	"	process TEXT NOT NULL," /* which executes it: process_id.h */
	"	started_ms INTEGER NOT NULL,"
	"	ended_ms INTEGER NOT NULL"
	") STRICT;"
	"CREATE INDEX runs_key ON runs (kind, key, status, id);"
	"CREATE INDEX runs_running ON runs (status) WHERE status = 'running';"

	"CREATE TABLE metrics ("
	"	run INTEGER NOT NULL REFERENCES runs (id),"
	"	name TEXT NOT NULL,"
	"	step INTEGER NOT NULL,"
	"	value REAL," /* NULL is NaN */
	"	at_ms INTEGER NOT NULL,"
	"	PRIMARY KEY (run, name, step)"
	") STRICT, WITHOUT ROWID;"

	"CREATE TABLE models ("
	"	version INTEGER PRIMARY KEY AUTOINCREMENT,"
	"	run INTEGER NOT NULL,"
	"	dataset TEXT NOT NULL,"
	"	service TEXT NOT NULL,"
	"	base_digest TEXT NOT NULL,"
	"	base_spec TEXT NOT NULL,"
	"	adapter TEXT NOT NULL,"
	"	signature TEXT NOT NULL,"
	"	metrics TEXT NOT NULL,"
	"	tainted TEXT NOT NULL,"
	"	created_ms INTEGER NOT NULL"
	") STRICT;"
	"CREATE INDEX models_dataset ON models (dataset);"

	"CREATE TABLE deployments ("
	"	revision INTEGER PRIMARY KEY AUTOINCREMENT,"
	"	model INTEGER NOT NULL REFERENCES models (version),"
	"	service TEXT NOT NULL,"
	"	settings TEXT NOT NULL,"
	"	reason TEXT NOT NULL,"
	"	created_ms INTEGER NOT NULL"
	") STRICT;"

	"CREATE TABLE aliases ("
	"	alias TEXT PRIMARY KEY,"
	"	model INTEGER NOT NULL REFERENCES models (version)"
	") STRICT, WITHOUT ROWID;"

	"CREATE TABLE alias_events ("
	"	n INTEGER PRIMARY KEY AUTOINCREMENT,"
	"	alias TEXT NOT NULL,"
	"	model INTEGER NOT NULL,"
	"	before INTEGER NOT NULL,"   /* 0: it was new */
	"	revision INTEGER NOT NULL," /* 0: not by a deployment */
	"	at_ms INTEGER NOT NULL"
	") STRICT;",

	/* 2: what a model answers while it is trained */
	"CREATE TABLE samples ("
	"	run INTEGER NOT NULL REFERENCES runs (id),"
	"	item INTEGER NOT NULL,"
	"	step INTEGER NOT NULL,"
	"	prompt TEXT NOT NULL,"
	"	expected TEXT NOT NULL,"
	"	text TEXT NOT NULL,"
	"	PRIMARY KEY (run, item, step)"
	") STRICT, WITHOUT ROWID;",
};

const struct tw_db_schema tw_features_schema = {
	.what = "feature store",
	.application_id = 0x54774653, /* "TwFS" */
	.migrations = features,
	.version = sizeof(features) / sizeof(*features),
};

const struct tw_db_schema tw_registry_schema = {
	.what = "model registry",
	.application_id = 0x54774d52, /* "TwMR" */
	.migrations = registry,
	.version = sizeof(registry) / sizeof(*registry),
};
