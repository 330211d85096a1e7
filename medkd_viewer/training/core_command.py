"""A `medkd` command in a process of its own: the window stays free of network libraries."""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, QProcess, QProcessEnvironment, Signal

MODULE = "medkd_core.cli.app"
END_MILLISECONDS = 2_000


class CoreCommand(QObject):
    """Runs one command at a time and hands back what it printed.

    Parameters
    ----------
    jobs_root : Path
        The folder of jobs that the command works on.
    """

    done = Signal(str)
    """Standard output of a command that succeeded, or the document of one that did not."""
    failed = Signal(str)
    """A sentence that says why it did not."""
    told = Signal(str)
    """A sentence that a running command wrote about its progress."""

    def __init__(self, jobs_root: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process: QProcess | None = None
        self._said = ""
        self._environment = QProcessEnvironment.systemEnvironment()
        self._environment.insert("MEDKD_JOBS", str(jobs_root))
        application = QCoreApplication.instance()
        if application:
            application.aboutToQuit.connect(self.stop)

    @property
    def is_running(self) -> bool:
        """A command is at work."""
        return self._process is not None

    def run(self, *arguments: str) -> None:
        """Start ``medkd ARGUMENTS``; a command that is still running is stopped first."""
        self.stop()
        process = QProcess(self)
        process.setProcessEnvironment(self._environment)
        process.readyReadStandardError.connect(self._listen)
        process.finished.connect(self._finish)
        process.errorOccurred.connect(self._report_start)
        self._process, self._said = process, ""
        process.start(sys.executable, ["-m", MODULE, *arguments])

    def stop(self) -> None:
        """End the command, if one is running, without a word."""
        process, self._process = self._process, None
        if process:
            process.blockSignals(True)
            process.kill()
            process.waitForFinished(END_MILLISECONDS)
            process.deleteLater()

    def _listen(self) -> None:
        if self._process is None:
            return
        fresh = bytes(self._process.readAllStandardError().data()).decode("utf-8", "replace")
        self._said += fresh
        if fresh.strip():
            self.told.emit(_last_sentence(fresh))

    def _finish(self, status: int, how: QProcess.ExitStatus) -> None:
        self._listen()
        process, self._process = self._process, None
        if process is None:
            return
        output = bytes(process.readAllStandardOutput().data()).decode("utf-8", "replace")
        process.deleteLater()
        if how is QProcess.ExitStatus.CrashExit:
            self.failed.emit("The helper process was ended by the system, probably out of memory.")
        elif status and not output.startswith("{"):
            # A document is an answer, also where it tells of something that is wrong.
            self.failed.emit(_last_sentence(self._said))
        else:
            self.done.emit(output)

    def _report_start(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            self.stop()
            self.failed.emit(f"The helper process cannot be started with {sys.executable}.")


def _last_sentence(errors: str) -> str:
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    return lines[-1] if lines else "The command failed and did not say why."
