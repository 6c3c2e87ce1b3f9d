"""Speed, side by side: what `make bench` measured in interleaved pairs against other libraries."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from clinlib.errors import BadInput
from clinlib.experiments.config import Config
from clinlib.experiments.store import root

NAME = "90_speed"
FIELDS = ("name", "unit", "baseline", "pairs", "median_ratio", "ours_median", "theirs_median")


@dataclass(frozen=True)
class Bench:
    """One comparison: interleaved `pairs` (ours, theirs) in `unit`, against `baseline`.

    `ratio` is the median over pairs of how many times faster ours is; `target` the least ratio
    wanted, None where none is set.
    """

    name: str
    unit: str
    baseline: str
    pairs: tuple[tuple[float, float], ...]
    ratio: float
    ours: float
    theirs: float
    target: float | None
    hardware: str


def plan(parameters: Mapping[str, object]) -> list[Config]:
    """No runs: the page shows what the benches have written."""
    return []


def reads(parameters: Mapping[str, object]) -> str:
    """What the page depends on besides records: the content of the bench files."""
    return "\n".join(path.read_text(encoding="utf-8") for path in _files(None))


def read(folder: Path | None = None) -> list[Bench]:
    """The benches under results/bench, by name; raises BadInput for a malformed file."""
    return [_bench(path) for path in _files(folder)]


def table(benches: list[Bench], expected: list[str]) -> pd.DataFrame:
    """One row per bench: medians, ratio with its range, target; a row that is not there says so.

    `expected` names the benches that the page lists even where no file of theirs is found.
    """
    there = {bench.name: bench for bench in benches}
    names = list(dict.fromkeys([*expected, *there]))
    columns = ["against", "unit", "ours", "theirs", "ratio", "pairs", "target", "met", "hardware"]
    rows = [_row(there[name]) if name in there else _absent(columns) for name in names]
    index = pd.Index(names, name="bench", dtype=object)
    return pd.DataFrame(rows, columns=columns, index=index, dtype=object)


def pairs(benches: list[Bench]) -> pd.DataFrame:
    """Every measured pair: bench, pair, ours, theirs, ratio (how many times faster ours is)."""
    columns = ["bench", "pair", "ours", "theirs", "ratio"]
    rows = [
        (bench.name, n, ours, theirs, ratio)
        for bench in benches
        for n, ((ours, theirs), ratio) in enumerate(
            zip(bench.pairs, ratios(bench), strict=True), start=1
        )
    ]
    return pd.DataFrame(rows, columns=columns)


def ratios(bench: Bench) -> list[float]:
    """How many times faster ours is, pair by pair: rates divide, times divide the other way."""
    if bench.unit.endswith("/s") or "per second" in bench.unit:
        return [ours / theirs for ours, theirs in bench.pairs]
    return [theirs / ours for ours, theirs in bench.pairs]


def sentences(benches: list[Bench]) -> list[str]:
    """What was measured, in words; says so where nothing was."""
    if not benches:
        return ["Not measured here: `make bench` writes what this page shows."]
    return [
        f"{bench.name}: {bench.ours:.4g} against {bench.theirs:.4g} {bench.unit} "
        f"({bench.baseline}); pair by pair {bench.ratio:.2f} times as fast, the median of "
        f"{len(bench.pairs)} ({min(ratios(bench)):.2f} to {max(ratios(bench)):.2f})"
        + (f"; the target of {bench.target:g} is {_met(bench)}." if bench.target else ".")
        for bench in benches
    ]


def by_bench(benches: list[Bench]) -> dict[str, list[float]]:
    """The ratios of every bench, pair by pair."""
    return {bench.name: ratios(bench) for bench in benches}


def in_words(benches: list[Bench]) -> str:
    """The figure in a sentence, for those who do not see it."""
    if not benches:
        return "An empty figure: no bench was measured here."
    listed = (f"{bench.name} {bench.ratio:.2f} against {bench.baseline}" for bench in benches)
    return f"How many times faster ours is: {'; '.join(listed)}."


def _files(folder: Path | None) -> list[Path]:
    return sorted((folder or root() / "results" / "bench").glob("*.json"))


def _bench(path: Path) -> Bench:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BadInput(f"{path}: not JSON: {error}") from None
    lacking = [name for name in FIELDS if not isinstance(data, dict) or name not in data]
    if lacking:
        raise BadInput(f"{path}: no field {lacking[0]!r}; a bench has {', '.join(FIELDS)}")
    measured = tuple((float(ours), float(theirs)) for ours, theirs in data["pairs"])
    numbers = [value for pair in measured for value in pair]
    if not numbers or not all(math.isfinite(value) and value > 0 for value in numbers):
        raise BadInput(f"{path}: every pair holds two positive numbers, and there is one at least")
    return Bench(
        name=data["name"],
        unit=data["unit"],
        baseline=data["baseline"],
        pairs=measured,
        ratio=float(data["median_ratio"]),
        ours=float(data["ours_median"]),
        theirs=float(data["theirs_median"]),
        target=None if data.get("target") is None else float(data["target"]),
        hardware=_hardware(data.get("hardware")),
    )


def _hardware(given: object) -> str:
    if isinstance(given, Mapping):
        return ", ".join(f"{name} {value}" for name, value in given.items() if value)
    return str(given) if given else "not recorded"


def _row(bench: Bench) -> dict[str, object]:
    found = ratios(bench)
    return {
        "against": bench.baseline,
        "unit": bench.unit,
        "ours": f"{bench.ours:.4g}",
        "theirs": f"{bench.theirs:.4g}",
        "ratio": f"{bench.ratio:.2f} ({min(found):.2f} to {max(found):.2f})",
        "pairs": len(bench.pairs),
        "target": "none" if bench.target is None else f"{bench.target:g}",
        "met": _met(bench),
        "hardware": bench.hardware,
    }


def _met(bench: Bench) -> str:
    if bench.target is None:
        return "no target"
    return "met" if bench.ratio >= bench.target else "missed"


def _absent(columns: list[str]) -> dict[str, object]:
    return dict.fromkeys(columns, "–") | {"ratio": "not measured here"}
