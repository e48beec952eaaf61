"""Losses: compute one number per text from logits and labels.

To add one: write a file here with a concrete `Loss`; name it as `--model.loss`; nothing else.
Not here: the mean over a batch, which the classifier computes.
"""

from contracts.discovery import import_submodules

import_submodules(__name__, __path__)
