"""The pieces that all HTML pages share: one design, templates, pictures inside the page.

    assets/          what ``web/`` builds: page.css for documents; what kiosk and console serve
    asset_files      the assets' contents and addresses, for the servers
    templates/       base (the document), pieces (tiles, boxes over a photo, chips, hits), pages of them
    templating       renders a template; every value is escaped
    sheets           pictures in groups: clusters, photos left out
    thumbnails       small JPEGs as data URLs

A document is one file without outside resources, readable offline and on a phone.
"""
