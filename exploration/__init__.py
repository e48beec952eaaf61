"""A look at labelled texts before any training: statistics, checks, pictures, advice, and the page that shows them.

Each look is one file with one function from a `Corpus` to plain figures (a dataclass that becomes JSON); `findings.py`
calls them all, `page.py` and `terminal.py` show what they found, `advice.py` says what to do about it.

Not here: what changes texts or labels. Everything here only reads, and none of it is needed by a run.
"""
