"""What the claims of CLIN-X compare of transfer, read from pages 22 to 25."""

from collections.abc import Callable, Mapping

from clinlib.studies.cells import cell, number
from clinlib.studies.claims.claim import Claim
from clinlib.studies.claims.comparison import Comparison, between
from clinlib.studies.claims.roles import playing
from clinlib.studies.clinx import all_tasks, prediction, transfer
from clinlib.studies.clinx.all_tasks import FULL, PLAIN, TRANSFER
from clinlib.studies.clinx.transfer import NONE, Place

STRICT = "scores.test.strict.f1"
DEV = "scores.dev.strict.f1"


def best_of_few(claim: Claim, found: transfer.Results, parameters: Mapping) -> list[Comparison]:
    """With the fewest sentences, each target's best source by dev score, and none."""
    return [
        _best(found, target, found.sizes(target)[0])
        for target in found.tasks
        if found.sizes(target)[0]
    ]


def best_of_all(claim: Claim, found: transfer.Results, parameters: Mapping) -> list[Comparison]:
    """With all sentences, each target's best source by dev score, and none."""
    return [_best(found, target, 0) for target in found.tasks if 0 in found.sizes(target)]


def harm(claim: Claim, found: transfer.Results, parameters: Mapping) -> list[Comparison]:
    """No transfer and every source, for every target and number of sentences."""
    return [
        between(
            f"{place.target} from {place.source}, {transfer.shown(place.size)}",
            place.target,
            found.final[Place(place.target, NONE, place.size)],
            found.final[place],
            STRICT,
        )
        for place in found.transfers
    ]


def predicted(claim: Claim, found: prediction.Results, parameters: Mapping) -> list[Comparison]:
    """The source whose model is nearest, and none, for every target and number of sentences."""
    result = []
    for language, moved in found.transfer.items():
        for target in moved.tasks:
            near = {
                source: number(record, f"distances.{prediction.MEASURES[0]}")
                for (here, source), record in found.distance[language].items()
                if here == target
            }
            source = None if None in near.values() else min(near, key=near.__getitem__)
            result += [_from(moved, target, source, size) for size in moved.sizes(target)]
    return result


def full_or_plain(claim: Claim, found: all_tasks.Results, parameters: Mapping) -> list[Comparison]:
    """The full architecture and a plain softmax, by task."""
    return [
        between(
            f"{task}, {found.size}",
            task,
            found.final[task, own, FULL],
            found.final[task, own, PLAIN],
            STRICT,
        )
        for task, own in _own(parameters).items()
    ]


def significant(claim: Claim, found: all_tasks.Results, parameters: Mapping) -> list[Comparison]:
    """The predicted source and none at full data, by task, with p corrected for all tests."""
    if parameters["sentences"]:
        return []
    table = all_tasks.gains(found)
    result = []
    for task, own in _own(parameters).items():
        p = table.loc[(own, f"{TRANSFER} − {FULL}", task), "p, corrected"]
        pair = found.final[task, own, TRANSFER], found.final[task, own, FULL]
        known = float(p) if not isinstance(p, str) else None
        made = between(task, task, *pair, STRICT)
        result.append(Comparison(**{**vars(made), "p": known}))
    return result


def before(claim: Claim, found: all_tasks.Results, parameters: Mapping) -> list[Comparison]:
    """The adapted encoder and every other one, both with a plain softmax, by task."""
    return [
        between(
            f"{task}, {found.size}, {other}",
            task,
            found.final[task, own, PLAIN],
            runs,
            STRICT,
        )
        for task, own in _own(parameters).items()
        for (name, other, way), runs in found.final.items()
        if (name, way) == (task, PLAIN) and other != own
    ]


def best_of_tasks(claim: Claim, found: all_tasks.Results, parameters: Mapping) -> list[Comparison]:
    """The adapted encoder with the full architecture and every other row, by task."""
    return [
        between(
            f"{task}, {found.size}, {other}, {way}",
            task,
            found.final[task, own, FULL],
            runs,
            STRICT,
        )
        for task, own in _own(parameters).items()
        for (name, other, way), runs in found.final.items()
        if name == task and way in (PLAIN, FULL) and (other, way) != (own, FULL)
    ]


def adapted_to_english(
    claim: Claim, found: all_tasks.Results, parameters: Mapping
) -> list[Comparison]:
    """The encoder adapted to Spanish with transfer and the one adapted to English without."""
    on_page = {encoder for _, encoder, _ in found.final}
    spanish, english = (playing(role, on_page) for role in ("adapted es", "adapted en"))
    return [
        between(
            f"{task}, {found.size}",
            task,
            found.final[task, spanish, TRANSFER],
            found.final[task, english, FULL],
            STRICT,
        )
        for task in parameters["tasks_en"]
        if {(task, spanish, TRANSFER), (task, english, FULL)} <= set(found.final)
    ]


READERS: dict[str, Callable] = {
    "clinx-08": best_of_few,
    "clinx-09": best_of_all,
    "clinx-10": harm,
    "clinx-11": predicted,
    "clinx-12": full_or_plain,
    "clinx-13": significant,
    "clinx-16": before,
    "clinx-17": best_of_tasks,
    "clinx-18": adapted_to_english,
}


def _best(found: transfer.Results, target: str, size: int) -> Comparison:
    """The source with the best mean dev score, where every source has its runs."""
    scores = {}
    for source in found.tasks:
        if source != target:
            made = cell(found.final[Place(target, source, size)].values(), DEV)
            scores[source] = None if made.missing or made.failed else made.value
    source = None if None in scores.values() else max(scores, key=scores.__getitem__)
    return _from(found, target, source, size)


def _from(found: transfer.Results, target: str, source: str | None, size: int) -> Comparison:
    """A source and none; where the source is not known yet, its runs count as missing."""
    plain = found.final[Place(target, NONE, size)]
    runs = dict.fromkeys(plain) if source is None else found.final[Place(target, source, size)]
    label = f"{target} from {source or 'a source not known yet'}, {transfer.shown(size)}"
    return between(label, target, runs, plain, STRICT)


def _own(parameters: Mapping) -> dict[str, str]:
    """Task -> the encoder of the page that it is transferred with."""
    return {
        task: parameters[encoder]
        for tasks, encoder in prediction.GROUPS.values()
        for task in parameters[tasks]
    }
