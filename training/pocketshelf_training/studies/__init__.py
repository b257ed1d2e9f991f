"""Experiments: the systems of the field, and reductions of features. Nothing else imports them."""
