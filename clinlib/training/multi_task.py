"""MultiTask: tags and a property of the sentence, learnt together."""

from torch import Tensor, nn

from clinlib.training.objectives import agreeing


class MultiTask:
    """L = CE + BCE, and with `alpha` above 0 two passes: + alpha R-Drop, of the tags alone.

    CE is the tagger's own loss (-log p(y|x) under a CRF), BCE that of its sentence head; of two
    passes both are means. At alpha 0 there is one pass.
    """

    def __init__(self, alpha: float = 0.0):
        self.alpha = alpha

    def __call__(self, model: nn.Module, batch) -> Tensor:
        passes = [model.with_sentences(batch) for _ in range(2 if self.alpha else 1)]
        emissions, logits = zip(*passes, strict=True)
        sentences = sum(model.sentence_head.loss(each, batch) for each in logits) / len(passes)
        if self.alpha:
            return agreeing(model.head, emissions, batch, self.alpha) + sentences
        return model.head.loss(*emissions, batch.labels, batch.mask) + sentences
