"""Callbacks: logging, reports and control of a training run; models do not depend on them.

To add one: write a file here with a `pytorch_lightning.Callback`, and name its class under `--trainer.callbacks`;
nothing else. Callbacks print with `contracts.console.announce`, which is independent of log levels.

Not here: formatting of printed, written and logged results (`reporting/`), anything that training a model requires
(`lightning_modules/`).
"""
