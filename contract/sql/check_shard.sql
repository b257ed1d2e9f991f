-- What does not fit in a shard: each statement selects (what is wrong, the product's id). A good file gives no row.
-- :dimension and :sequence are those of its meta; :max_text is the longest id and category, in characters.
SELECT 'bad value', product_id FROM products WHERE typeof(product_id) <> 'text' OR product_id = ''
  OR length(product_id) > :max_text OR typeof(sequence) <> 'integer' OR sequence < 0
  OR typeof(category) <> 'text' OR length(category) > :max_text
  OR typeof(title) <> 'text' OR typeof(image) NOT IN ('text', 'null') OR typeof(attributes) <> 'text'
  OR NOT json_valid(attributes) OR json_type(attributes) <> 'object'
  OR typeof(vectors) <> 'blob' OR length(vectors) = 0 OR length(vectors) % :dimension <> 0 LIMIT 1;
SELECT 'row newer than the shard', product_id FROM products WHERE sequence > :sequence LIMIT 1;
