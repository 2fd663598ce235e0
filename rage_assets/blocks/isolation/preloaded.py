"""What the server of readers has in memory before it forks the first: each has it at once, and shares it."""

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[_name] = "1"  # a process with threads forks badly

import rage_assets.blocks.isolation.reading  # noqa: E402 -- after what the threads of its libraries obey
import rage_assets.blocks.parsing.registry  # noqa: E402, F401
from rage_assets.blocks.parsing.language import likeliest_language  # noqa: E402

likeliest_language("the model of languages is read now")
