"""From cached token ids to padded batches: the arrays of a split, collation, and the data loaders.

Not here: which rows make a batch (`samplers/`), how ids are made (`tokenizers/`, `preparation/`).
To add one: a module; a loader for training must save and restore its position in the epoch.
"""
