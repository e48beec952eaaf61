"""Samplers: which training rows come together in a batch, and in which order, epoch after epoch.

To add one: write a file here with a final `TextSampler`; name it as `--data.sampler`; nothing else.
Not here: reading the rows of a batch (`text_split.py`); validation and test texts, which all come once (`loader.py`).
"""

from contracts.discovery import import_submodules

import_submodules(__name__, __path__)
