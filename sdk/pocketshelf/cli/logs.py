"""What the log of a command looks like, on standard error."""

from __future__ import annotations

import logging
import sys

from pocketshelf.printable import printable, without_passwords

__all__ = ["set_up_logging"]


class _OneLine(logging.Formatter):
    """A record is one line, and a traceback the lines of its own, whatever is quoted in them."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        return printable(without_passwords(super().formatMessage(record)))

    def formatException(self, ei: object) -> str:
        text = super().formatException(ei)  # type: ignore[arg-type]
        return "\n".join(printable(without_passwords(line)) for line in text.split("\n"))


def set_up_logging(form: str = "%(asctime)s %(levelname)s %(message)s", times: str | None = None) -> None:
    """Send the log to standard error, from INFO on, unless someone has set up logging before.

    Args:
        form, times: formats of a line and of its time, as `logging.Formatter` has them.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_OneLine(form, times))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
