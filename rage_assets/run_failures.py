"""Why a run in this process failed, as the error that its stage raised."""

from typing import Any

from resources import errors
from resources.errors import RageError


def cause_of(result: Any) -> RageError:
    """The expected error in which a run ended, or a word on the unexpected one.

    Args:
        result: Of `execute_in_process`.
    """
    for event in result.all_events:
        if event.is_step_failure:
            return _expected(event.step_key, event.step_failure_data)
    return RageError("The run failed before its first stage.", hint="Look at it in the Dagster UI.")


def _expected(stage: str, failure: Any) -> RageError:
    """The error that a stage raised, as the type it was raised as; Dagster keeps only its name and text."""
    if failure.user_failure_data is not None and failure.user_failure_data.description:
        return RageError(str(failure.user_failure_data.description))
    error = failure.error
    while error.cause is not None:
        error = error.cause
    kind = getattr(errors, error.cls_name or "", None)
    text = error.message.strip().removeprefix(f"{errors.__name__}.{error.cls_name}: ")
    if isinstance(kind, type) and issubclass(kind, RageError) and kind is not errors.ParseFailed:
        return kind(text)
    return RageError(f"The stage {stage} failed: {text}", hint="The Dagster UI shows where.")
