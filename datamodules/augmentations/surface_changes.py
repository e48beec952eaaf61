"""Surface changes: English contractions are expanded, and long forms contracted; the meaning stays the same."""

from __future__ import annotations

import numpy as np

from datamodules.augmentations.base import Augmentation, check_ratio
from datamodules.augmentations.primitives.contractions import CONVERTIBLE, MAY_CONVERT, convert_form
from datamodules.augmentations.primitives.random_streams import RandomStreams


class SurfaceChanges(Augmentation):
    """Expands English contractions and contracts long forms: "don't" and "do not".

    Only unambiguous forms are changed, and only where both are good English. Texts in other languages stay as they are.

    Args:
        alpha: Probability of changing each convertible form of a text, in [0, 1].
        p: Probability that a text is changed, in [0, 1].
    """

    def __init__(self, alpha: float = 0.5, p: float = 1.0) -> None:
        super().__init__(p)
        self.alpha = check_ratio("alpha", alpha)

    def transform(self, texts: list[str], streams: RandomStreams) -> list[str]:
        """Converts some of the forms of each text."""
        candidates = [i for i, text in enumerate(texts) if MAY_CONVERT.search(text)]  # a cheaper pattern
        forms_by_text = {i: forms for i in candidates if (forms := list(CONVERTIBLE.finditer(texts[i])))}
        if not forms_by_text:
            return texts
        counts = np.array([len(forms) for forms in forms_by_text.values()])
        uniforms = streams.select(list(forms_by_text)).uniform_ragged(counts)
        is_converted = iter((uniforms < self.alpha).tolist())
        result = list(texts)
        for i, forms in forms_by_text.items():
            text, end, parts = texts[i], 0, []
            for form in forms:
                if next(is_converted):
                    parts += [text[end : form.start()], convert_form(form[0])]
                    end = form.end()
            result[i] = "".join([*parts, text[end:]])
        return result
