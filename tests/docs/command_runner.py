"""Runs a command line of the pages in this process, up to the reading of data, with stand-ins for DIR, FILE, RUN …"""

from __future__ import annotations

import io
import json
import re
import runpy
import shlex
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import markdown_pages as md
import pytest

import augment
import explore
import predict
import train
from commands.class_registry import get_parameters, get_registered_classes
from datamodules.sources.demo import Demo
from datamodules.sources.files import Files
from datamodules.sources.hub import Hub

ROOT = Path(__file__).parents[2]
SCRIPTS = {"train.py": train, "explore.py": explore, "augment.py": augment, "predict.py": predict}
OTHER_PROGRAMS = (
    r"python -m pip install -c constraints\.txt -e (\.|'\.\[\w+(,\w+)*\]')",
    r"python -m pytest( tests/\w+)?",
    r"tensorboard --logdir runs",
    r"cat lines\.txt",
    r"ruff check --fix \. && ruff format \.",
    r"mypy",
)
"""Commands that are known to be right as they stand."""


PARSED_ONLY = {"benchmarks.gpu": "benchmarks.gpu.__main__", "benchmarks.kills": "benchmarks.kills"}
"""Benchmarks that read data in the midst of their work: the module whose `parse` checks their options."""


class DataAreRead(BaseException):
    """Everything that was asked for has been accepted, and the rows would be read now."""


@dataclass
class CommandRunner:
    """Checks commands in a folder with small stand-ins for what they name.

    Args:
        folder: Holds the files of `write_stand_ins`.
        run: The folder of a trained run.
        patch: Undone after the test.
        read_output: Returns what was printed since the last call.
    """

    folder: Path
    run: Path
    patch: pytest.MonkeyPatch
    hub_model: Path

    def check(self, line: str) -> None:
        """Fails if any part of the line would be refused."""
        for part in re.split(r" && | \| ", line):
            if any(re.fullmatch(pattern, part.strip()) for pattern in OTHER_PROGRAMS):
                continue
            words = shlex.split(re.sub(r"^(?:[A-Z_]+=\S+ )+", "", part))
            assert words[0] == "python", f"not a known program: {part}"
            self._run_python(self.filled(words[1:]))

    def filled(self, words: list[str]) -> list[str]:
        """The words with the placeholders replaced."""
        made = []
        for place, word in enumerate(words):
            option = words[place - 1] if place else ""
            word = word.replace("configs/experiment/NAME", "configs/experiment/trec_text_cnn")
            word = word.replace("configs/imbalance/NAME", "configs/imbalance/focal")
            if word.startswith("configs/"):
                word = str(ROOT / word)
            elif re.match(r"RUN\b", word) or word.startswith("runs/demo_text_cnn/version_0"):
                word = re.sub(r"^(RUN|runs/demo_text_cnn/version_0)", str(self.run), word)
            elif word == "FILE":
                word = str(self.folder / FILES.get(option, "table.csv"))
            else:
                word = {"DIR": str(self.folder / "splits"), "MODE": "static", "S": "1"}.get(word, word)
                word = {"bert-base-chinese": str(self.hub_model)}.get(word, word)
                if word == "NAME":
                    word = {"--data.tokenizer": "Words"}.get(option, str(self.folder / "splits"))
            made.append(word)
        return made

    def all_options(self) -> set[str]:
        """Every option of the four scripts and of the classes that an option chooses, written out."""
        found: set[str] = set()
        for script, arguments in (
            (train, ["--help"]),
            (train, ["--help_all"]),
            (explore, ["--help"]),
            (augment, ["--help"]),
        ):
            found |= set(re.findall(r"--[a-z][\w.]*\w", self._help_of(script, arguments)))
        found |= set(re.findall(r"--[a-z]\w*", self._help_of(predict, ["--help"])))
        for key in [option.removeprefix("--") for option in found]:
            for cls in get_registered_classes(key).values():
                found |= {f"--{key}.{name}" for name in get_parameters(cls)}
        from datamodules.vectors.word2vec import Word2Vec

        linked = {"--checkpoint.monitor", "--checkpoint.mode"}  # refused with the option that sets them
        return found | linked | {f"--model.encoder.word2vec.{name}" for name in get_parameters(Word2Vec)}

    def _help_of(self, script: object, arguments: list[str]) -> str:
        printed = io.StringIO()
        self.patch.setattr(sys, "stdout", printed)
        self._must_end_well(script, arguments)
        return printed.getvalue()

    def _run_python(self, words: list[str]) -> None:
        self.patch.chdir(self.folder)
        if words[0] == "-m":
            with self._no_data():
                self.patch.setattr(sys, "argv", [words[1], *words[2:]])
                assert words[1].startswith("benchmarks.")
                self.patch.setattr("benchmarks.packages.find_spec", lambda name: name)  # of an extra
                if words[1] in PARSED_ONLY:
                    self.patch.setattr("torch.cuda.is_available", lambda: True)
                    import_module(PARSED_ONLY[words[1]]).parse(words[2:])
                    return
                with pytest.raises(DataAreRead):
                    runpy.run_module(words[1], run_name="__main__")
            return
        script = SCRIPTS[words[0]]
        if script is predict:
            self.patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a text\nanother\n"), encoding="utf-8"))
            self._must_end_well(script, words[1:])
            return
        places = ["--data.cache_dir", str(self.folder / "cache" / str(abs(hash(tuple(words)))))]
        if script is train and "--resume" in words:
            words = [str(self._copy_unfinished(Path(word))) if word == str(self.run) else word for word in words]
        elif script is train:
            places += ["--trainer.default_root_dir", str(self.folder / "new_runs")]
        with self._no_data():
            try:
                self._must_end_well(script, words[1:] if asks_for_help(words) else [*words[1:], *places])
                assert asks_for_help(words), "ended before it read data"
            except DataAreRead:
                assert not asks_for_help(words)

    def _copy_unfinished(self, run: Path) -> Path:
        """Copies a run without its report, as if it had been killed before its end."""
        copy = self.folder / "killed_runs" / "demo_text_cnn" / "version_0"
        shutil.copytree(run, copy, ignore=shutil.ignore_patterns("report.json"), dirs_exist_ok=True)
        return copy

    @staticmethod
    def _must_end_well(script: object, arguments: list[str]) -> None:
        try:
            code = script.main(arguments)  # type: ignore[attr-defined]
        except SystemExit as ended:
            code = ended.code or 0
        assert code == 0

    @contextmanager
    def _no_data(self) -> Iterator[None]:
        def stop(_: object) -> None:
            raise DataAreRead

        for source in (Demo, Files, Hub):
            self.patch.setattr(source, "read", stop)
        yield


def asks_for_help(words: list[str]) -> bool:
    """Whether the command ends by printing something."""
    return any(re.fullmatch(r"--(help|help_all|print_config|[\w.]+\.help)", word) for word in words)


FILES = {
    "--data.tokenizer.path": "tokenizer.json",
    "--model.encoder.vectors": "vectors.txt",
    "--vectors": "vectors.txt",
    "--data.tokenizer.user_dictionary": "words.txt",
    "--data.augmentations.path": "synonyms.tsv",
    "--synonyms": "synonyms.tsv",
    "--output": "output.csv",
}
"""What FILE stands for after an option; a table elsewhere."""


README_FILES = {"csv": "reviews.csv", "tsv": "headlines.tsv", "yaml": "my.yaml"}
"""The files whose content the README shows, by the language of the block."""


def write_stand_ins(folder: Path) -> None:
    """Small files for everything that a command may name."""
    splits = folder / "splits"
    splits.mkdir()
    lines = [f"a text of number {n} ,{'even' if n % 2 == 0 else 'odd'},good text {n},{n % 5}" for n in range(60)]
    table = "\n".join(["text,label,review,stars", *lines, ""])
    for file in (
        folder / "table.csv",
        folder / "new.csv",
        *(splits / f"{s}.csv" for s in ("train", "validation", "test")),
    ):
        file.write_text(table, encoding="utf-8")
    for block in md.blocks(md.README):
        if block.language in README_FILES:
            (folder / README_FILES[block.language]).write_text(block.text + "\n", encoding="utf-8")
    (folder / "runs" / "explore").mkdir(parents=True)
    (folder / "runs" / "explore" / "reviews.json").write_text('{"duplicates": {"removable_rows": {"train": [1]}}}')
    (folder / "lines.txt").write_text("a text\nanother text\n", encoding="utf-8")
    (folder / "vectors.txt").write_text("a 0.1 0.2 0.3\ntext 0.3 0.1 0.2\nnumber 0.0 0.5 0.1\n", encoding="utf-8")
    (folder / "words.txt").write_text("机器学习\n文本分类\n", encoding="utf-8")
    (folder / "synonyms.tsv").write_text("text\tmessage\tnote\nnumber\tfigure\n", encoding="utf-8")
    (folder / "rnn.yaml").write_text("class_path: RNN\ninit_args:\n  cell: gru\n", encoding="utf-8")
    tokenizers = import_module("tokenizers")
    backend = tokenizers.Tokenizer(tokenizers.models.WordLevel({"[PAD]": 0, "[UNK]": 1, "a": 2}, unk_token="[UNK]"))
    backend.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    (folder / "tokenizer.json").write_text(json.dumps(json.loads(backend.to_str())), encoding="utf-8")
