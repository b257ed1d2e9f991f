"""What a kiosk remembers beside its shelf: settings, the staff's PIN, the tally of corrections.

All of it lies in one folder (``kiosk`` in the store's, by default), and none of it is a photo or a vector:

    settings.json      {"format": "pocketshelf-kiosk", "version": 1, "settings": {…}}
    pin.json           {"format": "pocketshelf-kiosk-pin", "version": 1, "salt": hex, "key": hex} (scrypt)
    corrections.json   {"format": "pocketshelf-kiosk-corrections", "version": 1,
                        "tally": [[first, chosen, place, category, count], …]}
    tls/               certificate and key, where --tls made them
"""
