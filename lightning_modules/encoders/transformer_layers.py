"""Finds the layers of a pretrained transformer, whatever their names, and groups its modules by depth."""

from __future__ import annotations

from torch import nn


def find_layers(model: nn.Module) -> list[nn.Module]:
    """Returns the blocks of the largest `nn.ModuleList` whose blocks have one type; empty if there is no such list."""
    largest, largest_size = None, 0
    for module in model.modules():
        if not isinstance(module, nn.ModuleList) or len({type(block) for block in module}) != 1:
            continue
        size = _count_parameters(module)
        if size > largest_size:  # of two lists of one size, the outer one comes first
            largest, largest_size = module, size
    return [] if largest is None else list(largest)


def group_layers(model: nn.Module) -> list[list[nn.Module]]:
    """Groups modules as those before the layers, each layer, and those after; every parameter is in one group."""
    layers = find_layers(model)
    if not layers:
        return [[model]]
    before: list[nn.Module] = []
    after: list[nn.Module] = []
    _collect_modules_around_layers(model, layers[0], before, after)
    groups = [before, *([layer] for layer in layers), after]
    return [modules for modules in groups if modules]


def _collect_modules_around_layers(
    module: nn.Module, layer: nn.Module, before: list[nn.Module], after: list[nn.Module]
) -> None:
    """Appends modules with parameters to `before` or `after`, by whether they are registered before the layers."""
    layers_passed = False
    for child in module.children():
        holds_layers = any(part is layer for part in child.modules())
        if holds_layers:
            layers_passed = True
            if not (isinstance(child, nn.ModuleList) and child[0] is layer):
                _collect_modules_around_layers(child, layer, before, after)
        elif _count_parameters(child):
            (after if layers_passed else before).append(child)


def _count_parameters(module: nn.Module) -> int:
    """Counts the parameters of a module."""
    return sum(parameter.numel() for parameter in module.parameters())
