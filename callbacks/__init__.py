"""Callbacks: what observes or steers a run; no model needs one to work.

To add one: write a file here with a `pytorch_lightning.Callback`, and name its class under `--trainer.callbacks`;
nothing else. What a callback prints goes through `contracts.console.announce`, which no log level swallows.

Not here: the formatting of what is printed, written and logged (`reporting/`), anything that a model needs in order to
be trained (`lightning_modules/`).
"""
