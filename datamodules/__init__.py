"""Everything about texts, from labelled rows to padded batches; imports no model.

Here at the top: `text_datamodule.py`, which puts the stages together, and `cache.py`. Every stage is a package of its
own; `docs/design.md` lists them in the order in which they may import each other.
Not here: anything with weights (`lightning_modules/`), anything that observes a run (`callbacks/`).
"""
