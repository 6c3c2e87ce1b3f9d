"""Loops whose sizes count tokens: what is planned, read and shown follows what they count."""

import re

import made_pages
import pytest
from made_loops import PARAMETERS
from made_loops import records as loops
from made_records import PINS

from clinlib.errors import BadInput
from clinlib.experiments.key import key
from clinlib.report import notebooks
from clinlib.studies.claims import lasl
from clinlib.studies.claims.claim import claims
from clinlib.studies.claims.verdict import HOLDS, OPEN, reading
from clinlib.studies.lasl import balance, loss_encoders, losses, sizes, task_models, training
from clinlib.studies.lasl.balance_picks import alone

TOKENS = PARAMETERS | {"unit_of_size": "tokens"}
PAGES = [
    "40_strategies",
    "41_losses",
    "42_balance",
    "43_loss_prediction_encoders",
    "44_task_models",
    "45_strategies_en",
]
SETTINGS = {"recurrent": 200, "initial": 0.05, "per_round": 0.05, "rounds": 6, "batch_size": 16}
"""Other sizes than any profile has; 200 is the paper's."""


def half_the_sentences(config, number):
    """After each round ten percent of the tokens, and five of the sentences."""
    return {"sentences": 5 * number, "f1": 10.0 * number + config.seed}


def results(study, given, row=half_the_sentences):
    parameters = TOKENS | given
    return study.Results(loops(study.plan(parameters), row), parameters, PINS)


MODELS = {"models": ["BERT-CRF"], "strategies": ["random", "MLP"]}
MODELS |= {"lstm_encoder": "bilstm", "lstm_learning_rate": 5e-3}
BALANCE = {"weights": ["mean probability"], "scales": ["raw"], "ends": ["MLP"], "panels": ["2/1"]}


@pytest.mark.parametrize("page", PAGES)
def test_every_loop_of_a_page_counts_what_the_page_asks_for(page, monkeypatch):
    monkeypatch.delenv("CLINLIB_ROOT", raising=False)
    plain, tokens = (
        [each for each in notebooks.plan(page, "quick", given) if each.kind == "active_learning"]
        for given in ({}, {"unit_of_size": "tokens"})
    )
    assert [each.replaced(unit_of_size="tokens") for each in plain] == tokens
    # what counts sentences has the key that it had before pages could ask for tokens
    fields = plain[0].to_dict()
    assert fields.pop("unit_of_size") == "sentences"
    fields = {k: v for k, v in fields.items() if k not in ("kind", "task")}
    assert key(type(plain[0])(task=plain[0].task, **fields)) == key(plain[0])
    assert not {key(each) for each in plain} & {key(each) for each in tokens}


def test_an_unknown_unit_of_size_names_the_nearest():
    with pytest.raises(BadInput, match=r"unit_of_size: .*'token'; did you mean 'tokens'"):
        training.loop("MLP", 1, PARAMETERS | {"unit_of_size": "token"})


def test_a_budget_of_few_tokens_is_not_held_against_the_number_of_sentences():
    """A hundredth of a percent of 2027 sentences is none, of their tokens it is some."""
    with pytest.raises(BadInput, match="too small for a round"):
        training.loop("MLP", 1, PARAMETERS | {"per_round": 1e-4})
    training.loop("MLP", 1, TOKENS | {"per_round": 1e-4})


def test_curves_stand_over_what_the_sizes_count():
    by_token = [10.0, 20.0, 30.0, 40.0]
    found = results(task_models, MODELS)
    assert list(task_models.curves(found, "BERT-CRF")["x"])[:4] == pytest.approx(by_token)
    found = results(loss_encoders, {"encoders": ["serial 2"]})
    assert list(loss_encoders.curves(found)["x"])[:4] == pytest.approx(by_token)
    found = results(losses, {"strategies": ["random"]})
    frame = losses.curves(found, {"f1": lambda row: 1.0}, ["random"], "y")
    assert list(frame["% of the pool's tokens labelled"])[:4] == pytest.approx(by_token)
    frame = balance.f1(results(balance, BALANCE))
    assert list(frame["% of the pool's tokens labelled"])[:4] == pytest.approx(by_token)


def test_when_one_loop_passes_another_is_said_in_tokens():
    def row(config, number):
        mine = {"mlp": 10.0 * number, "lpn": 15.0}.get(config.strategy, 0.0)
        weight = {"selection": {"lambda": 0.3 * (number - 1)}} if number > 1 else {}
        return weight | {"f1": mine}

    found = results(balance, BALANCE, row)
    assert set(balance.courses(found)) >= {"% of tokens labelled after it"}
    table = sizes.table(found.panels)
    assert list(table["% of tokens labelled then"]) == pytest.approx([20.0, 30.0])
    said = balance.sentences(found)
    assert any(re.search("labels up to 30.* % of the pool's tokens", each) for each in said)
    assert any("10 % at first, 10 % a round of the pool's tokens:" in each for each in said)


def test_a_round_stands_for_as_many_sentences_as_it_picked():
    """Of 80 sentences that are left, 40 are picked: half of a sample, whatever their tokens."""
    record = {
        "data": {"pool_sentences": 100, "pool_tokens": 1000},
        "curve": [
            {
                "round": 1,
                "sentences": 20,
                "selection": {},
                "examples": {"l_min": [1.0, 2.0, 3.0, 4.0], "predicted": [4.0, 1.0, 2.0, 3.0]},
            },
            {"round": 2, "picked": list(range(40)), "selection": {"lambda": 0.0}},
        ],
    }
    # by the predicted loss 4 and 3; the minimum loss alone has 3 and 4, which share one
    assert alone(record, 2, "rank").as_least == 50


def test_budgets_of_tokens_decide_nothing_where_the_paper_has_sentences():
    (claim,) = (each for each in claims() if each.id == "lasl-08")
    given = MODELS | {"strategies": ["random", "LASL"], "initial": 0.05, "per_round": 0.05}

    def compared(unit):
        parameters = PARAMETERS | given | {"seeds": 3, "unit_of_size": unit}
        parameters |= {"corpus": "cmedqaner:pooled"}
        made = loops(
            task_models.plan(parameters),
            lambda c, n: {"f1": 20.0 + n + (5 + c.seed / 9) * c.predicts},
        )
        found = task_models.Results(made, parameters, PINS)
        every = lasl.at_budgets(found, found.models["BERT-CRF"], [("LASL", "random")])
        return [each for each in every if not each.difference.missing]

    assert {reading(claim, each) for each in compared("sentences")} == {HOLDS}
    tokens = compared("tokens")
    assert tokens and {reading(claim, each) for each in tokens} == {OPEN}
    assert {each.unknown for each in tokens} == {
        "budgets are of tokens here, of sentences in the paper"
    }


@pytest.mark.parametrize("unit", ["sentences", "tokens"])
@pytest.mark.parametrize("page", PAGES)
def test_a_page_of_other_sizes_shows_everything_and_names_what_it_counts(page, unit, monkeypatch):
    monkeypatch.delenv("CLINLIB_ROOT", raising=False)
    asked = SETTINGS | {"unit_of_size": unit}
    if page == "42_balance":
        asked["panels"] = ["1/2"]
    everything = made_pages.shown(monkeypatch, page, "quick", asked)
    figures = made_pages.figures(everything)
    said = [getattr(each, "caption", "") for each in everything]
    said += [text for each in figures.values() for text in (each.alt, *drawn_texts(each))]
    if page in ("40_strategies", "45_strategies_en"):  # whose curves stand by both
        said = [each for each in said if each.startswith("Strict F1 on test by share")]
    assert set().union(*map(named_units, said)) == {unit}


def drawn_texts(figure):
    """The texts of a drawing, which are comments beside the shapes of their letters."""
    return re.findall("<!-- (.*?) -->", figure.svg)


def named_units(text):
    """What the shares of the pool in a text are of."""
    return set(re.findall(r"(sentences|tokens) (?:labelled|annotated)", text))
