"""From class counts to class weights, label sets and quotas: pure functions that losses, samplers and splits share.

Here: arithmetic on counts and label arrays.
Not here: choosing rows (`samplers/`, `splits/`).
To add one: write a module of functions from numpy arrays of counts or labels to numpy arrays.
"""
