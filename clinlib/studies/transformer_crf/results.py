"""Results: the records of a study's runs by arm and seed; what is missing keeps its place."""

from collections.abc import Mapping
from dataclasses import dataclass

from clinlib.studies.cells import Cell, Record, cell, name, state
from clinlib.studies.wording import plural


@dataclass(frozen=True, order=True)
class Arm:
    """One row of the study: a corpus, an encoder by the name that the notebook uses, a head."""

    corpus: str
    encoder: str
    head: str

    @property
    def pretrained(self) -> bool:
        """Whether the encoder starts from pretrained weights."""
        return not self.encoder.startswith("scratch-")

    @property
    def label(self) -> str:
        """Encoder and head, for a heading."""
        return f"{self.encoder} + {self.head}"


@dataclass(frozen=True)
class Results:
    """The records of every arm: `final` by seed, `tuning` by learning rate; None is missing."""

    final: Mapping[Arm, Mapping[int, Record | None]]
    tuning: Mapping[Arm, Mapping[float, Record | None]]

    @property
    def arms(self) -> list[Arm]:
        """The rows, in the notebook's order."""
        return list(self.final)

    @property
    def corpora(self) -> list[str]:
        """The corpora, in the notebook's order."""
        return list(dict.fromkeys(arm.corpus for arm in self.final))

    def of(self, arm: Arm) -> list[Record | None]:
        """The final runs of an arm, one per seed, None where missing."""
        return list(self.final[arm].values())

    def counted(self, arm: Arm) -> list[Record]:
        """The final runs that enter means: complete and not collapsed."""
        return [record for record in self.of(arm) if state(record) == "complete"]

    def counted_in_words(self, arm: Arm) -> str:
        """How many final runs a sum or mean over an arm holds, and which it leaves out."""
        states = self.cell(arm, "scores.test.strict.f1").state
        return plural(len(self.counted(arm)), "run") + (f", {states}" if states else "")

    def cell(self, arm: Arm, value, **options) -> Cell:
        """The cell that an arm's final runs make of one number."""
        return cell(self.of(arm), value, **options)

    def on(self, corpus: str) -> list[Arm]:
        """The rows of one corpus."""
        return [arm for arm in self.final if arm.corpus == corpus]

    def by_label(self, corpus: str, value, **options) -> dict[str, Cell]:
        """The cells of one number on one corpus, by encoder and head."""
        return {arm.label: self.cell(arm, value, **options) for arm in self.on(corpus)}


def flagged(results: Results) -> list[tuple[Arm, str, str]]:
    """(arm, run, what is the matter) for each final run that failed, collapsed or stopped early.

    "best is last" means that the best development score was the last one: more epochs might help.
    """
    rows = []
    for arm in results.arms:
        for seed, record in results.final[arm].items():
            what = state(record)
            if what == "failed":
                error = record.get("error") or {}
                what = f"failed: {error.get('type', 'error')}: {error.get('message', '')}".strip()
            if what != "complete":
                rows.append((arm, f"seed {seed}" if record is None else name(record), what))
            elif "best_is_last" in record.get("flags", ()):
                rows.append((arm, name(record), "best is last"))
    return rows
