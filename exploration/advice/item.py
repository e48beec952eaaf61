"""The data structure of advice: text, section of the page with the evidence, options of `train.py` to try."""

from __future__ import annotations

from dataclasses import dataclass

NO_ADVICE = "No finding calls for a change of the data or of the options."


@dataclass(frozen=True)
class Advice:
    """One piece of advice.

    Args:
        section: Anchor of the section of the page with the evidence.
        text: One or two sentences.
        options: Sets of options of `train.py` to try; several are alternatives.
    """

    section: str
    text: str
    options: tuple[str, ...] = ()


def format_pretrained_options(model: str) -> str:
    """Formats the options that fine-tune a model of the size of BERT-base with a learning rate that suits it.

    Args:
        model: Hub name of the model.
    """
    return (
        f"--model.encoder Pretrained --model.encoder.model {model} --model.optimizer.lr 2e-5 "
        "--model.lr_scheduler WarmupLinear"
    )
