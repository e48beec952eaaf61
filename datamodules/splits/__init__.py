"""Which rows belong to training, validation and test: stratified splits, folds and subsets, all seeded.

Not here: reading rows (`sources/`), when splits are made and what is noted (`preparation/`), the order of rows within
an epoch (`samplers/`).
To add one: write a function from labels to row positions.
"""
