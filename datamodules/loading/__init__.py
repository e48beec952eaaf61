"""From encoded texts to padded batches: the arrays of a split, collation, and the data loaders.

Not here: which rows make a batch (`samplers/`), how ids are made (`tokenizers/`, `preparation/`).
To add one: write a module here; a loader for training must save and restore its position in the epoch.
"""
