"""How a request for pages and its answer travel through a pipe: lengths first, JSON and bytes, no pickles.

A request is ``>I`` (length of the header), a JSON header, then the blobs that the header lists under
``blobs`` as ``[name, length]``. An answer is ``>cIQ``: ``P`` (a PDF follows) or ``F`` (a reason follows),
the peak memory of the process that answers in kB, a length, and that many bytes.
"""

import json
import struct
from collections.abc import Mapping
from typing import IO, Any

REQUEST, ANSWER = struct.Struct(">I"), struct.Struct(">cIQ")


class Pipe:
    """Both directions of a conversation, over unbuffered streams that this object owns."""

    def __init__(self, source: IO[bytes], target: IO[bytes]) -> None:
        self.source = source
        self.target = target

    def ask(self, header: Mapping[str, Any], blobs: Mapping[str, bytes]) -> tuple[bytes, int, bytes]:
        """Send a request; the answer's kind, peak kB and bytes. Raises `EOFError` or `OSError` if cut off."""
        sizes = [[name, len(blob)] for name, blob in blobs.items()]
        head = json.dumps({**header, "blobs": sizes}).encode()
        self._write(b"".join([REQUEST.pack(len(head)), head, *blobs.values()]))
        kind, peak, length = ANSWER.unpack(self._read(ANSWER.size))
        return kind, peak, self._read(length)

    def asked(self) -> tuple[dict[str, Any], dict[str, bytes]]:
        """The next request: its header and its blobs. Raises `EOFError` when there will be none."""
        (length,) = REQUEST.unpack(self._read(REQUEST.size))
        header = json.loads(self._read(length))
        return header, {name: self._read(size) for name, size in header.pop("blobs")}

    def reply(self, kind: bytes, peak: int, data: bytes) -> None:
        """Answer the last request."""
        self._write(ANSWER.pack(kind, peak, len(data)) + data)

    def close(self) -> None:
        """Hang up: the other side reads the end."""
        self.target.close()
        self.source.close()

    def _read(self, length: int) -> bytes:
        parts = []
        while length:
            part = self.source.read(min(length, 1 << 20))
            if not part:
                raise EOFError
            parts.append(part)
            length -= len(part)
        return b"".join(parts)

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[self.target.write(rest) :]
