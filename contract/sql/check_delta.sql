-- What does not fit in a delta: as check_shard.sql; :from_sequence and :to_sequence are those of its meta.
SELECT 'bad value', product_id FROM upserts WHERE typeof(product_id) <> 'text' OR product_id = ''
  OR length(product_id) > :max_text OR typeof(sequence) <> 'integer' OR sequence < 0
  OR typeof(category) <> 'text' OR category = '' OR length(category) > :max_text
  OR typeof(title) <> 'text' OR length(title) > :max_text
  OR typeof(image) NOT IN ('text', 'null') OR length(image) > :max_text
  OR typeof(attributes) <> 'text' OR length(attributes) > 1000000
  OR NOT json_valid(attributes) OR json_type(attributes) <> 'object'
  OR typeof(vectors) <> 'blob' OR length(vectors) = 0 OR length(vectors) % :dimension <> 0
  OR length(vectors) > 32 * :dimension LIMIT 1;
SELECT 'bad value', product_id FROM tombstones WHERE typeof(product_id) <> 'text' OR product_id = ''
  OR length(product_id) > :max_text OR typeof(sequence) <> 'integer' LIMIT 1;
SELECT 'row both changed and deleted', product_id FROM upserts INTERSECT
  SELECT 'row both changed and deleted', product_id FROM tombstones LIMIT 1;
SELECT 'row outside its sequences', product_id FROM upserts
  WHERE sequence <= :from_sequence OR sequence > :to_sequence LIMIT 1;
SELECT 'row outside its sequences', product_id FROM tombstones
  WHERE sequence <= :from_sequence OR sequence > :to_sequence LIMIT 1;
