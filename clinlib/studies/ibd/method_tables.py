"""Tables of the methods' page: scores, what each step adds, types, mechanisms, adaptation."""

from collections.abc import Mapping

import pandas as pd

from clinlib.studies.cells import Cell, Record, cell, number, state
from clinlib.studies.comparisons import UNCORRECTED, paired, reading_of
from clinlib.studies.frames import by_row
from clinlib.studies.ibd.methods import (
    CONTRAST,
    EMLM,
    FUSED,
    METHODS,
    MLM,
    PLAIN,
    PSEUDO,
    STRICT,
    TYPE,
    Results,
)
from clinlib.studies.ibd.observations import type_scores
from clinlib.studies.updates import updates

ENTITIES = "data.entity_subwords"
STEPS = {
    f"section fusion ({FUSED} − {PLAIN})": (FUSED, PLAIN),
    f"pseudo labels and R-Drop ({PSEUDO} − {FUSED})": (PSEUDO, FUSED),
    f"any token masked ({MLM}-{PSEUDO} − {PSEUDO})": (f"{MLM}-{PSEUDO}", PSEUDO),
    f"entities masked, alone ({EMLM}-{PLAIN} − {PLAIN})": (f"{EMLM}-{PLAIN}", PLAIN),
    f"entities masked ({EMLM}-{PSEUDO} − {PSEUDO})": (f"{EMLM}-{PSEUDO}", PSEUDO),
    f"entities instead of any token ({EMLM} − {MLM}, both -{PSEUDO})": (
        f"{EMLM}-{PSEUDO}",
        f"{MLM}-{PSEUDO}",
    ),
    f"contrast besides ({CONTRAST} − {EMLM}, both -{PSEUDO})": (
        f"{CONTRAST}-{PSEUDO}",
        f"{EMLM}-{PSEUDO}",
    ),
}
"""What each step adds: the two methods that differ by it."""


def scores(found: Results) -> pd.DataFrame:
    """Table 2: strict and ent_type scores on test, the difference to FT, seed by seed, and the
    lowest run, since an interval of few runs does not tell one that failed from all that vary."""
    rows = {}
    for corpus in found.corpora:
        plain = found.by_seed(corpus, PLAIN)
        for name in METHODS:
            runs = found.by_seed(corpus, name)
            f1 = cell(runs.values(), STRICT)
            rows[corpus, name] = {
                "strict P": cell(runs.values(), "scores.test.strict.precision"),
                "strict R": cell(runs.values(), "scores.test.strict.recall"),
                "strict F1": f1,
                "lowest run": min(f1.values, default="–"),
                f"less {PLAIN}": "–" if name == PLAIN else paired(runs, plain, STRICT),
                "ent_type F1": cell(runs.values(), TYPE),
                "ent_type less strict": cell(runs.values(), _gap),
            }
    return by_row(rows, ["corpus", "method"])


def steps(found: Results, corpus: str) -> dict[str, Cell]:
    """What each step adds to strict F1 on one corpus, seed by seed."""
    return {
        name: paired(found.by_seed(corpus, more), found.by_seed(corpus, less), STRICT)
        for name, (more, less) in STEPS.items()
    }


def types(found: Results, corpus: str) -> pd.DataFrame:
    """Figure 9 in numbers: strict F1 of every type under every method."""
    return _by_method(found, corpus, _types_of(found, corpus), "type", _of_type)


def type_means(found: Results, corpus: str) -> pd.DataFrame:
    """Mean strict F1 of types (rows) by method (columns), of the methods that have runs."""
    frame = types(found, corpus)
    means = frame.map(lambda each: each.value).droplevel(0) if len(frame) else frame
    return means.dropna(axis=1, how="all").dropna(axis=0, how="any").astype(float)


def mechanisms(found: Results) -> pd.DataFrame:
    """Strict recall of the spans that each mechanism of a synthetic corpus made, in percent."""
    frames = []
    for corpus in found.corpora:
        named: dict[str, None] = {}
        for record in _runs(found, corpus):
            named |= dict.fromkeys(record.get("slices", {}).get("test", {}))
        frames.append(_by_method(found, corpus, list(named), "mechanism", _of_mechanism))
    return pd.concat(frames)


def silver(found: Results) -> pd.DataFrame:
    """What the pseudo labels gave: sentences learnt, gold and silver, updates, and seconds."""
    rows = {}
    for corpus in found.corpora:
        for name in METHODS:
            runs = found.by_seed(corpus, name).values()
            rows[corpus, name] = {
                "sentences learnt": cell(runs, "data.train_sentences", digits=0),
                "of these pseudo-labelled": cell(runs, "data.silver_sentences", digits=0),
                "updates": cell(runs, updates, digits=0),
                "processor seconds": cell(runs, "provenance.cpu_seconds", digits=0),
            }
    return by_row(rows, ["corpus", "method"])


def adaptation(found: Results) -> pd.DataFrame:
    """Held-out loss of the adapted encoders before and after, and what they read."""
    rows = {}
    for corpus in found.corpora:
        for kind, by_seed in found.adapted[corpus].items():
            runs = by_seed.values()
            rows[corpus, kind] = {
                "loss before": cell(runs, "held_out.before", digits=2),
                "loss after": cell(runs, "held_out.loss", digits=2),
                "subwords": cell(runs, "data.train_subwords", digits=0),
                "of entities": "–" if kind == MLM else cell(runs, ENTITIES, digits=0),
                "masked in a pass": cell(runs, _masked, digits=0),
                "processor seconds": cell(runs, "provenance.cpu_seconds", digits=0),
            }
    return by_row(rows, ["corpus", "adapted by"])


def _masked(record: Record) -> float | None:
    """Subwords that a pass of an adaptation hides, on average."""
    rate, entities = number(record, "configuration.masking"), number(record, ENTITIES)
    among = number(record, "data.train_subwords") if entities is None else entities
    return rate and among and rate * among


def sentences(found: Results) -> list[str]:
    """What the runs say, in words."""
    said = []
    for corpus in found.corpora:
        said += [
            reading_of(f"{corpus}, {name}", each, "F1")
            for name, each in steps(found, corpus).items()
        ]
        said += [_widest(found, corpus), _hidden(found, corpus)]
    return [each for each in (*said, UNCORRECTED) if each]


def _widest(found: Results, corpus: str) -> str:
    """The type that all steps together move most, and the one they move least, of those that a
    run finds: what none ever finds cannot move."""
    last = METHODS[-1]
    moved = {}
    for kind in _types_of(found, corpus):
        sides = found.by_seed(corpus, last), found.by_seed(corpus, PLAIN)
        each = paired(*sides, _of_type(kind))
        if each.value is not None and any(cell(s.values(), _of_type(kind)).value for s in sides):
            moved[kind] = each.value
    if len(moved) < 2:
        return ""
    least, *_, most = sorted(moved, key=lambda kind: abs(moved[kind]))
    return (
        f"{corpus}: from {PLAIN} to {last}, {most} moves most ({moved[most]:+z.1f} F1) and {least} "
        f"least ({moved[least]:+z.1f})."
    )


def _hidden(found: Results, corpus: str) -> str:
    """How many subwords a pass of random and of entity masking hides: the two do not learn from
    as many."""
    hidden = {
        kind: cell(found.adapted[corpus][kind].values(), _masked).value for kind in (MLM, EMLM)
    }
    if None in hidden.values():
        return ""
    of = " and ".join(f"{value:,.0f} under {kind}" for kind, value in hidden.items())
    return (
        f"{corpus}: a pass of adaptation hides {of} subwords, so that the two learn unequally much."
    )


def _by_method(found: Results, corpus: str, names: list[str], level: str, value) -> pd.DataFrame:
    """A row for each of the names, a column for each method, of what `value(name)` reads."""
    rows = {
        (corpus, each): {
            name: cell(found.by_seed(corpus, name).values(), value(each)) for name in METHODS
        }
        for each in names
    }
    return by_row(rows, ["corpus", level])


def _types_of(found: Results, corpus: str) -> list[str]:
    """The types that have gold spans in the test split, as the first complete run says."""
    return next((list(type_scores(record)) for record in _runs(found, corpus)), [])


def _runs(found: Results, corpus: str) -> list[Record]:
    """The runs of all methods that have scores."""
    runs = (run for name in METHODS for run in found.by_seed(corpus, name).values())
    return [run for run in runs if state(run) in ("complete", "collapsed")]


def _gap(record: Record) -> float | None:
    high, low = number(record, TYPE), number(record, STRICT)
    return None if high is None or low is None else high - low


def _of_type(kind: str):
    return lambda record: type_scores(record).get(kind)


def _of_mechanism(why: str):
    def recall(record: Mapping) -> float | None:
        found, total = record.get("slices", {}).get("test", {}).get(why, (0, 0))
        return 100 * found / total if total else None

    return recall
