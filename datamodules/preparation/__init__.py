"""From a source's rows to a cache folder of memory-mapped arrays: clean, split, train the tokenizer, encode, write.

Not here: reading files (`sources/`), dividing rows (`splits/`), the cache itself (`cache.py`).
To add a step: a function from rows to rows in a module of its own, called in order by `prepare.py`.
"""
