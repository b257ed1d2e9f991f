-- The tables of a shard, version 1, word for word: a file with any other object is refused.
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT);
CREATE TABLE products(product_id TEXT PRIMARY KEY, sequence INTEGER NOT NULL, category TEXT NOT NULL,
  title TEXT NOT NULL, image TEXT, attributes TEXT NOT NULL, vectors BLOB NOT NULL);
