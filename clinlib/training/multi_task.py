"""MultiTask: tags and a property of the sentence, learnt together."""

from torch import Tensor, nn

from clinlib.training.objectives import symmetric_divergence


class MultiTask:
    """L = CE + BCE, and with `alpha` above 0 two passes: + alpha R-Drop, of the tags alone.

    CE is the tagger's own loss (-log p(y|x) under a CRF), BCE that of its sentence head; of two
    passes both are means. At alpha 0 there is one pass.
    """

    def __init__(self, alpha: float = 0.0):
        self.alpha = alpha

    def __call__(self, model: nn.Module, batch) -> Tensor:
        passes = [model.with_sentences(batch) for _ in range(2 if self.alpha else 1)]
        loss = sum(
            model.head.loss(emissions, batch.labels, batch.mask)
            + model.sentence_head.loss(logits, batch)
            for emissions, logits in passes
        ) / len(passes)
        if not self.alpha:
            return loss
        first, second = (model.head.probabilities(each, batch.mask) for each, _ in passes)
        return loss + self.alpha * symmetric_divergence(first, second, batch.mask)
