"""Sources: labelled texts from files, the hub or the demo generator, as rows per split.

To add one: write a file here with a concrete `Source`; name it as `--data.source`; nothing else.
Not here: dropping, splitting and checking rows, which is the same for every source (`preparation/`, `splits/`).
"""

from contracts.discovery import import_submodules

import_submodules(__name__, __path__)
