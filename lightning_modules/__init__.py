"""Everything that learns: encoder → head → task, the losses, and the LightningModule around them.

Not here: reading or tokenizing texts (`datamodules`), watching or steering a run (`callbacks`).
"""
