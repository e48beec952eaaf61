"""Finds the layers of a pretrained model, whatever it calls them."""

from __future__ import annotations

from torch import nn


def find_layers(model: nn.Module) -> list[nn.Module]:
    """The blocks of the largest `nn.ModuleList` that holds blocks of one type; none where there is no such list."""
    found, most = None, 0
    for module in model.modules():
        if not isinstance(module, nn.ModuleList) or len({type(block) for block in module}) != 1:
            continue
        size = _num_parameters(module)
        if size > most:  # of two lists of one size, the outer one comes first
            found, most = module, size
    return [] if found is None else list(found)


def group_layers(model: nn.Module) -> list[list[nn.Module]]:
    """What comes before the layers, each layer, what comes after; every parameter is in exactly one of them."""
    layers = find_layers(model)
    if not layers:
        return [[model]]
    before: list[nn.Module] = []
    after: list[nn.Module] = []
    _around(model, layers[0], before, after)
    depths = [before, *([layer] for layer in layers), after]
    return [modules for modules in depths if modules]


def _around(module: nn.Module, layer: nn.Module, before: list[nn.Module], after: list[nn.Module]) -> None:
    """Sorts what holds parameters by whether it was registered before or after the layers."""
    met = False
    for child in module.children():
        inside = any(part is layer for part in child.modules())
        if inside:
            met = True
            if not (isinstance(child, nn.ModuleList) and child[0] is layer):
                _around(child, layer, before, after)
        elif _num_parameters(child):
            (after if met else before).append(child)


def _num_parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())
