"""Optimizers, their parameter groups, and learning-rate schedules."""

from contracts.discovery import import_submodules

import_submodules(__name__, __path__)
