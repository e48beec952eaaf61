"""Finds the layers of a pretrained transformer, whatever their names, and groups its modules by depth."""

from __future__ import annotations

from collections.abc import Iterable

from torch import nn

# Parts of names of modules that are registered after the layers and used before them: norms of the embeddings (BART)
# and tables of relative positions (MPNet, DeBERTa), which are as deep as the embeddings.
_EARLY_NAMES = ("emb", "rel_", "relative", "position")
# And of those used after the layers, though registered before them (OPT) or named after the embeddings (ESM).
_LATE_NAMES = ("final_", "_after")
_LATE_NORM = ("BigBirdPegasusEncoder", "layernorm_embedding")


def find_layers(model: nn.Module) -> list[list[nn.Module]]:
    """Returns the modules of each layer, the lowest layer first; empty if the model has no list of layers.

    The layers are the blocks of the largest `nn.ModuleList` whose blocks have one type. Lists within a list are joined
    (the blocks of Funnel), and lists of the same length beside it belong to the same layers (XLM and Flaubert have
    lists of all attentions, all norms and all feed-forward parts).
    """
    lists = _find_layer_lists(model)
    return [list(parts) for parts in zip(*(_flatten(blocks) for blocks in lists), strict=True)]


def group_layers(model: nn.Module) -> list[list[nn.Module]]:
    """Groups modules as embeddings, each layer below the top, and the top layer with all that follows it.

    Every parameter is in exactly one group; all form one group if the model has no list of layers.
    """
    layers = find_layers(model)
    if not layers:
        return [[model]]
    before: list[nn.Module] = []
    after: list[nn.Module] = []
    _collect_modules_around_layers(model, _find_layer_lists(model), before, after)
    layers[-1] += after
    return [before, *layers] if before else layers


def _find_layer_lists(model: nn.Module) -> list[nn.ModuleList]:
    """Returns the list of layers, and the lists of the same length beside it, in the order of their registration."""
    largest: list[nn.ModuleList] = []
    largest_size = 0
    for parent in model.modules():
        lists = [child for child in parent.children() if isinstance(child, nn.ModuleList) and len(child)]
        for blocks in lists:
            size = _count_parameters(blocks)
            # Of two lists of one size, the outer one comes first.
            types = {type(block) for block in _flatten(blocks)}
            if size > largest_size and len(types) == 1 and types.isdisjoint({nn.Embedding, nn.Linear}):
                length = len(_flatten(blocks))
                largest = [other for other in lists if other is blocks or len(_flatten(other)) == length]
                largest_size = size
    return largest


def _flatten(blocks: nn.ModuleList) -> list[nn.Module]:
    """Replaces lists within a list by their blocks."""
    flat: list[nn.Module] = []
    for block in blocks:
        flat += _flatten(block) if isinstance(block, nn.ModuleList) else [block]
    return flat


def _collect_modules_around_layers(
    module: nn.Module, lists: list[nn.ModuleList], before: list[nn.Module], after: list[nn.Module]
) -> None:
    """Appends modules with parameters to `before` or `after`, by their names and the order of their registration."""
    own = list(module.parameters(recurse=False))
    if own:
        before.append(nn.ParameterList(own))  # such as the vector of masked tokens of XLNet
    layers_passed = False
    for name, child in module.named_children():
        if any(child is blocks for blocks in lists):
            layers_passed = True
        elif _contains(child, lists):
            layers_passed = True
            _collect_modules_around_layers(child, lists, before, after)
        elif _count_parameters(child):
            is_early = not layers_passed or _is_named_early(name, module)
            is_late = any(part in name for part in _LATE_NAMES) or (type(module).__name__, name) == _LATE_NORM
            (before if is_early and not is_late else after).append(child)


def _contains(module: nn.Module, lists: Iterable[nn.Module]) -> bool:
    """Returns whether one of the lists is somewhere in the module."""
    return any(part is blocks for part in module.modules() for blocks in lists)


def _is_named_early(name: str, parent: nn.Module) -> bool:
    """Returns whether a module is used before the layers; DeBERTa's `LayerNorm` is that of its relative positions."""
    if name == "LayerNorm" and hasattr(parent, "rel_embeddings"):
        return True
    return any(part in name.lower() for part in _EARLY_NAMES)


def _count_parameters(module: nn.Module) -> int:
    """Counts the parameters of a module."""
    return sum(parameter.numel() for parameter in module.parameters())
