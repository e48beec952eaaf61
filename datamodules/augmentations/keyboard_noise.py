"""Keyboard noise: a letter gives way to one beside it on the keyboard."""

from __future__ import annotations

from datamodules.augmentations.word_level.character_augmentation import CharacterAugmentation

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


class KeyboardNoise(CharacterAugmentation):
    """Puts a neighbour on a QWERTY keyboard in place of one letter each in a share of the English words."""

    def misspelt(self, word: str, where: float, how: float) -> str:
        """With one letter struck beside."""
        place = int(where * len(word))
        letter = word[place]
        beside = _NEIGHBOURS[letter.lower()]
        struck = beside[int(how * len(beside))]
        return word[:place] + (struck.upper() if letter.isupper() else struck) + word[place + 1 :]


def _neighbours() -> dict[str, str]:
    # each row lies about half a key further right than the one above it
    places = {letter: (row, column + row / 2) for row, keys in enumerate(_ROWS) for column, letter in enumerate(keys)}
    return {
        letter: "".join(
            other
            for other, (its_row, its_column) in places.items()
            if other != letter and abs(its_row - row) <= 1 and abs(its_column - column) <= 1
        )
        for letter, (row, column) in places.items()
    }


_NEIGHBOURS = _neighbours()
