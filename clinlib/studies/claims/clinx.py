"""What the claims of CLIN-X compare, read from pages 20 to 25."""

from collections.abc import Callable, Collection, Mapping

from clinlib.corpora.registry import card
from clinlib.studies.cells import cell, number
from clinlib.studies.claims.claim import Claim
from clinlib.studies.claims.comparison import (
    Comparison,
    Runs,
    between,
    combined,
    means,
    names,
)
from clinlib.studies.clinx import all_tasks, architecture, encoders, prediction, transfer
from clinlib.studies.clinx.all_tasks import FULL, PLAIN, TRANSFER
from clinlib.studies.clinx.transfer import NONE, Place
from clinlib.studies.comparisons import difference_over_documents

STRICT = "scores.test.strict.f1"
DEV = "scores.dev.strict.f1"
ROLES: dict[str, tuple[str, ...]] = {
    "general": ("general:multi", "hub:FacebookAI/xlm-roberta-large"),
    "general en": ("general:en", "hub:google-bert/bert-base-cased"),
    "general es": ("general:es", "hub:dccuchile/bert-base-spanish-wwm-cased"),
    "adapted en": ("adapted:multi-en", "hub:llange/xlm-roberta-large-english-clinical"),
    "adapted es": ("adapted:multi-es", "hub:llange/xlm-roberta-large-spanish-clinical"),
}
"""What an encoder is to the paper -> the study's own, and the paper's, which a page may have."""
LANGUAGES = ("en", "es")
BIO, SOFTMAX = "BIO instead of BIOES", "softmax instead of a CRF"


def adapted(claim: Claim, found: encoders.Results, parameters: Mapping) -> list[Comparison]:
    """Each language's adapted encoder and the general one, on that language."""
    return _by_language(found, {name: (f"adapted {name}", "general") for name in LANGUAGES})


def across(claim: Claim, found: encoders.Results, parameters: Mapping) -> list[Comparison]:
    """The encoder adapted to Spanish and the general one, on English."""
    return _by_language(found, {"en": ("adapted es", "general")})


def multilingual(claim: Claim, found: encoders.Results, parameters: Mapping) -> list[Comparison]:
    """The general encoder and the monolingual one of the other language."""
    return _by_language(found, {"es": ("general", "general en"), "en": ("general", "general es")})


def ensembles(claim: Claim, found: architecture.Results, parameters: Mapping) -> list[Comparison]:
    """Ensemble over random parts, ensemble over seeds, median run: neighbours."""
    result = []
    for corpus in found.corpora:
        votes = [_vote(found, corpus, way) for way in (architecture.RANDOM, architecture.STANDARD)]
        median = architecture.picked(found.group(corpus, architecture.STANDARD), "median")
        for label, left, right in (
            ("random parts, standard split", *votes),
            ("standard split, median run", votes[1], median),
        ):
            result.append(_over_documents(f"{corpus}, {label}", corpus, left, right))
    return result


def ensemble_or_all(
    claim: Claim, found: architecture.Results, parameters: Mapping
) -> list[Comparison]:
    """The ensemble over random parts and the first run on everything."""
    return [
        _over_documents(
            corpus,
            corpus,
            _vote(found, corpus, architecture.RANDOM),
            next(iter(found.group(corpus, architecture.ALL)), None),
        )
        for corpus in found.corpora
    ]


def everything(claim: Claim, found: architecture.Results, parameters: Mapping) -> list[Comparison]:
    """Train and dev, and the published split, by seed."""
    return [
        between(
            corpus,
            corpus,
            found.by_seed(corpus, architecture.ALL),
            found.by_seed(corpus, architecture.FULL),
            STRICT,
        )
        for corpus in found.corpora
    ]


def parts(claim: Claim, found: architecture.Results, parameters: Mapping) -> list[Comparison]:
    """The full architecture and each switch."""
    return [
        between(f"{corpus}, {name}", corpus, *_switched(found, corpus, name), STRICT)
        for corpus in found.corpora
        for name in architecture.SWITCHES
    ]


def crf_by_language(
    claim: Claim, found: architecture.Results, parameters: Mapping
) -> list[Comparison]:
    """What the CRF adds on every Spanish corpus, and on every English one."""
    worth = {
        corpus: between(corpus, corpus, *_switched(found, corpus, SOFTMAX), STRICT)
        for corpus in found.corpora
    }
    return [
        combined(f"{spanish}, {english}", [spanish, english], worth[spanish], worth[english])
        for spanish in worth
        for english in worth
        if (_language(spanish), _language(english)) == ("es", "en")
    ]


def least_part(claim: Claim, found: architecture.Results, parameters: Mapping) -> list[Comparison]:
    """Without BIOSE labels and without each other part: what is worth less costs less."""
    return [
        between(
            f"{corpus}, {name}",
            corpus,
            found.by_seed(corpus, BIO),
            found.by_seed(corpus, name),
            STRICT,
        )
        for corpus in found.corpora
        for name in architecture.SWITCHES
        if name != BIO
    ]


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
    spanish, english = (_playing(role, on_page) for role in ("adapted es", "adapted en"))
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
    "clinx-01": adapted,
    "clinx-02": across,
    "clinx-03": multilingual,
    "clinx-04": ensembles,
    "clinx-05": everything,
    "clinx-06": parts,
    "clinx-07": crf_by_language,
    "clinx-08": best_of_few,
    "clinx-09": best_of_all,
    "clinx-10": harm,
    "clinx-11": predicted,
    "clinx-12": full_or_plain,
    "clinx-13": significant,
    "clinx-14": ensemble_or_all,
    "clinx-15": least_part,
    "clinx-16": before,
    "clinx-17": best_of_tasks,
    "clinx-18": adapted_to_english,
}


def _language(corpus: str) -> str:
    return card(corpus).languages[0]


def _playing(role: str, on_page: Collection[str]) -> str | None:
    """The encoder of a page that has a role of the paper's, None where the page has none."""
    return next((name for name in ROLES[role] if name in on_page), None)


def _by_language(found: encoders.Results, sides: Mapping[str, tuple[str, str]]) -> list[Comparison]:
    """A comparison by language of the encoders in two roles, where the page has both."""
    result = []
    for language, roles in sides.items():
        corpora = [name for name in found.corpora if _language(name) == language]
        left, right = (_playing(role, found.encoders) for role in roles)
        if corpora and left and right:
            groups = {c: (found.final[left, c], found.final[right, c]) for c in corpora}
            result.append(means(f"{language}: {left}, {right}", groups, STRICT))
    return result


def _switched(found: architecture.Results, corpus: str, name: str) -> tuple[Runs, Runs]:
    return found.by_seed(corpus, architecture.FULL), found.by_seed(corpus, name)


def _vote(found: architecture.Results, corpus: str, way: str):
    return next(iter(found.group(corpus, f"{way}, vote")), None)


def _over_documents(label: str, corpus: str, left, right) -> Comparison:
    return Comparison(
        label,
        (corpus,),
        difference_over_documents(left, right),
        cell([left], STRICT),
        cell([right], STRICT),
        names([left, right]),
        over="documents",
    )


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
