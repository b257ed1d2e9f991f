"""Photos that are not the right way up: what tells them, and what a search of them finds, docs/turned.md."""
