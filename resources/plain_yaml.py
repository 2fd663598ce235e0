"""YAML of strangers: plain values only, without the references by which a small file becomes huge."""

from typing import Any

import yaml


class PlainYamlError(ValueError):
    """It is no YAML, or more than plain values."""


class _Loader(yaml.SafeLoader):  # type: ignore[misc]  # yaml has no types
    """The safe loader, which makes only plain values, without aliases and the merges that need them."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("References (*name) are not taken.")
        return super().compose_node(parent, index)


def load_plain_yaml(text: str | bytes) -> Any:
    """The value of a YAML document; the caller bounds the length of `text`.

    Raises:
        PlainYamlError: It is no YAML, is nested too deeply, holds references or asks for anything but plain values.
    """
    try:
        # A SafeLoader that takes even less.
        return yaml.load(text, Loader=_Loader)  # noqa: S506  # nosec B506
    except (yaml.YAMLError, ValueError, RecursionError, TypeError) as error:
        raise PlainYamlError(str(error)[:500]) from None
