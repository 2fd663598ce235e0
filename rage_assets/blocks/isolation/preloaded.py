"""What the server of readers has in memory before it forks the first: each has it at once, and shares it."""

import os
import signal

signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends its children
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[_name] = "1"  # a process with threads forks badly

import rage_assets.blocks.isolation.reading  # noqa: E402 -- after what the threads of its libraries obey
import rage_assets.blocks.parsing.registry  # noqa: E402, F401
from rage_assets.blocks.parsing.language import likeliest_language  # noqa: E402

likeliest_language("the model of languages is read now")

# What libraries print about strangers' files is for nobody's terminal, and least of all for a program that reads it.
_nowhere = os.open(os.devnull, os.O_WRONLY)
for _stream in (1, 2):
    os.dup2(_nowhere, _stream)
