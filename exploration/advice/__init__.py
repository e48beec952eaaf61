"""Advice derived from a `DataReport`: one sentence each, with options of `train.py` to try.

To add one: a generator of `Advice` in `data_quality.py` or `training_options.py`. Every option is parsed by a test.
"""
