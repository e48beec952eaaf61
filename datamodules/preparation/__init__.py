"""From a source's rows to a cache folder of memory-mapped arrays: clean, split, train the tokenizer, encode, write.

Not here: reading files (`sources/`), dividing rows (`splits/`), encoding a batch (`tokenizers/`), cache folders
(`cache.py`).
To add one: a step is a function from rows to rows in a module of its own, called in order by `prepare.py`.
"""
