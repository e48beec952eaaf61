"""Parts shared by two or more encoders or heads, nothing else."""
