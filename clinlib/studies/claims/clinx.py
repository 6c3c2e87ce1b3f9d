"""What the claims of CLIN-X compare, of encoders and architecture, read from pages 20 and 21."""

from collections.abc import Callable, Mapping

from clinlib.corpora.registry import card
from clinlib.studies.cells import cell
from clinlib.studies.claims.claim import Claim
from clinlib.studies.claims.comparison import (
    Comparison,
    Runs,
    between,
    combined,
    means,
    names,
)
from clinlib.studies.claims.roles import playing
from clinlib.studies.clinx import architecture, encoders
from clinlib.studies.comparisons import difference_over_documents

STRICT = "scores.test.strict.f1"
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
    worth = {corpus: (*_switched(found, corpus, SOFTMAX), STRICT) for corpus in found.corpora}
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


READERS: dict[str, Callable] = {
    "clinx-01": adapted,
    "clinx-02": across,
    "clinx-03": multilingual,
    "clinx-04": ensembles,
    "clinx-05": everything,
    "clinx-06": parts,
    "clinx-07": crf_by_language,
    "clinx-14": ensemble_or_all,
    "clinx-15": least_part,
}


def _language(corpus: str) -> str:
    return card(corpus).languages[0]


def _by_language(found: encoders.Results, sides: Mapping[str, tuple[str, str]]) -> list[Comparison]:
    """A comparison by language of the encoders in two roles, where the page has both."""
    result = []
    for language, roles in sides.items():
        corpora = [name for name in found.corpora if _language(name) == language]
        left, right = (playing(role, found.encoders) for role in roles)
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
