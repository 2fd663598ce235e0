"""The trial of a converted model: whether its forms give the original's vectors, and which of them is fastest here."""

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

LEAST_COSINE = 0.99
LEAST_AGREEMENT = 0.95
# What is less exact must be faster by this much: a coin's toss is no reason.
_WORTH = 1.1
_ROUNDS = 3
_LONGEST_S = 8.0
_EACH = 3

_TRAVEL = "Employees travel economy class. Exceptions are approved by the head of the department before booking. "
_PAPER = (
    "Mutations of the tumour suppressor were found in 43 of 120 patients (35.8 %, p < 0.01), most of them in exon 7. "
    "In mice that lack the second copy, tumours grew twice as fast, and the drug had no effect on survival. "
)
SAMPLES = (
    "x",
    "7",
    "What does the warranty cover?",
    "The warranty covers defects of material and workmanship for 24 months from the date of purchase.",
    "How do I reset my password?",
    "Open the sign-in page, choose “Forgot password” and follow the link that is sent to your address.",
    _TRAVEL,
    _TRAVEL * 6,
    _TRAVEL * 14,
    _PAPER,
    _PAPER * 2,
    _PAPER * 8,
    "tumour suppressor gene mutations and survival in mice",
    "def parse(path: str) -> list[Block]:\n    return [block for block in read(path) if block.text]",
    "for (int i = 0; i < rows.size(); ++i) { total += rows[i].price * rows[i].count; }  // sum of the order",
    "SELECT customer_id, SUM(amount) FROM invoices WHERE paid_at IS NULL GROUP BY customer_id HAVING SUM(amount) > 100;",
    "class HTTPServerError(Exception):\n    status_code = 500\n\n    def __init__(self, detail: str) -> None:\n        ...",
    "sum the price of all rows in a loop",
    "Die Kündigungsfrist beträgt drei Monate zum Quartalsende; sie verlängert sich nach fünf Jahren auf vier Monate.",
    "Wie lange ist die Kündigungsfrist?",
    "Le contrat prend effet le 1er janvier et se renouvelle chaque année par tacite reconduction.",
    "合同自双方签字之日起生效，有效期为三年。任何一方可提前三十日书面通知解除本合同。",
    "契約期間は三年間とし、満了の三十日前までに書面による申し出がない場合は自動的に更新される。",
    "계약 기간은 3년이며, 만료 30일 전까지 서면으로 해지할 수 있다.",
    "يسري العقد لمدة ثلاث سنوات ويجوز لأي من الطرفين إنهاؤه بإشعار خطي مدته ثلاثون يومًا.",
    "Договор вступает в силу с момента подписания и действует в течение трёх лет.",
    "| region | revenue |\n|---|---|\n| north | 12.4 |\n| south | 9.1 |",
    "quarterly revenue by region",
    "ERROR 2026-03-14T09:26:53Z worker-7 connection to 10.0.0.12:5432 refused (ECONNREFUSED), retry 3 of 5",
    "🚀 Shipped v2.4.1 🎉 — thanks everyone!! 👩‍🚀👨🏽‍💻 (#4711)",
    "Name: Jane Doe; Role: Head of Procurement; Phone: +49 30 901820; Room: B-2.017",
    "who is responsible for buying things",
)

Encode = Callable[[Sequence[str]], NDArray[np.float32]]


class Result(NamedTuple):
    """What a form of a model is worth here.

    Attributes:
        texts_per_s: Its speed over samples of all lengths.
        least_cosine: Of its vectors to the original's, over all samples.
        agreement: How alike the samples are ranked for each other (Spearman's correlation, the mean).
    """

    texts_per_s: float
    least_cosine: float
    agreement: float

    @property
    def serves(self) -> bool:
        """Whether it may stand for the original."""
        return self.least_cosine >= LEAST_COSINE and self.agreement >= LEAST_AGREEMENT


def timed_texts() -> list[str]:
    """The texts over which speed is measured: the samples a few times, no two alike."""
    return [f"{n} {text}" for n in range(_EACH) for text in SAMPLES]


def trial(forms: dict[str, Encode], original: NDArray[np.float32]) -> dict[str, Result]:
    """Tries forms in turns, so that whatever else the machine does hits all of them.

    Args:
        forms: Encoders by name; the first is the exact one.
        original: The original's vectors of `SAMPLES`.
    """
    vectors = {name: encode(SAMPLES) for name, encode in forms.items()}
    texts, best = timed_texts(), dict.fromkeys(forms, float("inf"))
    began = time.monotonic()
    for turn in range(_ROUNDS):
        if turn and time.monotonic() - began > _LONGEST_S:
            break
        for name, encode in forms.items():
            started = time.perf_counter()
            encode(texts)
            best[name] = min(best[name], time.perf_counter() - started)
    return {
        name: Result(
            round(len(texts) / best[name], 2),
            round(float(np.min(np.sum(found * original, axis=1))), 6),
            round(agreement(found, original), 4),
        )
        for name, found in vectors.items()
    }


def chosen(results: dict[str, Result]) -> str | None:
    """The form to use: the first that serves, unless a later one that serves is clearly faster; None where none does."""
    choice = None
    for name, result in results.items():
        if result.serves and (choice is None or result.texts_per_s >= results[choice].texts_per_s * _WORTH):
            choice = name
    return choice


def agreement(ours: NDArray[np.float32], theirs: NDArray[np.float32]) -> float:
    """The mean correlation of the orders in which each text ranks the others, by these vectors and by those."""
    count = len(ours)
    others = ~np.eye(count, dtype=bool)
    orders = []
    for vectors in (ours, theirs):
        near = (vectors @ vectors.T)[others].reshape(count, count - 1)
        orders.append(np.argsort(np.argsort(near, axis=1), axis=1).astype(np.float64))
    first, second = (order - order.mean(axis=1, keepdims=True) for order in orders)
    return float(np.mean(np.sum(first * second, axis=1) / np.sqrt(np.sum(first**2, axis=1) * np.sum(second**2, axis=1))))
