"""Encoders: compute one vector per text from a batch of token ids.

To add one: write a file here with a concrete `TextEncoder`; name it as `--model.encoder`; nothing else.
Not here: parts that two encoders share (`layers/`), anything that sees labels (`losses/`).
"""

from contracts.discovery import import_submodules

import_submodules(__name__, __path__)
