"""Everything about texts, from rows to padded batches. Imports no model.

Not here: anything with weights (`lightning_modules`), anything that watches a run (`callbacks`).
"""
