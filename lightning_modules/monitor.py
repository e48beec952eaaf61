"""The monitored metric: which names are valid, and whether higher or lower is better."""

from __future__ import annotations

from contracts.errors import UsageError, suggest_name
from contracts.text_spec import TextSpec
from lightning_modules.metrics import MULTI_LABEL_METRICS, SINGLE_LABEL_METRICS
from lightning_modules.tasks import create_task

_IMBALANCE = 5  # largest class to smallest
_HIDING_RARE_CLASSES = ("accuracy", "micro_f1", "weighted_f1", "label_accuracy")


def infer_mode(monitor: str) -> str:
    """Returns `min` for a loss, which is better when lower, and `max` for any other metric.

    >>> infer_mode("validation/loss"), infer_mode("validation/macro_f1")
    ('min', 'max')
    """
    return "min" if monitor.endswith("loss") else "max"


def find_imbalance(monitor: str, spec: TextSpec) -> list[str]:
    """Returns a warning if the monitored metric hides rare classes and there are some, otherwise an empty list.

    Args:
        monitor: The metric that selects the best epoch.
        spec: Has the number of training texts of each class.
    """
    ratio = max(spec.class_counts) / max(1, min(spec.class_counts))
    if ratio < _IMBALANCE or monitor.removeprefix("validation/") not in _HIDING_RARE_CLASSES:
        return []
    return [
        f"the largest class has {ratio:,.0f} times the training texts of the smallest, and --model.monitor {monitor} "
        "hides rare classes in the choice of the best epoch; validation/macro_f1 counts all classes alike"
    ]


def check_monitor(monitor: str, spec: TextSpec | None = None, option: str = "--model.monitor") -> None:
    """Raises an error for a metric that is not computed: for any task, or for that of the data.

    Raises:
        UsageError: With the nearest valid name.
    """
    known = (*SINGLE_LABEL_METRICS, *MULTI_LABEL_METRICS) if spec is None else create_task(spec).metric_names
    names = sorted({f"validation/{name}" for name in (*known, "loss")})
    if monitor not in names:
        where = "" if spec is None else f" on {spec.task.replace('_', '-')} data"
        raise UsageError(
            f"{option} {monitor} is not computed{where}.{suggest_name(monitor, names)} Valid names: {', '.join(names)}"
        )
