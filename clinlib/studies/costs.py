"""Costs: what the runs of all studies took, by study, by method and by page, from their records.

Nothing is estimated: what a record does not say, or what has not been run, is missing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

import pandas as pd

from clinlib.experiments.config import Config
from clinlib.experiments.inventory import drifted
from clinlib.studies.cells import Record, number
from clinlib.studies.frames import by_row
from clinlib.studies.run_kinds import REST, STAGES, encoder, method, stage, synthetic, trains
from clinlib.studies.wording import plural

SECONDS = "provenance.seconds"
PROCESSOR = "provenance.cpu_seconds"
MEMORY = "provenance.peak_memory_mb"
SPEED = "provenance.subwords_per_second"
QUANTITIES = ("hardware", "time", "memory", "parameters")
NOT_GIVEN = "not given"  # what a paper does not say
NONE = "–"  # of a quantity that such runs do not have
ALL = "all, each run once"
HERE = "here, all models of the stage"


@dataclass(frozen=True)
class Run:
    """A run that a page needs, for itself or to start another from; None where it is missing.

    `asked`: whether the page asks for it by itself, and not only for what starts from it.
    """

    page: str
    study: str
    key: str
    config: Config
    record: Record | None
    asked: bool = True


def once(runs: Iterable[Run]) -> list[Run]:
    """Each run once, however many pages need it: under the first of them."""
    return list({run.key: run for run in reversed(list(runs))}.values())[::-1]


def studies(runs: Sequence[Run]) -> pd.DataFrame:
    """A row per study, with every run that it needs, and one of all studies together."""
    rows = {name: _study([r for r in runs if r.study == name]) for name in _names(runs)}
    rows[ALL] = _study(runs)
    return _frame(rows, "study")


def methods(runs: Sequence[Run]) -> pd.DataFrame:
    """A row per study, kind of run and encoder: size, training, time, speed and memory."""
    groups: dict[tuple, list[Run]] = {}
    for name in _names(runs):
        for run in once(r for r in runs if r.study == name):
            groups.setdefault((name, method(run.config), encoder(run.config)), []).append(run)
    return by_row(
        {place: _method(found) for place, found in groups.items()}, ["study", "method", "encoder"]
    )


def pages(runs: Sequence[Run]) -> pd.DataFrame:
    """A row per page: what it needs, and what it adds to the pages before it."""
    added = once(runs)
    rows = {}
    for page in dict.fromkeys(run.page for run in runs):
        needed = once(run for run in runs if run.page == page)
        new = [run for run in added if run.page == page]
        rows[page] = {
            "runs": len(needed),
            "made": len(_records(needed)),
            "shared with an earlier page": len(needed) - len(new),
            "wall, min": _minutes(needed, SECONDS),
            "its own, min": _minutes(new, SECONDS) if new else 0.0,
        }
    return _frame(rows, "page")


def stages(runs: Sequence[Run]) -> pd.DataFrame:
    """Wall time in minutes of the runs that are made, a row per study, a column per stage."""
    names = [*STAGES, REST]
    rows = {
        name: {
            each: sum(
                number(run.record, SECONDS) or 0
                for run in once(r for r in runs if r.study == name)
                if run.record is not None and stage(run.config) == each
            )
            / 60
            for each in names
        }
        for name in _names(runs)
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=names, dtype=float)


def beside(published: pd.DataFrame, runs: Sequence[Run]) -> pd.DataFrame:
    """The published costs, and beside each what runs of that stage on real text took here.

    `published` has the columns study, what, stage, hardware, time, memory, parameters, place.
    """
    rows = {}
    for row in published.itertuples(index=False):
        found = _records(
            run
            for run in once(r for r in runs if r.study == row.study)
            if stage(run.config) == row.stage and not synthetic(run.config)
        )
        given = {each: str(getattr(row, each)) for each in QUANTITIES}
        rows[row.study, row.what] = {
            "published": "; ".join(_grouped(text) for text in given.values() if text != NOT_GIVEN)
            or NOT_GIVEN,
            "not given": ", ".join(each for each, text in given.items() if text == NOT_GIVEN)
            or NONE,
            "place": row.place,
            HERE: _here(row.stage, found),
        }
    return by_row(rows, ["study", "what"])


def sentences(runs: Sequence[Run], published: pd.DataFrame) -> list[str]:
    """What the tables show, in words."""
    each, made = once(runs), _records(once(runs))
    if not made:
        return [f"None of {len(each)} runs is made: there is nothing to count yet."]
    said = [
        f"{len(made)} of {len(each)} runs are made. One after the other they took "
        f"{_duration(_total(made, SECONDS))} of wall time and "
        f"{_duration(_total(made, PROCESSOR))} of processor time; the largest process needed "
        f"{_largest(made, MEMORY):.0f} MiB."
    ]
    table = stages(runs)
    if table.to_numpy().sum():
        study, where = table.stack().idxmax()
        share = table.loc[study, where] / table.to_numpy().sum()
        said.append(
            f"The largest part went into the {where} of {study}: {share:.0%} of the studies' sums, "
            "in each of which a run counts that several share."
        )
    timed = published[published["time"] != NOT_GIVEN]["study"].unique()
    counted = published["study"].unique()
    said.append(f"Of the {len(counted)} papers {len(timed)} give a time: {', '.join(timed)}.")
    return said


def in_words(frame: pd.DataFrame) -> str:
    """The figure of `stages` in one sentence, for those who do not see it."""
    listed = (
        f"{name} " + ", ".join(f"{each} {value:.1f}" for each, value in row.items() if value)
        for name, row in frame.iterrows()
        if row.sum()
    )
    return f"Wall time in minutes: {'; '.join(listed) or 'no run is made yet'}."


def subwords(record: Record) -> float | None:
    """Subwords that were trained on, padding left out, over all epochs; None where not recorded.

    A loop of active learning counts every round.
    """
    curve = record.get("curve") or ()
    speed = number(record, SPEED)
    if speed is not None:
        return speed * sum(row["seconds"] for row in curve)
    if curve and all("subwords_per_second" in row for row in curve):
        return sum(row["subwords_per_second"] * row["seconds"] for row in curve)
    return None


def speed(record: Record) -> float | None:
    """Subwords trained on per second of training, None where not recorded."""
    spent, read = sum(row["seconds"] for row in record.get("curve") or ()), subwords(record)
    return read / spent if read is not None and spent else None


def hardware(record: Record) -> str:
    """What a run was made on: the GPU, or the processor and its threads."""
    made = record["provenance"]
    found = made.get("hardware") or {}
    if made.get("device") == "cuda":
        return found.get("gpu") or "a GPU"
    threads = made.get("threads")
    return (found.get("cpu") or "not recorded") + (f", {threads} thread" if threads else "")


def _study(runs: Sequence[Run]) -> dict[str, object]:
    each = once(runs)
    made = _records(each)
    failed = sum(record["status"] != "complete" for record in made)
    return {
        "runs": len(each),
        "made": len(made),
        "missing": len(each) - len(made),
        "failed": failed,
        "drifted": sum(drifted(record) for record in made if record["status"] == "complete"),
        "subwords, M": _millions(_sum(map(subwords, made))),
        "wall, min": _minutes(each, SECONDS),
        "processor, min": _minutes(each, PROCESSOR),
        "peak, MiB": _largest(made, MEMORY),
        "hardware": _made_on(made),
    }


def _method(runs: Sequence[Run]) -> dict[str, object]:
    made = _records(runs)

    def trained(value: float | str | None) -> float | str | None:
        return value if trains(runs[0].config) or not made else NONE

    return {
        "runs": len(runs),
        "made": len(made),
        "size, M": trained(_range([number(each, "model.parameters") for each in made])),
        "subwords, M": trained(_millions(_sum(map(subwords, made)))),
        "wall, min": _minutes(runs, SECONDS),
        "of a run, s": _median(number(each, SECONDS) for each in made),
        "subwords/s": trained(_whole(_median(map(speed, made)))),
        "peak, MiB": _largest(made, MEMORY),
        "hardware": _made_on(made),
    }


def _here(wanted: str, found: Sequence[Record]) -> str:
    """What the runs of a stage took, in words; says so where there is none to compare with."""
    if wanted not in STAGES:
        return NONE
    if not found:
        return "not run on real text"
    spent, memory = _median(number(each, SECONDS) for each in found), _largest(found, MEMORY)
    size = _range([number(each, "model.parameters") for each in found])
    parts = [
        plural(len(found), "run"),
        *dict.fromkeys(map(hardware, found)),
        "time missing"
        if spent is None
        else f"{_duration(spent)}{' each (median)' if len(found) > 1 else ''}",
        "memory missing" if memory is None else f"{memory} MiB at most",
        "parameters missing" if size is None else f"{size} million parameters",
    ]
    return "; ".join(parts)


def _frame(rows: dict[str, dict[str, object]], name: str) -> pd.DataFrame:
    index = pd.Index(list(rows), name=name, dtype=object)
    return pd.DataFrame(list(rows.values()), index=index, dtype=object)


def _made_on(records: Iterable[Record]) -> str | None:
    return "; ".join(dict.fromkeys(map(hardware, records))) or None


def _names(runs: Iterable[Run]) -> list[str]:
    return list(dict.fromkeys(run.study for run in runs))


def _records(runs: Iterable[Run]) -> list[Record]:
    return [run.record for run in runs if run.record is not None]


def _sum(values: Iterable[float | None]) -> float | None:
    """The sum of what is known, None where nothing is."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _total(records: Iterable[Record], path: str) -> float | None:
    return _sum(number(each, path) for each in records)


def _minutes(runs: Iterable[Run], path: str) -> float | None:
    spent = _total(_records(runs), path)
    return None if spent is None else spent / 60


def _largest(records: Iterable[Record], path: str) -> int | None:
    known = [value for each in records if (value := number(each, path)) is not None]
    return _whole(max(known, default=None))


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)


def _millions(value: float | None) -> float | None:
    return None if value is None else value / 1e6


def _range(values: Sequence[float | None]) -> str | None:
    """Millions as text, from the least to the largest where they differ."""
    known = sorted({f"{value / 1e6:.2f}" for value in values if value is not None}, key=float)
    return " to ".join(dict.fromkeys([known[0], known[-1]])) if known else None


def _grouped(text: str) -> str:
    """A published fact; a plain number is one of parameters."""
    if not text.isdigit():
        return text
    return f"{int(text):,} parameters".replace(",", "\N{NARROW NO-BREAK SPACE}")


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "an unrecorded amount"
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
