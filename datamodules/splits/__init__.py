"""Which rows belong to training, validation and test: stratified splits, folds and subsets, all seeded.

Not here: reading rows (`sources/`), the order of rows within an epoch (`samplers/`).
To add one: a function from labels to row positions.
"""
