"""How much purification finds, among real photos whose labels are known."""
