"""The Markdown tables of the results, with the goals beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.gpu.throughput import COMPILED, OURS, PEERS

Result = Mapping[str, Any]

GOAL_LIKE_LENGTH, GOAL_DEFAULT, GOAL_LOADER, GOAL_HEADLINES = 1.5, 3.0, 0.02, 100_000
_HEADLINES = (("TextCNN", OURS), ("TextCNN", COMPILED))


def format_report(machine: Mapping[str, Any], results: Sequence[Result]) -> str:
    """Formats all results as a Markdown page."""
    lines = ["# GPU benchmark", "", "; ".join(f"{name}: {value}" for name, value in machine.items()), ""]
    lines += ["## Goals", "", *format_table(("goal", "measured", "reached"), list_goals(results)), ""]
    headings = {
        "a": "Losses and gradients in 32 bits, relative difference to the CPU",
        "b": "Training in each precision",
        "c": "Speed",
    }
    rows = {"a": _list_equality, "b": _list_experiments, "c": _list_speed}
    for part, heading in headings.items():
        done = [result for result in results if result["part"] == part and result["status"] == "ok"]
        if done:
            columns, cells = rows[part](done)
            lines += [f"## {heading}", "", *format_table(columns, cells), ""]
    failed = [(one["part"], one["name"], one["message"]) for one in results if one["status"] == "failed"]
    if failed:
        lines += ["## Failed", "", *format_table(("part", "what", "message"), failed), ""]
    dropped = [one["name"] for one in results if one["status"] == "dropped"]
    if dropped:
        lines += [f"Dropped for lack of time: {'; '.join(dropped)}.", ""]
    return "\n".join(lines)


def list_goals(results: Sequence[Result]) -> list[tuple[str, str, str]]:
    """Returns each goal with what was measured and whether it was reached: yes, no, or not measured."""
    speed = {
        (one["model"], one["batch_size"], one["method"]): one
        for one in results
        if one["part"] == "c" and one["status"] == "ok"
    }
    goals: list[tuple[str, str, str]] = []
    for goal, peer in zip((GOAL_DEFAULT, GOAL_LIKE_LENGTH), PEERS, strict=True):
        ratios = {
            f"{model} {size}": ours["texts_per_second"] / speed[model, size, peer]["texts_per_second"]
            for (model, size, method), ours in speed.items()
            if method == OURS and (model, size, peer) in speed
        }
        shown = ", ".join(f"{name}: {ratio:.2f}" for name, ratio in ratios.items())
        goals.append(
            (f"{goal} times the texts/s of {peer}, bf16", *_judge(shown, [r >= goal for r in ratios.values()]))
        )
    waits = {f"{m} {s}": one["loader_ratio"] for (m, s, method), one in speed.items() if method == OURS}
    shown = ", ".join(f"{name}: {wait:.1%}" for name, wait in waits.items())
    within = [wait < GOAL_LOADER for wait in waits.values()]
    goals.append((f"waits for the loader under {GOAL_LOADER:.0%} of a step", *_judge(shown, within)))
    headlines = [
        one["texts_per_second"]
        for (m, _, method), one in speed.items()
        if m == "TextCNN" and method in (OURS, COMPILED)
    ]
    best = max(headlines, default=0.0)
    reached = [best > GOAL_HEADLINES] if headlines else []
    goals.append((f"above {GOAL_HEADLINES:,} headlines/s by TextCNN", *_judge(f"{best:,.0f}", reached)))
    return goals


def format_table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
    """Formats a Markdown table.

    >>> format_table(("a", "b"), [(1, "x|y")])
    ['| a | b |', '|---|---|', '| 1 | x/y |']
    """
    body = [[str(cell).replace("|", "/").replace("\\n", " ") for cell in row] for row in rows]
    return [f"| {' | '.join(row)} |" for row in (list(columns),)] + [
        "|" + "---|" * len(columns),
        *(f"| {' | '.join(row)} |" for row in body),
    ]


def _judge(shown: str, reached: Sequence[bool]) -> tuple[str, str]:
    """Returns what was measured and whether all of it reached a goal."""
    if not reached:
        return "", "not measured"
    return shown, "yes" if all(reached) else f"no ({sum(reached)} of {len(reached)})"


def _list_equality(results: Sequence[Result]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    columns = ("encoder", "loss", "gradients, the worst", "of")
    return columns, [
        (one["name"], f"{one['loss_difference']:.1e}", f"{one['gradient_difference']:.1e}", one["worst"])
        for one in results
    ]


def _list_experiments(results: Sequence[Result]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    columns = ("experiment", "precision", "steps", "first loss", "last loss", "waits for the GPU")
    return columns, [
        (
            *(one["experiment"], one["precision"], str(one["steps"])),
            *(f"{one['first_loss']:.3f}", f"{one['last_loss']:.3f}"),
            f"{one['waits']}, {one['first_wait']}" if one["waits"] else "none",
        )
        for one in sorted(results, key=lambda one: one["experiment"])
    ]


def _list_speed(results: Sequence[Result]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    columns = (
        "model",
        "batch",
        "method",
        "texts/s",
        "ms per step",
        "peak GiB",
        "TFLOP/s",
        "MFU",
        "loader",
        "warm-up s",
    )
    order = sorted(results, key=lambda one: (one["model"], one["batch_size"], -one["texts_per_second"]))
    return columns, [
        (
            *(one["model"], str(one["batch_size"]), one["method"], f"{one['texts_per_second']:,.0f}"),
            *(f"{one['milliseconds_per_step']:.2f}", _format(one["peak_gib"], ".2f"), f"{one['tflops']:.2f}"),
            *(_format(one["mfu"], ".1%"), _format(one["loader_ratio"], ".1%"), f"{one['warm_up_seconds']:.1f} s"),
        )
        for one in order
    ]


def _format(value: float | None, form: str) -> str:
    """Formats a number that may be missing."""
    return "" if value is None else format(value, form)
