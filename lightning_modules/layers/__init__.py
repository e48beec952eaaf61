"""Layers that two or more encoders or heads share, nothing else."""
