"""Everything that is trained: encoder → head → task, the losses, the LightningModule, and predicting with them.

Not here: reading or tokenizing texts (`datamodules`), watching or steering a run (`callbacks`).
"""
