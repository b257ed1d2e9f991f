"""How much purification finds, among real photos whose labels are known.

photos    garments with known labels, strangers, and networks to see them by
noise     labels made wrong, a known share of them
measure   which pictures are kept, and what a model learns from them
doubles   changed copies that are found again
page      docs/mining-categories.md
command   all of it
"""
