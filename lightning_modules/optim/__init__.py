"""Which rate each parameter learns at, and how it changes over training."""

from contracts.discovery import import_members

import_members(__name__, __path__)
