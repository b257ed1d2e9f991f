"""The kiosk: a page in a shop's browser that searches a shelf on the machine it runs on.

    worker/       a process that reads photos, a bounded queue before it, a watchdog over it
    desk/         what such a process does: find products, read the shop's pictures
    state/        settings, PIN, corrections
    syncing.py    syncing in the background · freshness.py how fresh the shelf is, what the clock is worth
    kiosk.py      all of these together · pictures.py the pictures, kept for a while
    tls/          TLS for phones on the shop's network
    web/          the addresses, and who may ask
    pages.py, texts.py, templates/, locale/    what is shown, in which language

Photos stay in memory: they go from the browser over loopback through this process into the worker's pipe, and
are gone with the answer. Only vectors leave, to ``--server``, where the local answer does not suffice.
"""
