"""A loss's arguments, written into saved models and shown to people."""

from __future__ import annotations

from typing import Any, Dict, Optional, Tuple, Type, TypeVar

_Loss = TypeVar("_Loss", bound="Configured")

# Of names in configs: no loss of Keras's has it in its name.
_NAME_PREFIX = "keras_xent>"


def without_prefix(name: Optional[str]) -> Optional[str]:
    """The name that the user gave, of one that may come from a config."""
    if name is not None and name.startswith(_NAME_PREFIX):
        return name[len(_NAME_PREFIX) :]
    return name


class Configured:
    """A loss whose configuration is its constructor's arguments."""

    # In the constructor's order. Each is an attribute, except those of `_written`.
    _arguments: Tuple[str, ...]

    def get_config(self) -> Dict[str, Any]:
        """The constructor's arguments, JSON-serializable.

        The name has a prefix, which the constructor drops. Keras 3 looks for a loss that it
        doesn't know by its name alone when it reads an `.h5` file, and takes one of its own.
        """
        written = self._written()
        return {
            argument: written[argument] if argument in written else getattr(self, argument)
            for argument in self._arguments
        }

    @classmethod
    def from_config(cls: Type[_Loss], config: Dict[str, Any]) -> _Loss:
        """The loss that `get_config` described."""
        return cls(**config)

    def __repr__(self) -> str:
        arguments = {**self.get_config(), "name": self.name}
        listed = ", ".join(f"{key}={value!r}" for key, value in arguments.items())
        return f"{type(self).__name__}({listed})"

    name: Optional[str]
    dtype: Optional[str]
    _wanted_reduction: Any
    _wanted_dtype: Any

    def _written(self) -> Dict[str, Any]:
        """The arguments that a config has in another form than the loss."""
        return {
            "reduction": self._wanted_reduction.value,
            "name": None if self.name is None else _NAME_PREFIX + self.name,
            "dtype": None if self._wanted_dtype is None else self.dtype,
        }
