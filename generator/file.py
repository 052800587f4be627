"""A generated file, and a file as it is found in the project."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class File:
    """A file as the generator wants it."""

    text: str
    once: bool = False
    """Created where there is none, and from then on the person's own."""
    executable: bool = False

    @property
    def canonical(self) -> str:
        """The text with plain line ends and a line end at its end."""
        return canonical(self.text)


@dataclass(frozen=True)
class Found:
    """A file of the project: its text in canonical form, and the form to write it back in."""

    data: bytes
    text: str | None = field(init=False)
    """Canonical; None when the bytes are no text in UTF-8, so that nothing can be merged into them."""
    waiting: bool = False
    """Is a newly generated text of it lying in .overture/incoming, to be merged by hand?"""

    def __post_init__(self) -> None:
        try:
            text = canonical(self.data.removeprefix(_BOM).decode())
        except UnicodeDecodeError:
            text = None
        object.__setattr__(self, "text", None if text is None or "\0" in text else text)

    @classmethod
    def read(cls, path: Path, waiting: bool = False) -> Found | None:
        """The file at a path, or None."""
        try:
            return cls(path.read_bytes(), waiting=waiting)
        except FileNotFoundError:
            return None

    def encode(self, text: str) -> bytes:
        """A canonical text in the form of this file: its byte order mark, its line ends, its missing last line end."""
        if text == self.text:
            return self.data
        if self.data and not self.data.endswith(b"\n"):
            text = text.removesuffix("\n")
        windows = self.data.count(b"\r\n")
        if windows * 2 > self.data.count(b"\n"):
            text = text.replace("\n", "\r\n")
        return (_BOM if self.data.startswith(_BOM) else b"") + text.encode()


def canonical(text: str) -> str:
    """Text with plain line ends, and one at its end unless it is empty."""
    text = text.replace("\r\n", "\n")
    return text if not text or text.endswith("\n") else text + "\n"
