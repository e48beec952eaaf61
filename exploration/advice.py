"""What to do about what was found: plain words, and options of `train.py` to try."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from contracts.errors import join_names
from datamodules.sources.similar_labels import group_similar_labels
from exploration.data_report import DataReport
from exploration.writing_scripts import UNSPACED

_BALANCED = "--data.sampler ClassBalanced --data.sampler.weighting sqrt"
_SMOOTHED = "--model.loss CrossEntropy --model.loss.label_smoothing 0.1"
_SMALL = 2000  # training texts, below which a model that has read before is likely to be worth its cost


@dataclass(frozen=True)
class Advice:
    """One thing to know or to do.

    Args:
        about: The section of the page that shows why.
        text: In plain words.
        options: Each a set of options of `train.py` to try; several are alternatives.
    """

    about: str
    text: str
    options: tuple[str, ...] = ()


def give_advice(found: DataReport) -> list[Advice]:
    """Everything whose condition holds, what spoils figures first."""
    parts = (_classes, _across_splits, _labels, _damage, _balance, _vocabulary, _lengths, _size_and_language)
    return [piece for part in parts for piece in part(found)]


def format_percent(share: float) -> str:
    """A share for people: two digits that count, never 0 % for something.

    >>> format_percent(0.0114), format_percent(0.5), format_percent(0.00004), format_percent(0)
    ('1.1 %', '50 %', 'under 0.01 %', '0 %')
    """
    if 0 < share < 0.0001:
        return "under 0.01 %"
    if share == 0 or share >= 0.0995:
        return f"{share:.0%}".replace("%", " %")
    return f"{share * 100:.2g} %"


def _across_splits(found: DataReport) -> Iterator[Advice]:
    same, texts = found.duplicates, found.classes.texts
    for split in [name for name in ("test", "validation") if same.shared.get(f"{name} in train")]:
        count = same.shared[f"{split} in train"]
        distinct = same.shared_texts[f"{split} in train"]
        also = "" if distinct == count else f", {distinct:,} different ones"
        yield Advice(
            "duplicates",
            f"{count:,} of {texts[split]:,} {split} texts are also in training{also}: the {split} accuracy may be too "
            f"good by up to {100 * count / texts[split]:.2g} points. Take them out of training, or say so beside the "
            "figure.",
        )
    near = found.near_duplicates
    for split in [name for name in ("test", "validation") if near.touched.get(f"{name} in train")]:
        count = near.touched[f"{split} in train"]
        if count >= max(5, 0.002 * texts[split]):
            yield Advice(
                "near-duplicates",
                f"{count:,} more {split} texts are nearly the same as a training text (similarity {near.threshold:g} "
                "or more); read some of the pairs before trusting the last points of a figure.",
            )
    repeats = same.repeats["train"]
    if repeats >= 0.005 * texts["train"]:
        yield Advice(
            "duplicates",
            f"{repeats:,} of {texts['train']:,} training texts repeat an earlier one "
            f"({format_percent(repeats / texts['train'])}): they count twice in training. Leave repeats out unless "
            "their number means something.",
        )
    for name, term, share, purity in found.telling.leaks[:5]:
        yield Advice(
            "telling-words",
            f"“{term}” is in {format_percent(share)} of the texts of {name} and in hardly any others "
            f"({format_percent(purity)} of the texts with it are of that class): make sure that it will be "
            f"there in the texts to come, or the model "
            "learns a trick.",
        )


def _classes(found: DataReport) -> Iterator[Advice]:
    if sum(1 for count in found.classes.counts["train"] if count) < 2 and found.task == "single_label":
        yield Advice(
            "classes",
            "There is one class only in training, and nothing to tell it from: train.py refuses that. Look at "
            "--data.source.label_column, or add texts of another class.",
        )
    alike = group_similar_labels(found.classes.names)
    if alike:
        yield Advice(
            "classes",
            f"Labels that differ only in capitals, white space or form are classes of their own: "
            f"{join_names((' and '.join(map(repr, group)) for group in alike), 4)}. Give each class one name.",
        )


def _labels(found: DataReport) -> Iterator[Advice]:
    same = found.duplicates
    if same.conflicts["train"]:
        yield Advice(
            "duplicates",
            f"{same.conflicts['train']:,} texts stand in training with different labels, in "
            f"{same.conflict_rows['train']:,} rows: no model can get all of them right. Decide on one label each.",
        )
    beside = {split: same.shared_conflicts.get(f"{split} in train", 0) for split in ("test", "validation")}
    for split, count in beside.items():
        if count:
            yield Advice(
                "duplicates", f"{count:,} {split} texts carry another label than the same text does in training."
            )
    wrong = found.suspected
    if wrong is not None and wrong.suspected and wrong.trusted:
        share = wrong.suspected / wrong.texts
        most = wrong.confusions[0]
        yield Advice(
            "suspected-labels",
            f"{wrong.suspected:,} training labels are perhaps wrong ({format_percent(share)} of {wrong.texts:,} looked "
            f"at), most often {most[0]} that looks like {most[1]}. Read the surest of them first; the JSON "
            f"file lists them "
            "by row." + (" While they stay, softer targets may help." if share >= 0.01 else ""),
            (_SMOOTHED,) if share >= 0.01 else (),
        )
    if found.classes.unseen:
        rows = sum(found.classes.unseen.values())
        yield Advice(
            "classes",
            f"{rows:,} labels of validation or test texts are of classes that training lacks "
            f"({join_names(found.classes.unseen)}): training refuses such rows. Mend them, or leave them out.",
            ("--data.unseen_labels drop",),
        )
    for split in ("validation", "test"):
        if split in found.classes.counts:
            counts = zip(found.classes.names, found.classes.counts[split], strict=True)
            without = [name for name, count in counts if not count]
            if without:
                yield Advice(
                    "classes",
                    f"{len(without):,} {'class has' if len(without) == 1 else 'classes have'} no {split} text "
                    f"({join_names(without, 5)}): figures say nothing of them.",
                )


def _damage(found: DataReport) -> Iterator[Advice]:
    for kind, counts in found.damage.texts.items():
        total, examples = sum(counts.values()), found.damage.examples[kind]
        trace = f" (“{examples[0][1][:12]}” in {examples[0][0].split} row {examples[0][0].row})" if examples else ""
        words, option = "clean them where the texts are made, and again before predicting", ""
        if kind.startswith("replacement"):
            words = "what stood there is lost; make the export again in UTF-8 if you can"
        elif kind.startswith("UTF-8 read"):
            words = "name the encoding of the file where it is read as another, or mend the export"
        elif kind.startswith("GBK read"):
            words, option = "name the encoding of the file", "--data.source.encoding gb18030"
        if kind.startswith(("invisible", "escapes")) and total < 0.001 * sum(found.classes.texts.values()):
            continue
        yield Advice("encoding", f"{_texts(total)} {_in_sentence(kind)}{trace}: {words}.", (option,) if option else ())
    empty = sum(found.extremes.empty.values())
    if empty:
        yield Advice(
            "odd-texts",
            f"{empty:,} texts are empty; training leaves them out, as they are here. To have them refused instead:",
            ("--data.empty refuse",),
        )
    wordless = sum(found.extremes.wordless.values())
    if wordless:
        yield Advice("odd-texts", f"{_texts(wordless)} signs only, no letter and no digit: can they have a label?")


def _balance(found: DataReport) -> Iterator[Advice]:
    classes = found.classes
    several = found.task == "multi_label"
    balanced = _BALANCED + (" --data.sampler.multi_label expected" if several else "")
    focal = ("--model.loss Focal",) if not several else ()
    trained = sum(1 for count in classes.counts["train"] if count)
    if classes.few:
        have = "has" if len(classes.few) == 1 else "have"
        yield Advice(
            "classes",
            f"{len(classes.few):,} of {trained:,} classes {have} fewer than 20 training texts "
            f"({join_names(classes.few, 6)}): gather more of them, or show them more often.",
            (balanced, *focal),
        )
    elif classes.ratio >= 5:
        yield Advice(
            "classes",
            f"The largest class has {classes.ratio:,.0f} times the training texts of the smallest: accuracy hides how "
            "the rare ones do, so look at macro-F1, and try to show rare classes more often.",
            (balanced, *focal),
        )


def _vocabulary(found: DataReport) -> Iterator[Advice]:
    chosen, unspaced = found.tokenizers[0], found.scripts.main in UNSPACED
    split = "test" if "test" in chosen.splits else "validation"
    figures = chosen.splits.get(split)
    if figures is None:
        return
    rate, word = figures["token_rate"], chosen.name.split(" ")[0]
    if unspaced and word == "Words" and rate > 0.05:
        yield Advice(
            "vocabulary",
            f"The texts are in {found.scripts.main} script with no spaces between words, and {chosen.name} takes what "
            f"stands between two signs for one word: {format_percent(rate)} of the {split} tokens are unknown. Take "
            "characters, or parts of words learned from training.",
            ("--data.tokenizer Characters", "--data.tokenizer Subwords"),
        )
    elif word == "Words" and rate > 0.02:
        yield Advice(
            "vocabulary",
            f"{format_percent(rate)} of the {split} tokens are unknown to {chosen.name}, in "
            f"{format_percent(figures['text_share'])} of the texts. Unknown words can become characters or "
            f"parts of words instead.",
            ("--data.tokenizer Mixed", "--data.tokenizer Subwords"),
        )
    cut = "min_frequency" in chosen.name or "vocab_size" in chosen.name
    if found.growth is not None and word == "Words" and not cut and not unspaced and found.growth.once > 0.4:
        yield Advice(
            "vocabulary",
            f"{format_percent(found.growth.once)} of the different words occur a single time in training "
            f"and can hardly "
            "be learned. Taken as unknown they teach the model what to do with unknown words.",
            ("--data.tokenizer Words --data.tokenizer.min_frequency 2",),
        )


def _lengths(found: DataReport) -> Iterator[Advice]:
    half, ninety, most, nearly, longest = found.tokens.covering["train"]
    yield Advice(
        "lengths",
        f"99 % of training texts have {nearly:,} tokens or fewer ({found.tokenizers[0].name}), and half have {half:,} "
        "or fewer; unless told otherwise training cuts at the former, as with",
        (f"--data.max_length {nearly}",),
    )
    if nearly > 2 * most:
        yield Advice(
            "lengths",
            f"95 % have {most:,} or fewer and 90 % {ninety:,}, but 99 % takes {nearly:,}: a shorter cut touches few "
            "texts and saves much time.",
            ("--data.max_length 0.95",),
        )
    very_long = sum(found.extremes.very_long.values())
    if very_long:
        yield Advice(
            "odd-texts",
            f"{very_long:,} texts are ten times longer than 99 % of the others (the longest has {longest:,} tokens in "
            "training); read them: they are often several texts in one row.",
        )


def _size_and_language(found: DataReport) -> Iterator[Advice]:
    texts, main = found.classes.texts["train"], found.scripts.main
    if texts < _SMALL:
        model = {"Han": "bert-base-chinese", "Latin": "bert-base-uncased"}.get(
            main or "", "bert-base-multilingual-cased"
        )
        yield Advice(
            "classes",
            f"There are {texts:,} training texts only: a model that has read much text before needs fewer.",
            (f"--model.encoder Pretrained --model.encoder.model {model}",),
        )
    foreign = sum(found.scripts.foreign.values())
    whole = sum(found.classes.texts.values())
    if foreign >= max(5, 0.005 * whole):
        yield Advice(
            "scripts",
            f"{foreign:,} texts ({format_percent(foreign / whole)}) hold letters, but none of the {main} script that "
            "the others are in: are they meant to be there? A model of many languages can read them.",
            ("--model.encoder Pretrained --model.encoder.model bert-base-multilingual-cased",),
        )


def _texts(count: int) -> str:
    return "1 text holds" if count == 1 else f"{count:,} texts hold"


def _in_sentence(kind: str) -> str:
    return f"signs of {kind}" if " read as " in kind else kind
