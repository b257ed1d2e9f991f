"""Categories: from keywords to labelled pictures, without a person.

search      keywords × modifiers, and the sources that answer them with pictures
purify      which of the pictures keep their label, and what speaks against each of the others
outcome     the tables of both
report      the page of both, with pictures
command     all of it in order
figures     labels found and lost among real photos with wrong ones mixed in
"""
