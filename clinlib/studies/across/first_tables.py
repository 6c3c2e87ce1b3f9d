"""The tables and sentences of the page that holds options against fine-tuning."""

from statistics import fmean

import pandas as pd

from clinlib.corpora import registry
from clinlib.corpora.samplers import first_sentences
from clinlib.corpora.words import words
from clinlib.studies.across.first import WORDS, Place, Results, is_active
from clinlib.studies.across.options import PLAIN
from clinlib.studies.cells import Cell
from clinlib.studies.comparisons import ENOUGH, reading_of
from clinlib.studies.corpora import is_here
from clinlib.studies.frames import by_row

LEVEL = 0.05
DASH = "–"
ABSENT = "corpus not here"


def table(results: Results, target: str) -> pd.DataFrame:
    """Options of one target by number of sentences: score, gain, corrected p, and cost."""
    rows = {}
    for place in _places(results, target):
        corrected = results.corrected(place)
        words_drawn = drawn_words(place, results.seeds) if is_here(target) else ABSENT
        for name in results.found[place]:
            plain = name == PLAIN
            labelled = (
                results.score(place, name, f"data.{WORDS}", digits=0)
                if is_active(name)
                else words_drawn
            )
            rows[place.size, name] = {
                "strict F1": results.score(place, name),
                f"over {PLAIN}": DASH if plain else results.gain(place, name),
                "p, corrected": DASH if plain else _p(corrected.get(name)),
                "words labelled": labelled,
                "processor seconds": results.seconds(place, name),
            }
    return by_row(rows, ("sentences", "option"))


def drawn_words(place: Place, seeds: list[int]) -> Cell:
    """Words of the first N sentences that each seed draws; known without a run."""
    documents = registry.load(place.target).splits["train"]
    counts = []
    for seed in seeds:
        index = first_sentences(documents, place.size, seed)
        counts.append(sum(_words(documents[d], documents[d].sentences[s]) for d, s in index))
    return Cell.of(counts, digits=0)


def gains(results: Results, place: Place) -> dict[str, Cell]:
    """What each option adds over fine-tuning, the largest mean first, missing ones last."""
    names = [name for name in results.found[place] if name != PLAIN]
    cells = {name: results.gain(place, name) for name in names}
    return dict(sorted(cells.items(), key=lambda item: -_mean(item[1])))


def picked(results: Results, place: Place) -> dict[str, Cell]:
    """What each strategy adds over the same loop with random picks."""
    random = [name for name in results.found[place] if is_active(name) and "random" in name]
    others = [
        name
        for name in results.found[place]
        if is_active(name) and "random" not in name and "transfer" not in name
    ]
    return {name: results.gain(place, name, random[0]) for name in others if random}


def advice(results: Results) -> list[str]:
    """What the runs answer, a sentence or two per target and number of sentences.

    An option counts as a first thing to do where it gains over fine-tuning by the interval over
    seeds and by the corrected p over test documents; two seeds answer nothing.
    """
    found = []
    for place in results.found:
        where = f"{place.target}, {place.size} sentences"
        cells = gains(results, place)
        there = {name: each for name, each in cells.items() if each.value is not None}
        if not there:
            found.append(f"{where}: no option has finished.")
            continue
        best = next(iter(there))
        if any(each.n < ENOUGH for each in there.values()):
            found.append(
                f"{where}: {best} stands highest ({there[best].value:+z.1f} F1 over {PLAIN}), from "
                f"fewer than {ENOUGH} seeds: no answer."
            )
            continue
        corrected = results.corrected(place)
        sure = [n for n, c in there.items() if c.low > 0 and corrected.get(n, 1.0) < LEVEL]
        worse = [n for n, c in there.items() if c.high < 0 and corrected.get(n, 1.0) < LEVEL]
        if not sure:
            found.append(f"{where}: no option is sure to gain over {PLAIN}.")
        else:
            cheapest = min(sure, key=lambda name: _mean(results.seconds(place, name), 1e12))
            found.append(
                f"{where}: first {sure[0]} ({there[sure[0]].value:+z.1f} F1); of the {len(sure)} "
                f"that gain for sure {cheapest} costs the least."
            )
        if worse:
            found.append(f"{where}: to leave alone: {', '.join(worse)}.")
        absent = [name for name in cells if name not in there]
        if absent:
            found.append(f"{where}: missing: {', '.join(absent)}.")
    return found


def readings(results: Results, place: Place) -> list[str]:
    """Every option's gain in words."""
    return [reading_of(name, each, "F1") for name, each in gains(results, place).items()]


def _places(results: Results, target: str) -> list[Place]:
    return [place for place in results.found if place.target == target]


def _p(p: float | None) -> str:
    return "missing" if p is None else f"{p:.3f}"


def _mean(found: Cell, missing: float = float("-inf")) -> float:
    return missing if found.value is None else fmean(found.values)


def _words(document, sentence: tuple[int, int]) -> int:
    start, end = sentence
    return sum(start <= first < end for first, _ in words(document))
