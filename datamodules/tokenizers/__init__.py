"""Tokenizers: texts in, token ids out; trained on the training split only. And the report of unknown tokens (`oov.py`).

To add one: write a file here with a concrete subclass of `Tokenizer`, and name it as `--data.tokenizer`.
Not here: the choice of a maximum length (`preparation/`); word vectors (`vectors/`).
"""

from contracts.discovery import import_submodules

import_submodules(__name__, __path__)
