"""Which rate each parameter learns at, and how it changes over training."""

from contracts.discovery import import_submodules

import_submodules(__name__, __path__)
