"""Exploration of labeled texts before any training: statistics, checks, advice, and the page and terminal output.

`data_report.py` runs all statistics and checks on a `Corpus`; each of them is one function that returns a dataclass
of JSON-serializable values. Subpackages import one way: `statistics ← checks ← advice ← rendering`.

Not here: anything that changes texts or labels. Exploration only reads the data; training does not depend on it.
"""
