"""Attention of `transformers` whose mask is built without waiting for the device.

By default `transformers` omits the mask of a batch without padding, which it finds out by `mask.all()`: on a GPU each
step then waits until everything before has been computed. The attention here always has its mask on such a device; the
results are the same. On the CPU nothing waits, and the mask is omitted as before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # slow to import
    from transformers import PreTrainedModel

_NAME = "sdpa_without_waiting"
_OMITS_MASKS = ("cpu",)  # types of devices on which reading a value takes no time


def avoid_waiting_for_mask(model: PreTrainedModel) -> None:
    """Switches a model that uses torch's scaled-dot-product attention to masks that need no value from the device."""
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.integrations.sdpa_attention import sdpa_attention_forward

    if model.config._attn_implementation != "sdpa" or model.config.model_type in _READ_THE_NAME:
        return
    AttentionInterface.register(_NAME, sdpa_attention_forward)
    AttentionMaskInterface.register(_NAME, _build_mask)
    model.set_attn_implementation(_NAME)


_READ_THE_NAME = ("falcon",)  # its layers compare the name of the implementation with "sdpa"


def _build_mask(*args: Any, **options: Any) -> Any:
    """Builds the mask of `transformers`, on other devices than the CPU also for a batch without padding."""
    from transformers.masking_utils import sdpa_mask

    attended = options.get("attention_mask")
    if attended is not None and attended.device.type not in _OMITS_MASKS:
        options |= {"allow_is_causal_skip": False, "allow_is_bidirectional_skip": False}
    return sdpa_mask(*args, **options)
