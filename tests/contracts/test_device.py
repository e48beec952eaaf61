"""What every encoder, loss and optimizer promises on a GPU, shown where there is none.

On the device of `virtual_device.py` no operation mixes devices, nothing waits for the device between two log entries,
and numbers are those of the CPU. A new member is tested by being there.
"""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from test_encoders import CLASSES as ENCODERS
from test_losses import CLASSES as LOSSES

READS_EACH_STEP = {"Adafactor": ("_adafactor.py",), "ASGD": ("asgd.py", "optimizer.py")}
"""Optimizers whose steps in torch wait for the device, with the files of torch that do."""


@pytest.fixture(scope="module")
def problems() -> dict[str, dict[str, list[str]]]:
    """Of each case, by kind; from a process of its own, since a device stays registered."""
    script = Path(__file__).with_name("steps_on_a_device.py")
    tests = script.parents[1]
    paths = os.pathsep.join(map(str, (tests.parent, tests, script.parent)))
    ran = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": paths},
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    return json.loads(ran.stdout)


def format_problems(found: dict[str, list[str]]) -> str:
    return "\n".join(f"{case}: {'; '.join(dict.fromkeys(texts))}" for case, texts in found.items() if texts)


@pytest.mark.parametrize("encoder", sorted(ENCODERS))
@pytest.mark.parametrize("loss", [cls.__name__ for cls in LOSSES])
def test_a_training_step_mixes_no_devices_and_waits_for_nothing(problems, encoder, loss):
    of_pair = {
        case: found
        for case, found in problems["check_encoders"].items()
        if case.startswith(f"{encoder}(") and f" {loss}(" in case
    }
    assert of_pair
    assert not any(of_pair.values()), format_problems(of_pair)


@pytest.mark.parametrize("encoder", sorted(ENCODERS))
def test_every_form_of_every_optimizer_steps_without_waiting(problems, encoder):
    """Adagrad kept its step counters on the CPU, where the fused form on CUDA cannot read them."""
    steps = {case: found for case, found in problems["check_optimizers"].items() if case.startswith(f"{encoder} ")}
    offered = {
        name
        for name, value in vars(torch.optim).items()
        if inspect.isclass(value) and issubclass(value, torch.optim.Optimizer) and name != "Optimizer"
    }
    assert {case.split()[1].split("(")[0] for case in steps} == offered - {"LBFGS", "Muon", "SparseAdam"}
    assert {"fused=True", "foreach=False", "capturable=True"} <= {case.split("(")[1][:-1] for case in steps}
    unexpected = {case: found for case, found in steps.items() if case.split()[1].split("(")[0] not in READS_EACH_STEP}
    assert not any(unexpected.values()), format_problems(unexpected)


@pytest.mark.parametrize("name", sorted(READS_EACH_STEP))
def test_an_optimizer_of_torch_that_waits_is_known(problems, name):
    """Fails where a release of torch no longer waits: then the documentation is out of date."""
    found = [text for case, texts in problems["check_optimizers"].items() if f" {name}(" in case for text in texts]
    assert found
    assert all(any(f"< {file}:" in text for file in READS_EACH_STEP[name]) for text in found), found


@pytest.mark.parametrize("run", [*sorted(ENCODERS), "TextCNN 16-mixed"])
def test_a_run_waits_at_log_entries_only_and_computes_what_the_cpu_computes(problems, run):
    """With the callbacks of every run and a progress bar, which read the last logged loss in each step."""
    found = problems["check_training"][run]
    assert not found, "\n".join(found)
