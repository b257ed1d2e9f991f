-- What does not fit in a shard: each statement selects (what is wrong, the product's id). A good file gives no row.
-- :dimension and :sequence are those of its meta; :max_text is the longest id, category, title and image, in characters.
-- SQL cannot say all of a product's rules: attributes nest at most 16 deep, their integers have 63 bits and a sign, their
-- numbers are finite; ids, categories and images hold no control characters; no text holds a NUL or half a surrogate pair.
SELECT 'bad value', product_id FROM products WHERE typeof(product_id) <> 'text' OR product_id = ''
  OR length(product_id) > :max_text OR typeof(sequence) <> 'integer' OR sequence < 0
  OR typeof(category) <> 'text' OR category = '' OR length(category) > :max_text
  OR typeof(title) <> 'text' OR length(title) > :max_text
  OR typeof(image) NOT IN ('text', 'null') OR length(image) > :max_text
  OR typeof(attributes) <> 'text' OR length(attributes) > 1000000
  OR NOT json_valid(attributes) OR json_type(attributes) <> 'object'
  OR typeof(vectors) <> 'blob' OR length(vectors) = 0 OR length(vectors) % :dimension <> 0
  OR length(vectors) > 32 * :dimension LIMIT 1;
SELECT 'row newer than the shard', product_id FROM products WHERE sequence > :sequence LIMIT 1;
