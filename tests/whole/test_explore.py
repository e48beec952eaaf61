"""`python explore.py` as a whole: the files it writes, what it prints, and what it refuses."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pandas
import pytest
import tokenizers
from workplace import DATA, USAGE, rows, write_table

import explore
import train

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path, capsys, monkeypatch) -> Run:
    """Runs the command in a folder of its own."""
    monkeypatch.chdir(tmp_path)

    def answer(*arguments):
        code = explore.main([str(argument) for argument in arguments])
        output = capsys.readouterr()
        return code, output.out, output.err

    return answer


def test_exploring_files_writes_a_page_and_its_figures(run, data, tmp_path):
    code, out, err = run("--data.source", "Files", "--data.source.path", data, "--compare", "[Characters, Words]")
    assert (code, err) == (0, "")
    figures = json.loads((tmp_path / "runs" / "explore" / "words.json").read_text(encoding="utf-8"))
    assert figures["classes"]["texts"] == {"train": 90, "validation": 30, "test": 41}
    assert [report["name"] for report in figures["tokenizers"]] == ["Words", "Characters"]
    assert figures["advice"][-1]["text"]
    page = (tmp_path / "runs" / "explore" / "words.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "What to do" in out
    assert "words.html" in out


def test_multi_label_data_and_pairs_are_explored(run, several_data, tmp_path):
    assert run("--data.source", "Files", "--data.source.path", several_data, "--output", "a.html")[0] == 0
    assert "Most frequent label pairs" in (tmp_path / "a.html").read_text(encoding="utf-8")
    write_table(tmp_path / "pairs.csv", rows(60, 0, pairs=True))
    assert run("--data.source", "Files", "--data.source.path", "pairs.csv", "--output", "folder")[0] == 0
    assert json.loads((tmp_path / "folder" / "pairs.json").read_text(encoding="utf-8"))["pairs"] is True


def test_without_the_listed_rows_a_file_has_each_text_once(run, tmp_path):
    """The rows are numbered as pandas numbers them, so that its `drop` removes them."""
    table = [{"text": f"text {'ab'[n % 2]} {n % 40}", "label": "ab"[n % 2]} for n in range(90)]
    write_table(tmp_path / "all.csv", table)
    assert run("--data.source", "Files", "--data.source.path", "all.csv", "--output", "a.html")[0] == 0
    rows_to_remove = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))["duplicates"]["removable_rows"]
    removed = [row for of_split in rows_to_remove.values() for row in of_split]
    assert len(removed) == 50
    left = pandas.read_csv(tmp_path / "all.csv").drop(index=removed)
    assert sorted(left["text"]) == sorted({row["text"] for row in table})


def test_the_data_of_a_train_config_is_used(run, data, tmp_path):
    config = tmp_path / "run.yaml"
    config.write_text(
        f"model: {{encoder: RNN}}\ntrainer: {{max_epochs: 3}}\n"
        f"data: {{source: {{class_path: Files, init_args: {{path: {data}}}}}, tokenizer: Characters}}\n"
    )
    assert run("--config", config, "--data.tokenizer", "Words", "--data.tokenizer.min_frequency", 2)[0] == 0
    figures = json.loads((tmp_path / "runs" / "explore" / "words.json").read_text(encoding="utf-8"))
    assert figures["tokenizers"][0]["name"] == "Words (min_frequency 2)"


def test_test_labels_change_nothing_but_counts_duplicates_and_conflicts(run, tmp_path):
    """The same texts with test labels turned round: all figures that may not look at these labels stay as they were."""
    made = {name: rows(count, seed) for seed, (name, count) in enumerate({"train": 60, "test": 30}.items())}
    figures = []
    for turned in (False, True):
        folder = tmp_path / f"turned_{turned}"
        folder.mkdir()
        labels = [row["label"] for row in made["test"]]
        write_table(folder / "train.csv", made["train"])
        test = [
            row | {"label": label} for row, label in zip(made["test"], labels[::-1] if turned else labels, strict=True)
        ]
        write_table(folder / "test.csv", test)
        assert run("--data.source", "Files", "--data.source.path", folder, "--output", f"{turned}.html")[0] == 0
        figures.append(json.loads((tmp_path / f"{turned}.json").read_text(encoding="utf-8")))
    for section in figures[0]:
        if section not in ("source", "classes", "duplicates", "advice", "seconds", "tokenizers"):
            assert figures[0][section] == figures[1][section], section


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--data.source", "File"], USAGE, 'no choice named File. Did you mean "Files"'),
        (["--data.tokeniser", "Words"], USAGE, 'Did you mean "--data.tokenizer"'),
        (["--compar", "[Words]"], USAGE, 'Did you mean "--compare"'),
        (["--compare", "[Wrods]"], USAGE, r'--compare has no choice named Wrods.*Did you mean "Words"'),
        (["--compare", "Words"], USAGE, r"--compare takes a list.*\[Words, Characters\].*got 'Words'"),
        (["--compare", "[{class_path: Words, init_args: {min_coun: 2}}]"], USAGE, "min_coun"),
        (["--model.encoder", "RNN"], USAGE, "--model.encoder is an option of train.py; explore.py takes --data"),
        (["--near_threshold", "0"], USAGE, r"must be in \(0, 1\], got 0"),
        (["--near_threshold", "x"], USAGE, "--near_threshold must be float, got 'x'"),
        (["--config", "missing.yaml"], USAGE, "missing.yaml: there is no such file"),
        (["--data.validation_size", "2"], USAGE, "validation_size is a fraction of the rows"),
        (["--data.source", "Files", "--data.source.path", "nowhere"], (USAGE, DATA), "nowhere"),
        (["--data.source", "Files"], USAGE, "--data.source Files needs --data.source.path FILE_OR_FOLDER"),
    ],
)
def test_unusable_options_end_in_one_message(run, tmp_path, arguments, code, words):
    got, out, err = run(*arguments)
    assert re.search(words, err), err
    assert got in (code if isinstance(code, tuple) else (code,))
    assert err.startswith("error: ")
    assert len(err) < 800
    for noise in ("Traceback", "class_path", "Namespace", "usage:"):
        assert noise not in err + out
    assert not (tmp_path / "runs").exists()


def test_data_without_a_usable_text_end_in_a_message(run, tmp_path):
    (tmp_path / "train.csv").write_text("text,label\n ,a\n")
    code, _, err = run("--data.source", "Files", "--data.source.path", "train.csv")
    assert (code, err.count("error:")) == (DATA, 1)
    assert "no text that could be used" in err
    assert not (tmp_path / "runs").exists()


def test_a_page_that_cannot_be_written_ends_in_a_message(run, data, tmp_path):
    (tmp_path / "file").write_text("")
    code, _, err = run("--data.source", "Files", "--data.source.path", data, "--output", "file/page.html")
    assert code == USAGE
    assert re.match(r"error: --output file/page.html: the folder .*file is not a folder", err)


def test_an_output_that_is_a_file_but_no_page_is_refused(run, data, tmp_path):
    (tmp_path / "file.csv").write_text("kept")
    code, _, err = run("--data.source", "Files", "--data.source.path", data, "--output", "file.csv")
    assert (code, err) == (USAGE, "error: --output file.csv is a file; name a .html file or a folder\n")
    assert (tmp_path / "file.csv").read_text() == "kept"


def test_the_figures_beside_the_page_never_replace_the_data(run, tmp_path):
    """The JSON file of `reviews.html` is `reviews.json`, which may be the data."""
    (tmp_path / "reviews.json").write_text('{"text": "a", "label": "x"}\n{"text": "b", "label": "y"}\n')
    before = (tmp_path / "reviews.json").read_bytes()
    code, _, err = run("--data.source", "Files", "--data.source.path", "reviews.json", "--output", "reviews.html")
    assert code == USAGE
    assert "reviews.json is one of the files that are read; name another, so that it is kept" in err
    assert (tmp_path / "reviews.json").read_bytes() == before


def test_help_fits_one_screen_with_defaults(run):
    code, out, _ = run("--help")
    assert code == 0
    for line in ("--data.source Demo", "--data.tokenizer Words", "--near_threshold 0.8", "--output runs/explore/"):
        assert line in out
    assert all(option in out for option in ("--compare", "--vectors", "--open", "--config", "--help_all"))
    lines = out.splitlines()
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 120
    assert "options of one class" in out
    code, out, _ = run("--data.tokenizer.help", "Words")
    assert "--data.tokenizer.min_frequency" in out


def test_all_options_of_the_data_are_in_the_full_help(run, capsys):
    with pytest.raises(SystemExit):
        explore.main(["--help_all"])
    out = capsys.readouterr().out
    assert all(option in out for option in ("--data.split_seed", "--data.sampler", "--compare", "--near_threshold"))


def test_the_coverage_of_word_vectors_is_reported_by_tokenizer(run, data, tmp_path):
    (tmp_path / "v.txt").write_text("apple 1 2\nIron 3 4\na 1 1\n", encoding="utf-8")
    source = ("--data.source", "Files", "--data.source.path", data)
    code, out, _ = run(*source, "--vectors", "v.txt", "--compare", "[Characters]")
    assert code == 0
    assert "vector" in out
    figures = json.loads((tmp_path / "runs/explore/words.json").read_text(encoding="utf-8"))
    words, characters = figures["tokenizers"]
    texts = [row.split(",")[0] for row in (data / "test.csv").read_text(encoding="utf-8").splitlines()[1:]]
    tokens = [token for text in texts for token in text.split()]
    share = words["splits"]["test"]["vector_coverage"][0]
    assert share == pytest.approx(sum(token in ("apple", "iron", "a") for token in tokens) / len(tokens))
    assert 0 < characters["splits"]["test"]["vector_coverage"][0] < 1


def test_coverage_equals_that_of_training_and_faults_of_the_file_are_reported(run, data, tmp_path, capsys):
    """Of words seen nine times or more: others have no id, and so no vector."""
    (tmp_path / "v.txt").write_text("apple 1 2\nIron 3 4\na 1 1\npear 1\na 2 2\n", encoding="utf-8")
    source = ("--data.source", "Files", "--data.source.path", data, "--data.max_length", "1.0")
    words = ("--data.tokenizer", "Words", "--data.tokenizer.min_frequency", 9)
    code, out, _ = run(*source, *words, "--vectors", "v.txt")
    assert code == 0
    assert "1 malformed rows were skipped" in out
    (explored,) = json.loads((tmp_path / "runs/explore/words.json").read_text(encoding="utf-8"))["tokenizers"]
    given = (*source, *words, "--model.encoder.vectors", "v.txt", "--model.encoder.num_filters", 4)
    few = ("--trainer.max_epochs", 1, "--trainer.accelerator", "cpu", "--trainer.enable_progress_bar", "false")
    assert train.main([str(argument) for argument in (*given, *few, "--name", "run", "--version", "one")]) == 0
    capsys.readouterr()
    trained = json.loads((tmp_path / "runs/run/one/report.json").read_text(encoding="utf-8"))["data"]["oov"]
    for split, report in trained.items():
        assert explored["splits"][split]["vector_coverage"] == report["vector_coverage"]


def test_tokenizers_from_files_are_compared_each(run, data, tmp_path):
    for name, words in (("one", ["a", "b"]), ("two", ["a", "b", "c"])):
        made = tokenizers.Tokenizer(
            tokenizers.models.WordLevel({"[UNK]": 0} | {word: place for place, word in enumerate(words, 1)}, "[UNK]")
        )
        made.save(str(tmp_path / f"{name}.json"))
    compared = "[{class_path: Subwords, init_args: {path: two.json}}, Subwords, Subwords]"
    file = ("--data.tokenizer", "Subwords", "--data.tokenizer.path", "one.json")
    assert run("--data.source", "Files", "--data.source.path", data, *file, "--compare", compared)[0] == 0
    figures = json.loads((tmp_path / "runs/explore/words.json").read_text(encoding="utf-8"))["tokenizers"]
    assert [report["name"] for report in figures] == [
        "Subwords (path one.json)",
        "Subwords (path two.json)",
        "Subwords",
    ]


def test_a_file_of_vectors_that_is_not_there_is_refused(run, data):
    source = ("--data.source", "Files", "--data.source.path", data)
    assert run(*source, "--vectors", "none.txt")[2].startswith("error: the file of word vectors none.txt is not there")


def test_a_single_class_is_reported_first(run, tmp_path):
    write_table(tmp_path / "one.csv", [{"text": f"text number {n}", "label": "a"} for n in range(40)])
    code, out, _ = run("--data.source", "Files", "--data.source.path", "one.csv")
    assert code == 0
    assert " 1. There is only one class in the training split" in out


def test_labels_that_differ_in_letter_case_or_space_are_reported(run, tmp_path):
    table = [{"text": f"text number {n}", "label": ("a", "b", "B ", "ａ")[n % 4]} for n in range(80)]
    write_table(tmp_path / "alike.csv", table)
    code, out, _ = run("--data.source", "Files", "--data.source.path", "alike.csv")
    assert code == 0
    assert "Labels that differ only in letter case" in out
