"""A device that is not there: its tensors lie on the CPU, and it notes what would make a GPU wait.

Built on torch's `privateuseone` backend. A tensor of the device `virtual` wraps one of the CPU, so that everything runs
with real numbers, also what depends on them. Each operation on it is checked as CUDA does, or stricter:

- Tensors of the CPU and the device in one operation are an error, except for single numbers where CUDA takes them.
- What reads numbers back or copies without `non_blocking`, so that the program waits for the device, is noted in
  `WAITS`, with the line of the program that asked for it.

Importing this module registers the device in the process, for good, and must come before the first backward pass.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.optim import optimizer as torch_optimizer
from torch.utils._python_dispatch import return_and_correct_aliasing
from torch.utils._pytree import tree_leaves, tree_map
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

WAITS: list[str] = []
"""What waited for the device, and where, in the order of time."""

ROOT = Path(__file__).parents[1]
aten = torch.ops.aten
_READING = {
    aten._local_scalar_dense, aten.equal, aten.nonzero, aten.masked_select, aten.bincount, aten._unique2,
    aten.unique_dim, aten.unique_consecutive, aten.repeat_interleave,
}  # fmt: skip
_INDEXING = {aten.index, aten.index_put, aten.index_put_, aten._index_put_impl_}
_COPYING = {aten._to_copy, aten.copy_}
_WITH_LENGTHS_ON_CPU = {aten._pack_padded_sequence, aten._pad_packed_sequence, aten._pack_padded_sequence_backward}
_WITHOUT_NUMBERS_OF_CPU = {aten.cat, aten.stack}  # besides the fused steps of optimizers


class _Module:
    """What torch asks of the module of a device."""

    def is_initialized(self) -> bool:
        return True

    def is_available(self) -> bool:
        return True

    def current_device(self) -> int:
        return 0

    def device_count(self) -> int:
        return 1

    def _is_in_bad_fork(self) -> bool:
        return False

    def manual_seed(self, seed: int) -> None:
        pass

    manual_seed_all = manual_seed

    def get_amp_supported_dtype(self) -> list[torch.dtype]:
        return [torch.bfloat16, torch.float16]


_setup_privateuseone_for_python_backend("virtual", _Module())
DEVICE = torch.device("virtual", 0)
torch.__future__.set_overwrite_module_params_on_conversion(True)  # weights become tensors of another class


class VirtualTensor(torch.Tensor):
    """A tensor of the virtual device."""

    on_cpu: Tensor

    @staticmethod
    def __new__(cls, on_cpu: Tensor) -> VirtualTensor:
        made = torch.Tensor._make_wrapper_subclass(
            cls,
            on_cpu.size(),
            strides=on_cpu.stride(),
            storage_offset=on_cpu.storage_offset(),
            dtype=on_cpu.dtype,
            layout=on_cpu.layout,
            device=DEVICE,
        )
        made.on_cpu = on_cpu
        return made

    def __repr__(self, *, tensor_contents: Any = None) -> str:
        return f"virtual {self.on_cpu!r}"

    def __reduce_ex__(self, protocol: Any) -> Any:
        """A checkpoint holds the tensor of the CPU, as `torch.load(…, map_location="cpu")` gives it."""
        return self.on_cpu.detach().__reduce_ex__(protocol)

    @classmethod
    def __torch_dispatch__(cls, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        packet = function.overloadpacket
        _check(packet, args, kwargs)
        if packet is aten._to_copy:
            to = kwargs.get("device") or args[0].device
            copied = function(_unwrap(args[0]), **tree_map(_unwrap, kwargs))
            return VirtualTensor(copied) if to.type == DEVICE.type else copied
        made = function(*tree_map(_unwrap, args), **tree_map(_unwrap, kwargs))
        if packet is aten.copy_:
            return args[0]
        if packet in _WITH_LENGTHS_ON_CPU:
            return (VirtualTensor(made[0]), made[1]) if isinstance(made, tuple) else _wrap(made)
        return return_and_correct_aliasing(function, args, kwargs, tree_map(_wrap, made))


torch_optimizer._foreach_supported_types.append(VirtualTensor)  # as of `Parameter` and `Tensor`


def _unwrap(value: Any) -> Any:
    if isinstance(value, VirtualTensor):
        return value.on_cpu
    return torch.device("cpu") if isinstance(value, torch.device) else value


def _wrap(value: Any) -> Any:
    return VirtualTensor(value) if isinstance(value, Tensor) else value


def _check(packet: Any, args: Any, kwargs: Any) -> None:
    """Raises an error for tensors of two devices in one operation, and notes what waits."""
    if packet in _COPYING:
        target, source = args[:2] if packet is aten.copy_ else (kwargs.get("device"), args[0])
        if target is not None and _is_on_device(target) != _is_on_device(source):
            is_async = kwargs.get("non_blocking") or (len(args) > 2 and args[2])
            if not is_async or not _is_on_device(target):  # what is copied back must have arrived to be read
                _note_wait("copy to the device" if _is_on_device(target) else "copy from the device")
        return
    if packet in _READING:
        _note_wait(str(packet))
    if packet in _INDEXING:
        _check_indices(packet, args)
    if packet in _WITH_LENGTHS_ON_CPU:
        if any(_is_on_device(part) for part in args[1:2]):
            raise RuntimeError(f"{packet} needs its lengths on the CPU")
        return
    tensors = [value for value in tree_leaves((args, kwargs)) if isinstance(value, Tensor)]
    of_cpu = [tensor for tensor in tensors if not isinstance(tensor, VirtualTensor)]
    strict = packet in _WITHOUT_NUMBERS_OF_CPU or str(packet).startswith("aten._fused_")
    changes_cpu = str(packet).endswith("_") and isinstance(args[0], Tensor) and not _is_on_device(args[0])
    if packet not in _INDEXING and (changes_cpu or any(strict or tensor.dim() for tensor in of_cpu)):
        shapes = [(tensor.device.type, tuple(tensor.shape)) for tensor in tensors]
        raise RuntimeError(f"{packet} gets tensors of two devices: {shapes}")


def _check_indices(packet: Any, args: Any) -> None:
    """Notes indices that CUDA counts, and indices or values that it copies."""
    indices = [index for index in args[1] if index is not None]
    value = args[2] if packet is not aten.index else None
    fills = value is not None and value.numel() == 1 and len(indices) == 1  # done as `masked_fill`
    if any(index.dtype in (torch.bool, torch.uint8) for index in indices) and not fills:
        _note_wait(f"{packet} with a mask")
    if any(not _is_on_device(part) for part in [*indices, value] if part is not None) and not fills:
        _note_wait(f"{packet} with indices or values on the CPU")


def _is_on_device(value: Any) -> bool:
    return isinstance(value, VirtualTensor) or (isinstance(value, torch.device) and value.type == DEVICE.type)


def _note_wait(what: str) -> None:
    """Notes a wait with the innermost lines of this project and of the library it called."""
    frames = [frame for frame in traceback.extract_stack() if frame.filename != __file__]
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(ROOT)]
    places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in (*ours[-1:], *frames[-1:])]
    WAITS.append(f"{what} at {' < '.join(dict.fromkeys(places))}")


_library = torch.library.Library("aten", "IMPL")  # what torch does below the level of tensor classes


def _register(name: str) -> Callable[[Callable], Callable]:
    def register(function: Callable) -> Callable:
        _library.impl(name, function, "PrivateUse1")
        return function

    return register


@_register("empty.memory_format")
def _empty(size, dtype=None, layout=None, device=None, pin_memory=None, memory_format=None) -> VirtualTensor:
    return VirtualTensor(torch.empty(size, dtype=dtype))


@_register("empty_strided")
def _empty_strided(size, stride, dtype=None, layout=None, device=None, pin_memory=None) -> VirtualTensor:
    return VirtualTensor(torch.empty_strided(size, stride, dtype=dtype))


@_register("_copy_from")
def _copy_from(source, target, non_blocking=False):
    """Copies for constructors such as `torch.tensor(…, device=…)`."""
    if not non_blocking:
        _note_wait("copy by a constructor")
    _unwrap(target).copy_(_unwrap(source))
    return target


class _Recurrent(torch.autograd.Function):
    """A recurrent network as cuDNN has it: one kernel, which waits for nothing."""

    @staticmethod
    def forward(ctx, function, *tensors):
        inputs = [_unwrap(tensor).detach().requires_grad_(tensor.requires_grad) for tensor in tensors]
        with torch.enable_grad():
            outputs = function(*inputs)
        ctx.graph = inputs, outputs
        return tuple(VirtualTensor(output.detach()) for output in outputs)

    @staticmethod
    def backward(ctx, *gradients):
        inputs, outputs = ctx.graph
        wanted = [tensor for tensor in inputs if tensor.requires_grad]
        found = torch.autograd.grad(outputs, wanted, [_unwrap(g) for g in gradients], allow_unused=True)
        by_input = dict(zip(map(id, wanted), found, strict=True))
        return None, *(_wrap(by_input.get(id(tensor))) for tensor in inputs)


def _replace_recurrent(name: str) -> None:
    original = getattr(torch._VF, name)

    def call(data, *args):
        if not _is_on_device(data):
            return original(data, *args)
        tensors = [value for value in tree_leaves(args) if isinstance(value, Tensor)]
        if any(not _is_on_device(t) and t.dtype.is_floating_point for t in tensors):
            raise RuntimeError(f"{name} gets weights or states of the CPU")
        on_device = [data, *(tensor for tensor in tensors if _is_on_device(tensor))]

        def compute(*values):
            given = iter(values)
            first = next(given)
            return original(first, *tree_map(lambda value: next(given) if _is_on_device(value) else value, args))

        return _Recurrent.apply(compute, *on_device)

    setattr(torch._VF, name, call)


_replace_recurrent("lstm")
_replace_recurrent("gru")


@contextmanager
def count_waits() -> Iterator[list[str]]:
    """Collects the waits of a block."""
    before = len(WAITS)
    found: list[str] = []
    yield found
    found.extend(WAITS[before:])
