"""The facts of the modules that are known so far, and which of them were looked up."""

from __future__ import annotations

from typing import Any

import msgspec

from lint_rules.project.facts import ModuleFacts

_DECODER = msgspec.msgpack.Decoder(ModuleFacts)


class KnownFacts(dict[str, ModuleFacts]):
    """Facts by module, which remember which of them, there or not, were looked up.

    Those of a worker stay encoded until they are: it is told of many modules of which its own files ask few.
    """

    __slots__ = ("used",)

    def __init__(self) -> None:
        super().__init__()
        self.used: set[str] = set()

    def get(self, module: str, default: Any = None) -> Any:
        self.used.add(module)
        facts = super().get(module, default)
        return self._decoded(module, facts) if isinstance(facts, bytes) else facts

    def __getitem__(self, module: str) -> ModuleFacts:
        self.used.add(module)
        facts = super().__getitem__(module)
        return self._decoded(module, facts) if isinstance(facts, bytes) else facts

    def keep(self, module: str, encoded: bytes) -> None:
        """Note a module's facts, to be decoded when they are looked up."""
        super().__setitem__(module, encoded)  # type: ignore[assignment]

    def _decoded(self, module: str, encoded: bytes) -> ModuleFacts:
        facts = self[module] = _DECODER.decode(encoded)
        return facts

    def __contains__(self, module: object) -> bool:
        self.used.add(str(module))
        return super().__contains__(module)
