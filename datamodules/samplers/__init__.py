"""Samplers: which training rows make a batch, and in which order, in each epoch.

To add one: write a file here with a concrete `TextSampler`; name it as `--data.sampler`; nothing else.
Not here: reading the rows of a batch, and validation and test batches, which hold every text once (`loading/`); weights
and quotas of classes (`balance/`).
"""

from contracts.discovery import import_submodules

import_submodules(__name__, __path__)
