"""From checkpoints to model files for phones, each with the proof that it computes what PyTorch computes.

``python -m converters.export`` writes a bundle, ``python -m converters.inspect`` shows what a file holds.
A new target is one module in `converters.targets`, a new network one `converters.networks.register`.
"""
