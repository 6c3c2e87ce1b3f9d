"""RecurrentEncoder: a bidirectional LSTM over subword vectors, loaded and saved as transformers do.

With vectors trained before, it is the static-embedding baseline of CLIN-X (Table 3).
"""

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import BaseModelOutput

from clinlib.models.bilstm import BiLSTM


class RecurrentConfig(PretrainedConfig):
    """Sizes: `vocab_size` V, `embedding_size` E, `hidden_size` H of both directions together."""

    model_type = "clinlib_recurrent"

    def __init__(
        self,
        vocab_size: int = 4000,
        embedding_size: int = 100,
        hidden_size: int = 256,
        hidden_dropout_prob: float = 0.1,
        attention_probs_dropout_prob: float = 0.0,  # it has no attention; loaders set it
        pad_token_id: int = 0,
        **options,
    ):
        super().__init__(pad_token_id=pad_token_id, **options)
        self.vocab_size, self.embedding_size = vocab_size, embedding_size
        self.hidden_size, self.hidden_dropout_prob = hidden_size, hidden_dropout_prob
        self.attention_probs_dropout_prob = attention_probs_dropout_prob


class RecurrentEncoder(PreTrainedModel):
    """Input ids (B, L) -> hidden states (B, L, H): embedding, dropout, one bidirectional LSTM.

    Vectors (B, L, E) may be given in place of ids, as transformers' models take them. The state of
    a position behind its row's end is zero.
    """

    config_class = RecurrentConfig
    base_model_prefix = "encoder"

    def __init__(self, config: RecurrentConfig, add_pooling_layer: bool = False):
        super().__init__(config)
        self.embeddings = nn.Embedding(config.vocab_size, config.embedding_size)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        self.lstm = BiLSTM(config.embedding_size, config.hidden_size)
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        """Leaves torch's own draws as they are."""

    def get_input_embeddings(self) -> nn.Module:
        return self.embeddings

    def set_input_embeddings(self, value: nn.Module) -> None:
        self.embeddings = value

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        inputs_embeds: Tensor | None = None,
    ) -> BaseModelOutput:
        vectors = self.embeddings(input_ids) if inputs_embeds is None else inputs_embeds
        if attention_mask is None:
            attention_mask = torch.ones(vectors.shape[:2], dtype=torch.long, device=vectors.device)
        states = self.lstm(self.dropout(vectors), attention_mask)
        return BaseModelOutput(last_hidden_state=states)


AutoConfig.register(RecurrentConfig.model_type, RecurrentConfig)
AutoModel.register(RecurrentConfig, RecurrentEncoder)
