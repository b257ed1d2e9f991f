"""The low-quality filter: photos and their synthetic faults, the network that looks for them, figures."""
