"""Pairs: two ways of doing the same work, timed in turn, and the file that the page reads."""

import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from clinlib.experiments import provenance
from clinlib.experiments.store import root


def interleaved(ours: Callable[[], None], theirs: Callable[[], None], pairs: int) -> list[list]:
    """[[seconds of ours, seconds of theirs], ...]: in turn, so that drift of the machine hits both.

    One round of each goes before, uncounted.
    """
    ours(), theirs()
    return [[_seconds(ours), _seconds(theirs)] for _ in range(pairs)]


def save(
    name: str, pairs: list[list[float]], *, unit: str, baseline: str, target: float | None, **more
) -> Path:
    """Writes results/bench/NAME.json. `pairs` hold ours and theirs in `unit`; a unit that ends
    in "/s" is a rate (more is better), any other a time. `more` are further facts to keep.
    """
    rate = unit.endswith("/s")
    ratios = [ours / theirs if rate else theirs / ours for ours, theirs in pairs]
    data: dict[str, Any] = {
        "name": name,
        "unit": unit,
        "baseline": baseline,
        "target": target,
        "pairs": [[float(f"{value:.5g}") for value in pair] for pair in pairs],
        "median_ratio": round(statistics.median(ratios), 3),
        "ours_median": float(f"{statistics.median(pair[0] for pair in pairs):.5g}"),
        "theirs_median": float(f"{statistics.median(pair[1] for pair in pairs):.5g}"),
        "hardware": provenance.hardware(),
        **provenance.commit(),
        **more,
    }
    path = root() / "results" / "bench" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    print(f"{name}: {data['median_ratio']} times as fast as {baseline} ({path})")
    return path


def _seconds(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
