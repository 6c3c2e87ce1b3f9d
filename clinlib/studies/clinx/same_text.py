"""Sources that label the target's own text: what they add is not transfer to other text."""

from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import fmean

from clinlib.corpora.registry import card
from clinlib.studies.wording import plural

OWN, OTHER = "the target's", "other"


def same_text(one: str, other: str) -> bool:
    """Whether two tasks label the same documents: tasks of one corpus, or of one collection.

    A source of the target's own text has learnt the target's training sentences already, under
    other labels.
    """
    first, second = card(one), card(other)
    collection = getattr(first.splits, "shared", None)
    same = collection is not None and collection == getattr(second.splits, "shared", None)
    return same or first.name == second.name


def text_of(target: str, source: str) -> str:
    """Whose text a source labels: OWN or OTHER."""
    return OWN if same_text(target, source) else OTHER


def by_text(
    pairs: Sequence[tuple[str, str]], gains: Sequence[float], verdicts: Sequence[str], size: str
) -> Iterator[str]:
    """What (target, source) pairs come to, those of one text apart from others, in sentences;
    none where all are of one kind.
    """
    own = [same_text(*pair) for pair in pairs]
    if not any(own) or all(own):
        return
    for wanted, which in ((True, "label the target's own documents"), (False, "have other text")):
        here = [at for at, mine in enumerate(own) if mine == wanted]
        counted = Counter(verdicts[at] for at in here)
        said = ", ".join(f"{counted[name]} {name}" for name in sorted(counted))
        mean = fmean(gains[at] for at in here)
        yield (
            f"{size}: of {plural(len(here), 'pair')} whose sources {which}, {said}; "
            f"mean gain {mean:+z.1f} F1."
        )
