"""Workers: the processes of a sweep; they live over many runs, so each imports torch once."""

import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import wait
from typing import IO

from clinlib.experiments.worker import Job, Outcome, Progress

# imported, not run with -m: messages are pickled under the module's name
COMMAND = "from clinlib.experiments.worker import main; main()"
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "PYTHONHASHSEED": "0",
    "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
}
SECONDS_TO_END = 5


class Worker:
    """One process, idle or with a job; its output goes to a file that is read if it dies."""

    def __init__(self):
        self.job: Job | None = None
        self.log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (closed by close)
        self.connection, theirs = Pipe()
        # not multiprocessing's spawn: that would import the caller's main module again, which
        # notebooks and unguarded scripts do not bear
        self.process = subprocess.Popen(
            (sys.executable, "-c", COMMAND, str(theirs.fileno())),
            pass_fds=(theirs.fileno(),),
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,  # an interrupt from the keyboard reaches the sweep alone
            env=os.environ | ENVIRONMENT | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        theirs.close()

    def start(self, job: Job) -> None:
        """Sends a job; the answers come through `Workers.wait`."""
        self.job = job
        with suppress(BrokenPipeError, ConnectionResetError):  # the answer will say that it died
            self.connection.send(job)

    def answer(self) -> Progress | Outcome:
        """The next message; an Outcome with an error if the process has died."""
        try:
            return self.connection.recv()
        except (EOFError, OSError):
            code = self.process.wait()
            how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
            hint = " (out of memory?)" if code == -signal.SIGKILL else ""
            error = {
                "type": "WorkerDied",
                "message": f"the worker process ended with {how}{hint}",
                "traceback": self._tail(),
            }
            return Outcome(None, error, {})

    def _tail(self, size: int = 4000) -> str:
        self.log.seek(0, os.SEEK_END)
        self.log.seek(max(0, self.log.tell() - size))
        return self.log.read().decode("utf-8", "replace")

    def alive(self) -> bool:
        """Whether the process still runs."""
        return self.process.poll() is None

    def close(self) -> None:
        """Ends the process: at once if it has a job, else by hanging up."""
        self.connection.close()
        if self.job is not None:
            self.process.terminate()
        try:
            self.process.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


class Workers:
    """Up to `size` workers, started when there is a job for them; a context manager."""

    def __init__(self, size: int):
        self.size = size
        self.members: list[Worker] = []

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, *_) -> None:
        # hang up on all before waiting for any
        for worker in self.members:
            if worker.job is not None:
                with suppress(ProcessLookupError):
                    worker.process.terminate()
        for worker in self.members:
            worker.close()

    def busy(self) -> list[Worker]:
        """The workers that have a job."""
        return [worker for worker in self.members if worker.job is not None]

    def free(self) -> bool:
        """Whether one more job could start now."""
        return len(self.busy()) < self.size

    def start(self, job: Job) -> None:
        """Gives a job to an idle worker, or to a new one."""
        for worker in [each for each in self.members if each.job is None and not each.alive()]:
            worker.close()
            self.members.remove(worker)
        worker = next((each for each in self.members if each.job is None), None)
        if worker is None:
            worker = Worker()
            self.members.append(worker)
        worker.start(job)

    def wait(self, timeout: float) -> list[tuple[Job, Progress | Outcome]]:
        """The messages of busy workers, waiting at most `timeout` seconds for the first."""
        by_connection = {worker.connection: worker for worker in self.busy()}
        messages = []
        for connection in wait(list(by_connection), timeout):
            worker = by_connection[connection]
            job, message = worker.job, worker.answer()
            if isinstance(message, Outcome):
                worker.job = None
            messages.append((job, message))
        return messages
