"""Log lines of the server as JSON, one a line on standard output."""

import json
import logging
import sys
import time
import traceback


def log(event: str, error: BaseException | None = None, /, **facts: object) -> None:
    """Write a line with the time (UTC), the event and facts; of an error the trace too.

    Parameters
    ----------
    event : as "request"
    error : whose trace is logged
    facts : what JSON can hold
    """
    if error is not None:
        facts["trace"] = "".join(traceback.format_exception(error))
    now = time.time()
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1000):03d}Z"
    # one write: lines of several threads do not mix
    sys.stdout.write(json.dumps({"time": stamp, "event": event} | facts, default=str) + "\n")
    sys.stdout.flush()


class JsonHandler(logging.Handler):
    """Send what libraries log through `log`."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record.

        Parameters
        ----------
        record : of the standard library's logging
        """
        error = record.exc_info[1] if record.exc_info else None
        log(
            "log", error, level=record.levelname, logger=record.name,
            message=record.getMessage(),
        )  # fmt: skip


def log_as_json() -> None:
    """Let all loggers of this process write JSON, warnings and worse."""
    root = logging.getLogger()
    root.handlers[:] = [JsonHandler()]
    root.setLevel(logging.WARNING)
    for name in ("mlflow", "uvicorn", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(logging.WARNING)
