"""What pretraining text is worth: one architecture on top of several encoders (CLIN-X, Table 3).

Each encoder is tuned on development data of each corpus with seed 0 and one grid of learning
rates, then trained with seeds 1..n.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import permutations
from math import exp

import pandas as pd

from clinlib.corpora.registry import card
from clinlib.errors import BadInput
from clinlib.experiments.config import Config
from clinlib.experiments.names import RECURRENT
from clinlib.experiments.spec import Choose, FineTune, Pretrain, Vectors
from clinlib.studies import recipes
from clinlib.studies.cells import Cell, Record, cell, number, state
from clinlib.studies.clinx.training import base
from clinlib.studies.clinx.transfer import result
from clinlib.studies.comparisons import UNCORRECTED, collapses, mean_over, paired, reading_of
from clinlib.studies.frames import by_row
from clinlib.studies.plans import Find, PlanRecords, pretraining, seeds

NAME = "20_encoders"
STRICT = "scores.test.strict.f1"
TUNING_SEED = 0

Pair = tuple[str, str]  # (encoder, corpus)


def plan(parameters: Mapping[str, object]) -> list[Config]:
    """The configurations that the notebook's parameters ask for: encoders, tuning, final runs.

    Raises BadInput for parameters that contradict each other or name what does not exist.
    """
    chain = [each for name in parameters["encoders"] for each in _made(name, parameters)]
    tuning = [run for pair in pairs(parameters) for run in candidates(pair, parameters)]
    final = [run for pair in pairs(parameters) for run in runs(pair, parameters).values()]
    # seeds outermost: a sweep that is interrupted leaves rows of about the same length
    return [*dict.fromkeys(chain), *tuning, *sorted(final, key=lambda run: run.seed)]


def pairs(parameters: Mapping[str, object]) -> list[Pair]:
    """Every encoder with every corpus, in the notebook's order."""
    for name in ("encoders", "corpora", "learning_rates"):
        values = list(parameters[name])
        if not values or len(set(values)) < len(values):
            raise BadInput(f"{name}: {values} must name at least one, each once")
    return [(e, corpus) for e in parameters["encoders"] for corpus in parameters["corpora"]]


def candidates(pair: Pair, parameters: Mapping[str, object]) -> list[FineTune]:
    """The tuning runs, one per learning rate; none for a grid of one."""
    rates = parameters["learning_rates"]
    if len(rates) == 1:
        return []
    plain = _base(pair, parameters).replaced(
        epochs=parameters["tuning_epochs"],
        sentences=parameters["tuning_sentences"] or None,
        seed=TUNING_SEED,
    )
    return [plain.replaced(learning_rate=rate) for rate in rates]


def runs(pair: Pair, parameters: Mapping[str, object]) -> dict[int, FineTune]:
    """The final runs by seed."""
    tried = tuple(candidates(pair, parameters))
    rate = Choose(of=tried, take="learning_rate") if tried else parameters["learning_rates"][0]
    sentences = parameters["sentences"] or None
    plain = _base(pair, parameters).replaced(learning_rate=rate, sentences=sentences)
    return {seed: plain.replaced(seed=seed) for seed in seeds(parameters)}


class Results(PlanRecords):
    """The records by encoder and corpus, and those of the pretrainings; None is missing."""

    def sort(self, find: Find, parameters: Mapping[str, object]) -> None:
        self.encoders, self.corpora = list(parameters["encoders"]), list(parameters["corpora"])
        self.final: dict[Pair, dict[int, Record | None]] = {
            pair: {seed: result(find, run) for seed, run in runs(pair, parameters).items()}
            for pair in pairs(parameters)
        }
        self.made: dict[str, list[tuple[Pretrain | Vectors, Record | None]]] = {
            name: [(each, find(each)) for each in _made(name, parameters)] for name in self.encoders
        }

    def score(self, encoder: str, corpus: str) -> Cell:
        """Strict F1 on test of one encoder on one corpus."""
        return cell(self.final[encoder, corpus].values(), STRICT)


def texts(results: Results) -> pd.DataFrame:
    """What each pretrained encoder has read and how well it predicts text that it has not."""
    rows = {}
    for name, stages in results.made.items():
        for stage, (config, record) in enumerate(stages, 1):
            rows[name, stage] = {
                "text": _texts(config),
                "texts kept out": _kept_out(record, config),
                "subwords read": _read(record, config),
                "perplexity before": _perplexity(record, config, "before"),
                "perplexity after": _perplexity(record, config, "loss"),
                "parameters": _whole(record, "model.parameters"),
                "vocabulary": _whole(record, "model.vocabulary"),
            }
    return by_row(rows, ["encoder", "stage"])


def curves(results: Results) -> pd.DataFrame:
    """Perplexity of held-out text by epoch of every pretraining that ended, for `plots.curves`.

    Epoch 0 is before the first update. A stage that is not an encoder's last is named by its
    number, unless it is the last of another. Columns: line, text, seed, state, epoch, perplexity.
    """
    lines: dict[Pretrain, tuple[str, Record]] = {}
    for name, stages in results.made.items():
        for stage, (config, record) in enumerate(stages, 1):
            last = stage == len(stages)
            drawn = isinstance(config, Pretrain) and state(record) == "complete"
            if drawn and (last or config not in lines):
                lines[config] = (name if last else f"{name}, stage {stage}"), record
    rows = [
        {
            "line": line,
            "text": _texts(config),
            "seed": config.seed,
            "state": state(record),
            "epoch": epoch,
            "perplexity": exp(loss),
        }
        for config, (line, record) in lines.items()
        for epoch, loss in enumerate(
            [record["held_out"]["before"], *(row["held_out_loss"] for row in record["curve"])]
        )
    ]
    return pd.DataFrame(rows, columns=["line", "text", "seed", "state", "epoch", "perplexity"])


def scores(results: Results) -> pd.DataFrame:
    """Strict F1 on test: encoders as rows; corpora, and their mean by language, as columns."""
    rows = {}
    for encoder in results.encoders:
        row: dict[str, Cell] = {name: results.score(encoder, name) for name in results.corpora}
        for language, names in _languages(results.corpora).items():
            if len(names) > 1:
                here = [results.final[encoder, name] for name in names]
                row[f"mean, {language}"] = mean_over(here, STRICT)
        rows[encoder] = row
    index = pd.Index(list(rows), name="encoder", dtype=object)
    return pd.DataFrame(list(rows.values()), index=index, dtype=object)


def unknown(results: Results) -> pd.DataFrame:
    """Subwords a word and share of unknown ones in the training text, per encoder and corpus."""
    rows = {}
    for encoder, corpus in results.final:
        records = results.final[encoder, corpus].values()
        rows[encoder, corpus] = {
            "subwords a word": cell(records, _subwords_a_word, digits=2),
            "unknown subwords, %": cell(records, "data.unknown_share", scale=100, digits=2),
        }
    return by_row(rows, ["encoder", "corpus"])


def differences(results: Results, corpus: str) -> dict[str, Cell]:
    """Every encoder less the one that it was continued from, or less one that was continued on
    general text instead, and pretrained less from scratch."""
    return {
        f"{name} − {other}": paired(
            results.final[name, corpus], results.final[other, corpus], STRICT
        )
        for name, other in permutations(results.encoders, 2)
        if _continues(results, name, other) or _beside(results, name, other)
    }


def sentences(results: Results) -> list[str]:
    """What the runs say, in words."""
    found = []
    for corpus in results.corpora:
        scored = {
            name: value
            for name in results.encoders
            if (value := cell(results.final[name, corpus].values(), "scores.dev.strict.f1").value)
            is not None
        }
        if scored:
            best = max(scored, key=scored.get)
            found.append(
                f"{corpus}: by development score the best encoder is {best}; its strict F1 on "
                f"test is {results.score(best, corpus)}."
            )
        else:
            found.append(f"{corpus}: no run has finished.")
        found += [
            reading_of(f"{corpus}, {name}", each, "F1")
            for name, each in differences(results, corpus).items()
        ]
        here = {name: results.final[name, corpus] for name in results.encoders}
        found += (f"{corpus}: {said}" for said in collapses(here))
    for name, stages in results.made.items():
        _, record = stages[-1] if stages else (None, None)
        before, after = (number(record, f"held_out.{at}") for at in ("before", "loss"))
        if after is not None and len(stages) > 1 and not _reads_again(stages):
            change = "lowers" if after < before else "does not lower"
            found.append(
                f"{name}: continuing {change} the loss on held-out text of its last stage, from "
                f"{before:.2f} to {after:.2f} nats per masked subword."
            )
    return [*found, UNCORRECTED]


def _base(pair: Pair, parameters: Mapping[str, object]) -> FineTune:
    encoder, corpus = pair
    return base(corpus, {**parameters, "learning_rate": parameters["learning_rates"][0]}, encoder)


def _made(name: str, parameters: Mapping[str, object]) -> list[Pretrain | Vectors]:
    """The runs that make an encoder, the first stage first."""
    found = []
    config = recipes.encoder(name, pretraining(parameters))
    while isinstance(config, Pretrain | Vectors):
        found.append(config)
        config = getattr(config, "start", None)
    return found[::-1]


def _continues(results: Results, name: str, other: str) -> bool:
    mine, theirs = (tuple(c for c, _ in results.made[each]) for each in (name, other))
    if not mine:
        return False
    if theirs:
        return mine[:-1] == theirs
    if isinstance(mine[0], Vectors):
        return other == RECURRENT
    if other.startswith("scratch-"):
        return mine[0].start is None and mine[0].architecture == other
    return mine[0].start == other


def _beside(results: Results, name: str, other: str) -> bool:
    """Whether two differ in their text alone: both continue one encoder, the other as the control,
    or both are vectors of a language, the other's of general text."""
    mine, theirs = (tuple(c for c, _ in results.made[each]) for each in (name, other))
    if mine and isinstance(mine[0], Vectors):
        return name.startswith(f"{other}-")
    return other == recipes.CONTROL and len(mine) > 1 and mine[:-1] == theirs[:-1]


def _reads_again(stages: Sequence[tuple[Pretrain | Vectors, Record | None]]) -> bool:
    """Whether the last stage reads what an earlier one has read: what is held out of it was not
    held out of that."""
    *earlier, last = (set(config.texts) for config, _ in stages)
    return any(last <= texts for texts in earlier)


def _languages(corpora: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in corpora:
        found.setdefault(card(name).languages[0], []).append(name)
    return found


def _texts(config: Pretrain | Vectors) -> str:
    return ", ".join(text.partition(":")[2] for text in config.texts)


def _subwords_a_word(record: Record) -> float | None:
    subwords, words = (number(record, f"data.train_{unit}") for unit in ("subwords", "words"))
    return subwords / words if subwords and words else None


def _kept_out(record: Record | None, config: Pretrain | Vectors) -> int | str:
    if not config.keep_out:
        return "not searched"
    if record is None or record["status"] != "complete":
        return "missing"
    return sum(record["data"]["kept_out"].values())


def _read(record: Record | None, config: Pretrain | Vectors) -> int | str:
    if isinstance(config, Vectors):
        return "–"
    subwords = number(record, "data.train_subwords")
    return "missing" if subwords is None else int(subwords) * config.epochs


def _perplexity(record: Record | None, config: Pretrain | Vectors, which: str) -> Cell | str:
    if isinstance(config, Vectors):
        return "–"
    loss = number(record, f"held_out.{which}")
    return Cell(missing=1) if loss is None else Cell.of([exp(loss)])


def _whole(record: Record | None, path: str) -> int | str:
    found = number(record, path)
    return "missing" if found is None else int(found)
