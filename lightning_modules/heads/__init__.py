"""Heads: compute one logit per class from the vector of a text.

To add one: write a file here with a concrete `Head`; name it as `--model.head`; nothing else.
Not here: probabilities and predictions (`tasks.py`).
"""

from contracts.discovery import import_submodules

import_submodules(__name__, __path__)
