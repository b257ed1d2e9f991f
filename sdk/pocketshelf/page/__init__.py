"""The pieces that all HTML pages share: templates, one stylesheet of tokens, pictures inside the page.

    page.css         colours, type, spacing and the pieces' look, in light and dark
    templates/       base (the document), pieces (tiles, boxes over a photo, chips, hits), pages of them
    templating       renders a template; every value is escaped
    thumbnails       small JPEGs as data URLs

A page is one file without outside resources, readable offline and on a phone.
"""
