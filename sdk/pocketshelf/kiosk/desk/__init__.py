"""What the kiosk's workers do: one finds products in photos, one reads the shop's pictures.

`finder.Finder` takes these orders; each answers with a JSON document:

    search   a photo's bytes; category ("auto", "all", a name), where {attribute: [value, …]}, whole, top_k →
             the search line of `contract/schemas/answer.schema.json`, full; each region with "vector" (base64
             of its float32 numbers, little-endian) and "suggested" (categories of this shelf), each hit with
             "picture" (its address or null)
    detect   a frame's bytes; barcodes, film → {"width", "height", "regions": [{"box", "group", "score"}],
             "barcodes": [{"text", "format", "product_id" or null, "title" or null}]}, and "quality", where
             the bundle judges photos. Of a film, frames of one name, each region is followed: with "number",
             the same as long as the thing is, and "seen", the product {"product_id", "title"} that it is
             confidently taken for, or null
    again    vector, palette, group, score, categories, attributes, category, where, top_k →
             {"hits", "confidence", "confident", "absent", "categories", "suggested"}
    product  id → {"product_id", "title", "category", "attributes", "pictures": [address, …],
             "similar": [hit, …], "goes_with": [{"role", "hits": [hit, …], "looks": [look, …]}, …] or null},
             each look with "picture"
    barcode  text → {"product_id", "title"}
    glance   count → {"products": [{"product_id", "title", "category", "picture"}, …]}: some with a picture
    reload   → {"changed"}: a new generation is taken up, if there is one
    shelf    → {"sequence", "products", "bundle", "generation", "revision", "built", "categories", "facets",
             "outfit", "barcodes", "damage": why not the current generation, or null}

`clerk.Clerk` takes ``picture`` (id, number, side) and ``look`` (image, side) → a JPEG, ``shrink``
(side, a picture) → the same of what a server sent; ``reload`` as above.
"""
