"""Sources: where labelled texts come from, as rows per split.

To add one: write a file here with a final `Source`; name it as `--data.source`; nothing else.
Not here: dropping, splitting and checking rows (`preparation.py`), which every source shares.
"""

from contracts.discovery import import_submodules

import_submodules(__name__, __path__)
