"""The relatives of the letters share their words: one agrees on boundaries, the other does not."""

from clinlib.corpora.overlap import keep_out
from clinlib.corpora.synthetic import family, letters

PROBLEMS, SHIFTED = family.problems(8), family.shifted(8)


def mentions(splits, types):
    return [
        document.text[span.start : span.end]
        for part in splits.values()
        for document in part
        for span in document.spans
        if span.type in types
    ]


def test_a_problem_is_what_the_letters_call_ade_or_reason_and_a_treatment_a_drug():
    words = {
        kind: {word for m in mentions(letters.generate(20), types) for word in m.split()}
        for kind, types in (("Problem", ("ADE", "Reason")), ("Treatment", ("Drug",)))
    }
    for kind in family.TYPES:
        found = [word for m in mentions(PROBLEMS, (kind,)) for word in m.split()]
        (other,) = set(family.TYPES) - {kind}
        assert sum(w in words[kind] for w in found) > 2 * sum(w in words[other] for w in found)


def test_shifted_mentions_end_a_word_later_where_a_word_follows_directly():
    same = later = 0
    plain = family._relabelled(letters.generate(8, seed=family._SHIFTED_SEED))
    for split, part in SHIFTED.items():
        for document, before in zip(part, plain[split], strict=True):
            assert document.text == before.text and len(document.spans) == len(before.spans)
            for span, old in zip(document.spans, before.spans, strict=True):
                assert span.start == old.start and span.type == old.type
                same += span.end == old.end
                moved = document.text[old.end : span.end]
                later += bool(moved) and moved[0] == " " and moved[1:].isalnum()
            assert all(
                a.end <= b.start
                for a, b in zip(document.spans, document.spans[1:], strict=False)
                if not any(
                    o.overlaps(p) for o, p in zip(before.spans, before.spans[1:], strict=False)
                )
            )
    assert later > 2 * same > 0


def test_no_letter_of_one_task_stands_in_another():
    names = ("synthetic_en_letters", "synthetic_en_problems", "synthetic_en_shifted")
    for source in names:
        others = [name for name in names if name != source]
        assert keep_out(source, others) == frozenset()
