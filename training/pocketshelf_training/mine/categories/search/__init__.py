"""What to ask for, and whom.

keywords        categories, their keywords and modifiers, combined
keyword_files   the same from TOML, YAML or CSV
source          the protocol of whatever answers a text with pictures
folder          a folder with texts beside the pictures
api             an HTTP search API, described by a file
collect         every query asked, every picture fetched
"""
