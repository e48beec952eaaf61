"""Freezes parameters that no computation of an encoder uses.

Some pretrained models have weights that its vectors do not depend on, such as a pooler or the queries of a global
attention. Without a gradient they cannot be trained, and under DDP, which waits for the gradient of every trainable
parameter, the second step fails.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from contracts.console import announce
from contracts.errors import join_names
from contracts.text_spec import TextSpec
from lightning_modules.encoders.base import TextEncoder

_MAX_TOKENS = 32


def freeze_unused_parameters(encoder: TextEncoder, spec: TextSpec) -> list[str]:
    """Sets `requires_grad` to False on every parameter that the vectors of texts do not depend on.

    Found by one tiny batch in training mode, whose graph is followed from the vectors to the parameters as DDP does it;
    no gradient is computed. Weights, buffers and random generators stay as they are.

    Their names are printed in one line.

    Returns:
        The names of the frozen parameters.
    """
    trainable = {name: weight for name, weight in encoder.named_parameters() if weight.requires_grad}
    first = next(iter(trainable.values()), None)
    if first is None or first.is_meta:
        return []
    buffers = [(buffer, buffer.clone()) for buffer in encoder.buffers()]
    devices = [first.device] if first.device.type == "cuda" else []
    with torch.random.fork_rng(devices), torch.enable_grad():
        vectors = [_encode(encoder, num_tokens, spec, first.device) for num_tokens in (1, _MAX_TOKENS)]
    for buffer, before in buffers:  # such as the running means of a batch norm
        buffer.copy_(before)
    used = _find_parameters_in_graph(vectors)
    # Which experts of a mixture are used depends on the text.
    unused = [name for name, weight in trainable.items() if id(weight) not in used and "expert" not in name]
    for name in unused:
        trainable[name].requires_grad_(False)
    if unused:
        count = sum(trainable[name].numel() for name in unused)
        names = join_names(unused, max_names=4)
        announce(f"frozen since the encoder does not use them: {len(unused)} tensors, {count:,} numbers ({names})")
    return unused


def _encode(encoder: TextEncoder, num_tokens: int, spec: TextSpec, device: torch.device) -> Tensor:
    """Encodes two texts, one of them of half the length."""
    num_tokens = max(1, min(num_tokens, spec.max_length))
    mask = torch.ones(2, num_tokens, dtype=torch.bool, device=device)
    mask[1, (num_tokens + 1) // 2 :] = False
    ids = torch.arange(2 * num_tokens, device=device).view(2, -1) % spec.vocabulary_size
    ids = torch.where(mask, ids, spec.padding_id)
    types = (torch.arange(num_tokens, device=device) > num_tokens // 4).long() * mask if spec.pairs else None
    return encoder(ids, mask, types)


def _find_parameters_in_graph(outputs: list[Tensor]) -> set[int]:
    """Returns the `id` of every tensor that accumulates a gradient in the backward pass of these outputs."""
    nodes = [output.grad_fn for output in outputs if output.grad_fn is not None]
    seen, found = set(nodes), set()
    while nodes:
        node = nodes.pop()
        weight = getattr(node, "variable", None)  # of an AccumulateGrad node
        if isinstance(weight, nn.Parameter):
            found.add(id(weight))
        for following, _ in node.next_functions:
            if following is not None and following not in seen:
                seen.add(following)
                nodes.append(following)
    return found
