"""The kiosk over HTTP: a Flask application, what it refuses, and the addresses that it answers at.

Errors are ``{"error": {"code": "…", "message": "one line that names the remedy"}}``, with the codes
photo_unreadable, photo_too_large, busy, stuck, not_found, pin, pin_wait, usage, store, origin, host.

    GET  /api/state               see `pocketshelf.kiosk.report`
    POST /api/detect              a frame; ?barcodes=1&film=NAME, see `pocketshelf.kiosk.desk`
    POST /api/search              a photo; ?category=…&where=KEY=VALUE&whole=0|1&top_k=24
    POST /api/again               a vector, see `pocketshelf.kiosk.desk`
    GET  /api/products/<id>       a product's page; as /api/products?id=<id>, too: "." and ".." have no path
    GET  /picture/<n>/<id>        ?side=160|480|1200, a JPEG
    GET  /look/<image>            ?side=…, likewise: a look's photo
    GET  /served/<id>             ?key=…&side=…, likewise: the server's, of a product that it found
    GET  /api/shelf               ?count=18 → {"products": […]}, some with a picture
    GET  /api/barcodes/<text>     {"product_id", "title"}
    POST /api/corrections         {"shown": [id, …], "chosen": id or null, "category"} → 204
    GET  /api/corrections         {"tally": [{"first", "chosen", "place", "category", "count"}, …]}, for staff
    POST /api/pin                 {"pin"} → 204 and a session's cookie
    POST /api/signout             204
    POST /api/settings            {"settings": {…}} → the state
    POST /api/sync                202
    GET  /api/connect             {"address", "fingerprint"}: where phones reach the kiosk; 404 without TLS
    GET  /connect.svg             the address as a QR code

Photos come as bodies, as they are: a form's parts would be put on the disk while they come.
"""
