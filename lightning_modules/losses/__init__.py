"""Losses: logits and labels in, one number per text out.

To add one: write a file here with a final `Loss`; name it as `--model.loss`; nothing else.
Not here: the mean over a batch, which the classifier takes in one place.
"""

from contracts.discovery import import_submodules

import_submodules(__name__, __path__)
