"""How loops begin, on every LASL page: pools large enough, initial sets without an entity."""

import pytest
from made_loops import PARAMETERS, records
from made_records import PINS

from clinlib.errors import BadInput
from clinlib.evaluation.flags import NO_ENTITY
from clinlib.studies.lasl import balance, loss_encoders, losses, task_models, training

LSTM = {"lstm_encoder": "bilstm", "lstm_learning_rate": 5e-3}
PAGES = {
    losses: {"strategies": ["random", "MLP"]},
    balance: {"weights": ["equal"], "scales": ["raw"], "ends": ["MLP"], "panels": []},
    loss_encoders: {"encoders": ["serial 2"]},
    task_models: {"models": ["BERT-CRF"], "strategies": ["random", "MLP"]} | LSTM,
}


@pytest.mark.parametrize("study", PAGES, ids=lambda study: study.NAME)
def test_a_page_warns_of_every_loop_that_begins_without_an_entity(study):
    parameters = PARAMETERS | PAGES[study]

    def warnings(flags):
        made = records(study.plan(parameters), lambda config, number: {}, flags)
        said = study.sentences(study.Results(made, parameters, PINS))
        return [text for text in said if text.startswith("Warning")]

    assert warnings([]) == []
    # two loops a page, each with both of its seeds
    assert ["seed 1, 2" in text for text in warnings([NO_ENTITY])] == [True, True]


@pytest.mark.parametrize("field", ["initial", "per_round"])
def test_a_round_that_buys_no_sentence_of_the_corpus_is_refused_when_planned(field):
    with pytest.raises(BadInput, match=r"too small for a round of 0.01%; the smallest share is"):
        training.loop("MLP", 1, PARAMETERS | {field: 0.0001})
    training.loop("MLP", 1, PARAMETERS | {field: 0.01})


def test_a_page_may_restart_every_round_and_say_over_what_the_consistency_is():
    asked = PARAMETERS | {"restart": True, "reduction": "unit"}
    made = {name: training.loop(name, 1, asked) for name in ("MLP", "LASL")}
    assert all(loop.restart for loop in made.values())
    assert made["LASL"].reduction == "unit"
    plain = training.loop("MLP", 1, PARAMETERS)
    assert made["MLP"].replaced(restart=False) == plain  # which has no teacher to agree with
