"""The tables and sentences of the page that holds options against fine-tuning."""

from statistics import fmean

import pandas as pd

from clinlib.studies.across.first import WORDS, Place, Results
from clinlib.studies.across.options import PLAIN, at_random, is_active
from clinlib.studies.cells import Cell
from clinlib.studies.comparisons import ENOUGH, collapses, reading_of
from clinlib.studies.frames import by_row
from clinlib.studies.lasl.rounds import bare_starts
from clinlib.studies.updates import updates

LEVEL = 0.05
DASH = "–"
LEARNT, SELECTING = "data.train_words", "data.dev_words"


def table(results: Results, target: str) -> pd.DataFrame:
    """Options of one target by number of sentences: score, gain, corrected p, and cost."""
    rows = {}
    for place in _places(results, target):
        corrected = results.corrected(place)
        for name in results.found[place]:
            plain = name == PLAIN
            # options without rounds learn from the sentences of plain fine-tuning
            labelled = (name, WORDS) if is_active(name) else (PLAIN, LEARNT)
            rows[place.size, name] = {
                "strict F1": results.score(place, name),
                f"over {PLAIN}": DASH if plain else results.gain(place, name),
                "p, corrected": DASH if plain else _p(corrected.get(name)),
                "words labelled": results.score(place, *labelled, digits=0),
                "and to select by": (
                    DASH if is_active(name) else results.score(place, PLAIN, SELECTING, digits=0)
                ),
                "updates": results.score(place, name, updates, digits=0),
                "processor seconds": results.seconds(place, name),
            }
    return by_row(rows, ("sentences", "option"))


def gains(results: Results, place: Place) -> dict[str, Cell]:
    """What each option adds over fine-tuning, the largest mean first, missing ones last."""
    names = [name for name in results.found[place] if name != PLAIN]
    cells = {name: results.gain(place, name) for name in names}
    return dict(sorted(cells.items(), key=lambda item: -_mean(item[1])))


def picked(results: Results, place: Place) -> dict[str, Cell]:
    """What each strategy adds over the same loop with random picks."""
    return {
        name: results.gain(place, name, twin)
        for name in results.found[place]
        if (twin := at_random(name)) in results.found[place]
    }


def advice(results: Results) -> list[str]:
    """What the runs answer, a few sentences per target and number of sentences.

    An option counts as a first thing to do where it gains over fine-tuning by the interval over
    seeds and by the corrected p over test documents, and, where a strategy picks, over random
    picks by the interval as well. Options with two seeds answer nothing.
    """
    found = []
    for place in results.found:
        where = f"{place.target}, {place.size} sentences"
        cells = gains(results, place)
        there = {name: each for name, each in cells.items() if each.value is not None}
        if not there:
            found.append(f"{where}: no option has finished.")
            continue
        answers = {name: each for name, each in there.items() if each.n >= ENOUGH}
        if not answers:
            best = next(iter(there))
            found.append(
                f"{where}: {best} stands highest ({there[best].value:+z.1f} F1 over {PLAIN}), from "
                f"fewer than {ENOUGH} seeds: no answer."
            )
            continue
        found += [f"{where}: {said}" for said in _answers(results, place, answers)]
        for few, names in (
            (f"with fewer than {ENOUGH} seeds that count", [n for n in there if n not in answers]),
            ("missing", [name for name in cells if name not in there]),
        ):
            if names:
                found.append(f"{where}: {few}: {', '.join(names)}.")
    return found


def _answers(results: Results, place: Place, cells: dict[str, Cell]) -> list[str]:
    """What gains, what costs least of it and what loses, of options with seeds enough."""
    corrected, picks = results.corrected(place), picked(results, place)
    told = {name: each for name, each in cells.items() if corrected.get(name, 1.0) < LEVEL}
    better = [name for name, each in told.items() if each.low > 0]
    beats_chance = {name for name, each in picks.items() if (each.low or 0) > 0}
    by_choice = [name for name in better if at_random(name) is None or name in beats_chance]
    worse = [name for name, each in told.items() if each.high < 0]
    said = []
    if by_choice:
        cheapest = min(by_choice, key=lambda name: _mean(results.seconds(place, name), 1e12))
        said.append(
            f"first {by_choice[0]} ({cells[by_choice[0]].value:+z.1f} F1); of the "
            f"{len(by_choice)} that gain by both tests {cheapest} costs the least."
        )
    else:
        said.append(f"no option gains over {PLAIN} by both tests.")
    if no_choice := [name for name in better if name not in by_choice]:
        said.append(
            f"gain, but are not shown to over the same loop at random: {', '.join(no_choice)}."
        )
    if worse:
        said.append(f"to leave alone: {', '.join(worse)}.")
    return said


def readings(results: Results, place: Place) -> list[str]:
    """Every option's gain in words, runs that found nothing, and loops that begin without an
    entity."""
    said = [reading_of(name, each, "F1") for name, each in gains(results, place).items()]
    runs = results.found[place]
    return [*said, *collapses(runs), *bare_starts(runs)]


def _places(results: Results, target: str) -> list[Place]:
    return [place for place in results.found if place.target == target]


def _p(p: float | None) -> str:
    return "missing" if p is None else f"{p:.3f}"


def _mean(found: Cell, missing: float = float("-inf")) -> float:
    return missing if found.value is None else fmean(found.values)
