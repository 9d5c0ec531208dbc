"""A loss's arguments in saved models and in its repr."""

from __future__ import annotations

from typing import Any, TypeVar

_Loss = TypeVar("_Loss", bound="Configured")

# The prefix of names in configs. No Keras loss has it in its name.
_NAME_PREFIX = "keras_xent>"


def without_prefix(name: str | None) -> str | None:
    """The user's name, without the prefix that a config adds."""
    if name is not None and name.startswith(_NAME_PREFIX):
        return name[len(_NAME_PREFIX) :]
    return name


class Configured:
    """A loss whose configuration is its constructor's arguments."""

    # In the constructor's order. Each is an attribute, except those that `_written` returns.
    _arguments: tuple[str, ...]

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments as a JSON-serializable dictionary.

        `normalization` is included only if it isn't `"replica"`. The name has a prefix, which the
        constructor removes. When Keras 3 reads an unknown loss from an `.h5` file, it looks the
        loss up by this name. Without the prefix, it would find one of its own losses.
        """
        written = self._written()
        config = {
            argument: written[argument] if argument in written else getattr(self, argument)
            for argument in self._arguments
        }
        # Keras's losses don't have it, and a subclass's constructor may not accept it.
        if self.normalization != "replica":
            config["normalization"] = self.normalization
        return config

    @classmethod
    def from_config(cls: type[_Loss], config: dict[str, Any]) -> _Loss:
        """Creates the loss from the result of `get_config`."""
        return cls(**config)

    def __repr__(self) -> str:
        arguments = {**self.get_config(), "name": self.name}
        listed = ", ".join(f"{key}={value!r}" for key, value in arguments.items())
        return f"{type(self).__name__}({listed})"

    name: str | None
    normalization: str
    dtype: str | None
    _wanted_reduction: Any
    _wanted_dtype: Any

    def _written(self) -> dict[str, Any]:
        """The arguments whose form in the config differs from their form in the loss."""
        return {
            "reduction": self._wanted_reduction.value,
            "name": None if self.name is None else _NAME_PREFIX + self.name,
            "dtype": None if self._wanted_dtype is None else self.dtype,
        }
