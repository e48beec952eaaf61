"""Tokenizers: texts in, ids out; learned from the training split only.

To add one: write a file here with a final `Tokenizer`; name it as `--data.tokenizer`; nothing else.
Not here: cutting to a length that covers the data (`preparation.py`).
"""

from contracts.discovery import import_submodules

import_submodules(__name__, __path__)
