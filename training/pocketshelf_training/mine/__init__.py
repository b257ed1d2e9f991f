"""Mining: from pictures without labels to labels, and a person's word on them.

pictures     what a folder or a CSV lists
vectors      each picture's vector, palette and likely categories, kept by models and picture
expansion    palettes beside the vectors, and the neighbours' averaged in
neighbours   the SDK's exact scan, USearch's graph beyond some thousands
cluster      same-style clusters within a category: HDBSCAN, joined by their average distance
rules        which clusters are kept, and which rule dropped the others
review       the page where a person splits, merges, accepts and rejects
decisions    what the page exports, read back; accepted clusters as identities for training
figures      pairs found on photos whose labels were hidden
    pairs        counted, with intervals over categories
    choice       how settings were chosen, on photos that are not measured
    gain         what mined identities teach, against true labels and none
"""
