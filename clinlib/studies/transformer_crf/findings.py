"""What the runs say, in sentences built from their records; no number here is typed."""

from collections import Counter

from clinlib.studies.comparisons import ENOUGH
from clinlib.studies.transformer_crf import effects, labels, tuning
from clinlib.studies.transformer_crf.results import Arm, Results, flagged
from clinlib.studies.wording import banner, is_synthetic, plural

STRICT = "scores.test.strict.f1"
MACRO_F1 = labels.value("BIO", "macro", "f1")
ACCURACY = labels.value("BIO", "accuracy")


def sentences(results: Results) -> list[str]:
    """All findings, most important first; never empty."""
    return [
        *(_best(results, corpus) for corpus in results.corpora),
        *map(effects.reading, effects.of_crf(results, STRICT)),
        *map(effects.reading, effects.of_pretraining(results, STRICT)),
        *(text for corpus in results.corpora if (text := _averages(results, corpus))),
        *_tuning(results),
        *_flags(results),
        *_synthetic(results),
    ]


def introduction(results: Results) -> str:
    """The paragraph above the tables: what was run, what is synthetic, what is not there yet."""
    found = Counter(what.split(":")[0] for _, _, what in flagged(results))
    runs = sum(len(runs) for runs in results.final.values())
    parts = [banner(results.corpora)]
    text = f"{plural(len(results.arms), 'row')} and {plural(runs, 'final run')}"
    trouble = [
        f"{found[word]} {word}" for word in ("missing", "failed", "collapsed") if found[word]
    ]
    parts.append(f"{text}, of which {', '.join(trouble)}." if trouble else f"{text}, all complete.")
    if max(len(runs) for runs in results.final.values()) < ENOUGH:
        parts.append("With so few seeds the differences below carry no conclusion.")
    return "\n\n".join(part for part in parts if part)


def not_comparable(results: Results) -> str:
    """What stands between a published table and ours."""
    ours = ", ".join(
        f"{name}{' (synthetic)' if is_synthetic(name) else ''}" for name in results.corpora
    )
    return f"On other data than ours ({ours}): to be read for its pattern, not its level."


def best(results: Results, corpus: str) -> Arm | None:
    """The arm of a corpus with the highest mean strict F1 on development data, None without runs.

    Development data choose, so that the test score shown for it is not a maximum over arms.
    """
    scored = {
        arm: value
        for arm in results.on(corpus)
        if (value := results.cell(arm, "scores.dev.strict.f1").value) is not None
    }
    return max(scored, key=scored.get) if scored else None


def _best(results: Results, corpus: str) -> str:
    arm = best(results, corpus)
    if arm is None:
        return f"{corpus}: no run has finished."
    return (
        f"{corpus}: by development score the best row is {arm.label}; its strict F1 on test is "
        f"{results.cell(arm, STRICT)}."
    )


def _averages(results: Results, corpus: str) -> str:
    """How far apart the rows are by accuracy and by macro F1 over BIO labels, O included."""
    spans = {}
    for name, value in (("accuracy", ACCURACY), ("macro F1", MACRO_F1)):
        cells = results.by_label(corpus, value).values()
        spans[name] = [cell.value for cell in cells if cell.value is not None]
    if len(spans["accuracy"]) < 2:
        return ""
    shown = {name: f"{min(found):.3f} to {max(found):.3f}" for name, found in spans.items()}
    return (
        f"{corpus}: from row to row, over BIO labels with O, accuracy goes from "
        f"{shown['accuracy']} and macro F1 from {shown['macro F1']}: the many words without "
        f"entity set the first, every label counts the same in the second."
    )


def _tuning(results: Results) -> list[str]:
    at_edge = [
        f"{arm.label} on {arm.corpus} ({where}, {tuning.shown(tuning.chosen(results, arm))})"
        for arm in results.arms
        if (where := tuning.edge(results, arm))
    ]
    if not at_edge:
        return []
    return [
        f"The chosen learning rate is an end of its grid for {', '.join(at_edge)}: "
        f"a wider grid might serve {'it' if len(at_edge) == 1 else 'them'} better."
    ]


def _flags(results: Results) -> list[str]:
    found = flagged(results)
    texts = []
    for word, meaning in (
        ("collapsed", "predicts next to nothing but O; it stands in no mean"),
        ("failed", "ended with an error"),
        ("missing", "has no record yet"),
    ):
        runs = [
            f"{arm.label} on {arm.corpus}, {run}"
            for arm, run, what in found
            if what.split(":")[0] == word
        ]
        if runs:
            texts.append(f"{plural(len(runs), 'run')} {word} ({meaning}): {'; '.join(runs)}.")
    late = Counter(arm for arm, _, what in found if what == "best is last")
    if late:
        rows = ", ".join(f"{arm.label} on {arm.corpus} ({n})" for arm, n in late.items())
        texts.append(
            f"Of {rows}, the best development score was the last: these runs may not have been "
            f"trained long enough."
        )
    return texts


def _synthetic(results: Results) -> list[str]:
    names = [corpus for corpus in results.corpora if is_synthetic(corpus)]
    if not names:
        return []
    return [
        f"The text of {', '.join(names)} is synthetic: a difference there shows that a mechanism "
        f"acts, and says nothing of clinical text."
    ]
