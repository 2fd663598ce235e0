"""How many tokens fit into the memory of a GPU at once."""

from typing import Any

from resources.errors import ServiceUnavailable

# Of the free memory; the rest is for what other processes and the allocator's gaps take.
_SHARE = 0.5
# More than this keeps no GPU busier.
_MOST_TOKENS = 1 << 18
_UNKNOWN_BYTES = 1 << 17


def per_token_bytes(config: Any) -> int:
    """The memory that a token takes in half precision: the widest layer's values, which are freed layer by layer."""
    hidden = getattr(config, "hidden_size", None)
    if not hidden:
        return _UNKNOWN_BYTES
    inner = getattr(config, "intermediate_size", None) or 4 * hidden
    heads = getattr(config, "num_attention_heads", None) or 12
    window = min(getattr(config, "max_position_embeddings", None) or 512, 8192)
    # Two copies of each, and the attention's weights for a whole window where they are not fused away.
    return int(2 * 2 * (8 * hidden + 2 * inner) + 2 * heads * window)


class Budget:
    """Tokens of a batch, padding included; halved whenever they turn out to be too many.

    Args:
        tokens: To begin with.
        window: Of one text: less than this is never asked for.
    """

    def __init__(self, tokens: int, window: int) -> None:
        self._least = min(window, 16)
        self.tokens = max(tokens, window)

    @classmethod
    def of_memory(cls, free: int, per_token: int, window: int) -> "Budget":
        """What `free` bytes hold."""
        return cls(min(int(free * _SHARE) // per_token, _MOST_TOKENS), window)

    def halve(self, tried: int) -> None:
        """After `tried` tokens did not fit; what others halved meanwhile counts.

        Raises:
            ServiceUnavailable: Not even one text fits.
        """
        if tried // 2 < self._least:
            raise ServiceUnavailable(
                "The embedder has not enough memory for one text.",
                hint="Free the GPU's memory, or set RAGE_DEVICE=cpu.",
            )
        self.tokens = min(self.tokens, tried // 2)
