"""An interrupt stays one, whatever fails while the run ends."""

from __future__ import annotations

import pytest

from callbacks.reporting.run_logger import RunLogger
from commands.termination import find_interrupt
from contracts.interrupts import TerminationInterrupt


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, TerminationInterrupt])
@pytest.mark.parametrize("error", [SystemExit(1), OSError("Writer is closed")])
def test_an_error_while_an_interrupted_run_ends_is_the_interrupt(interrupt, error):
    def end() -> None:
        try:
            raise interrupt
        except KeyboardInterrupt:
            raise error  # noqa: B904

    with pytest.raises(type(error)) as caught:
        end()
    assert find_interrupt(caught.value) is interrupt
    assert find_interrupt(OSError()) is None


def test_errors_that_refer_to_each_other_are_no_interrupt():
    """The search went round for ever."""
    one, other = ValueError("one"), ValueError("other")
    one.__cause__, other.__cause__ = other, one
    assert find_interrupt(one) is None


def test_a_logger_whose_file_is_closed_ends_after_an_interrupt(tmp_path):
    """A signal after the last epoch came while the file was closed: `OSError: Writer is closed`."""
    logger = RunLogger(str(tmp_path), "name")
    logger.log_metrics({"loss": 1.0}, 1)
    logger.experiment.file_writer.event_writer.close()
    logger.finalize("failed")
