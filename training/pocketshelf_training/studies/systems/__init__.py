"""The systems of the field, each in a file of its own, behind one protocol and trained by one trainer."""
