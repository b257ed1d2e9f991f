-- The tables of a delta, version 1, word for word. WITHOUT ROWID: else a hidden index would repeat every id,
-- and cost 6 % of the bytes that travel.
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT);
CREATE TABLE upserts(product_id TEXT PRIMARY KEY, sequence INTEGER NOT NULL, category TEXT NOT NULL,
  title TEXT NOT NULL, image TEXT, attributes TEXT NOT NULL, vectors BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE tombstones(product_id TEXT PRIMARY KEY, sequence INTEGER NOT NULL) WITHOUT ROWID;
