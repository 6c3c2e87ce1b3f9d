"""Parameter counts of the paper's models: against the models themselves, built without weights."""

import pytest
import torch
from torchcrf import CRF
from transformers import BertConfig, BertModel, DistilBertConfig, DistilBertModel

from clinlib.report import published
from clinlib.studies.transformer_crf import parameter_counts


@pytest.mark.parametrize("name", parameter_counts.ENCODERS)
def test_a_count_is_that_of_the_model_built_on_the_meta_device(name):
    sizes = parameter_counts.ENCODERS[name]
    with torch.device("meta"):
        if sizes.distilled:
            built = DistilBertModel(
                DistilBertConfig(vocab_size=sizes.vocabulary, n_layers=sizes.layers)
            )
        else:
            built = BertModel(
                BertConfig(vocab_size=sizes.vocabulary, num_hidden_layers=sizes.layers)
            )
    assert sum(p.numel() for p in built.parameters()) == sizes.parameters()


def test_a_head_counts_its_linear_layer_and_its_crf():
    linear, crf = torch.nn.Linear(768, 19), CRF(19)
    count = sum(p.numel() for p in (*linear.parameters(), *crf.parameters()))
    assert parameter_counts.head(768, 19, crf=True) == count
    assert parameter_counts.head(768, 19, crf=False) == count - 19 * 19 - 38


def test_the_published_totals_follow_from_the_configurations():
    table = parameter_counts.frame(published.load("transformercrf_parameters").frame)
    assert (table["difference"] == 0).all()
    fewer = table.filter(like="fewer").iloc[:, 0]
    assert fewer["BERT-CRF"] == pytest.approx(39.80, abs=0.01)
    assert fewer["ClinicalBERT-CRF"] == pytest.approx(51.61, abs=0.01)
