"""Keyboard noise: a letter is replaced by one beside it on the keyboard."""

from __future__ import annotations

from datamodules.augmentations.word_level.character_augmentation import CharacterAugmentation

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


class KeyboardNoise(CharacterAugmentation):
    """Replaces one letter in some English words of a text by a neighbour on a QWERTY keyboard."""

    def misspell(self, word: str, position: float, operation: float) -> str:
        """Replaces one letter of a word by a neighbour on the keyboard."""
        index = int(position * len(word))
        letter = word[index]
        neighbours = _NEIGHBOURS[letter.lower()]
        typed = neighbours[int(operation * len(neighbours))]
        return word[:index] + (typed.upper() if letter.isupper() else typed) + word[index + 1 :]


def _find_neighbours() -> dict[str, str]:
    """Finds the letters around each letter of the keyboard."""
    # each row lies about half a key further right than the one above it
    positions = {
        letter: (row, column + row / 2) for row, keys in enumerate(_ROWS) for column, letter in enumerate(keys)
    }
    return {
        letter: "".join(
            other
            for other, (its_row, its_column) in positions.items()
            if other != letter and abs(its_row - row) <= 1 and abs(its_column - column) <= 1
        )
        for letter, (row, column) in positions.items()
    }


_NEIGHBOURS = _find_neighbours()
