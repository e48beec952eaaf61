"""Heads: one vector per text in, one logit per class out.

To add one: write a file here with a final `Head`; name it as `--model.head`; nothing else.
Not here: probabilities and decisions (`tasks.py`).
"""

from contracts.discovery import import_submodules

import_submodules(__name__, __path__)
