-- Bring a shard ("main") to the state that a delta (attached as "delta") leads to: all in one transaction.
DELETE FROM main.products WHERE product_id IN (SELECT product_id FROM delta.tombstones);
INSERT OR REPLACE INTO main.products(product_id, sequence, category, title, image, attributes, vectors)
  SELECT product_id, sequence, category, title, image, attributes, vectors FROM delta.upserts ORDER BY product_id;
UPDATE main.meta SET value = (SELECT value FROM delta.meta WHERE key = 'to_sequence') WHERE key = 'sequence';
