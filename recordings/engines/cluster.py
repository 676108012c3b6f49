"""A cluster of dask.distributed: one on this computer, or one whose scheduler has an address.

One process and one thread a worker: the libraries that read and write sessions take the memory of
a session each, and sums are made in one order.
"""

from __future__ import annotations

import contextlib
import platform
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Any, Final

from recordings.engines.work import ONE_THREAD, TRIES, Lost, R, T, Work
from recordings.errors import RecordingError, one_line
from recordings.extras import of_extra

LOCAL: Final = "local"
_CONNECT_S: Final = 30.0
_WORKERS_S: Final = 120.0
_NONE: Final = "none"
_PACKAGES: Final = ("unisono", "numpy", "scipy", "av")
_OPENCV: Final = ("opencv-python", "opencv-python-headless")  # the same, with and without windows
_OF_EXTRAS: Final = (
    "neurokit2", "pandas", "pyarrow", "scikit-image", "mne", "mne-bids", "pybv", "edfio",
)  # fmt: skip
"""A task that needs one says so where it is missing; another version gives other bytes."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """`where` is `local`, or the address of a scheduler; `jobs` are the workers of a local one."""

    where: str
    jobs: int

    def run(self, work: Work[T, R], items: Sequence[T]) -> Iterator[tuple[T, R | Lost]]:
        """See `Engine`.

        Raises:
            RecordingError: dask is missing, nobody answers, or a worker has other versions.
        """
        if not items:
            return
        distributed = _distributed()
        with contextlib.ExitStack() as stack:
            client = self._connect(distributed, stack)
            compare_versions(client)
            yield from _as_completed(distributed, client, work, items)

    def _connect(self, distributed: Any, stack: contextlib.ExitStack) -> Any:
        address: Any = self.where
        if self.where == LOCAL:
            address = stack.enter_context(self._local_cluster(distributed, stack))
        try:
            client = stack.enter_context(distributed.Client(address, timeout=_CONNECT_S))
            client.wait_for_workers(1, timeout=_WORKERS_S)
        except (OSError, ValueError, TimeoutError) as error:
            raise RecordingError(
                f"--dask {self.where}: no scheduler with a worker answers ({_said(error)}); start "
                "`dask scheduler` and `dask worker --nthreads 1`, or use --dask local"
            ) from error
        return client

    def _local_cluster(self, distributed: Any, stack: contextlib.ExitStack) -> Any:
        import dask

        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="unisono-dask-"))
        # One item a worker: what waits in a worker that is killed would be under suspicion, too.
        stack.enter_context(
            dask.config.set(
                {
                    "distributed.scheduler.worker-saturation": 1.0,
                    "distributed.nanny.pre-spawn-environ": {
                        **ONE_THREAD,
                        "MALLOC_TRIM_THRESHOLD_": 65536,
                    },
                }
            )
        )
        return distributed.LocalCluster(
            n_workers=self.jobs,
            threads_per_worker=1,
            processes=True,
            dashboard_address="127.0.0.1:0",  # its page needs bokeh; its port is any free one
            local_directory=folder,
            silence_logs="CRITICAL",
        )


def _distributed() -> Any:
    with of_extra("cluster", "dask.distributed"):
        import dask

        # It logs to standard error from its import on, each worker that comes and goes.
        dask.config.set({"logging.distributed": "critical"})
        import distributed
    return distributed


def versions() -> dict[str, str]:
    """Return the versions that results depend on, of the process that asks."""
    found = {"python": ".".join(platform.python_version_tuple()[:2])}
    found |= {name: _version(name) for name in _PACKAGES + _OF_EXTRAS}
    return found | {"opencv": max(map(_version, _OPENCV), key=lambda version: version != _NONE)}


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return _NONE


def compare_versions(client: Any) -> None:
    """Refuse workers that would give other results.

    Raises:
        RecordingError: naming worker, package and both versions.
    """
    mine = versions()
    for worker, theirs in client.run(versions).items():
        for name, version in mine.items():
            other = theirs.get(name, _NONE)
            missing = name in _OF_EXTRAS and _NONE in (version, other)
            if other != version and not missing:
                raise RecordingError(
                    f"{worker}: has {name} {other}, this program has {version}; install "
                    "the same versions on all workers"
                )


def _as_completed(
    distributed: Any, client: Any, work: Work[T, R], items: Sequence[T]
) -> Iterator[tuple[T, R | Lost]]:
    def submit(item: T) -> Any:
        return client.submit(work.function, item, pure=False)

    running = {submit(item): (item, 1) for item in items}
    completed = distributed.as_completed(list(running))
    for future in completed:
        item, tries = running.pop(future)
        if future.status == "finished":
            yield item, future.result()
        elif client.status != "running":
            yield item, Lost("the scheduler went away; start it and run the same command again")
        elif tries < TRIES:
            # Killed with so many workers that the scheduler suspects it: once more.
            again = submit(item)
            running[again] = item, tries + 1
            completed.add(again)
        else:
            yield item, Lost(f"no worker finished it in {tries} rounds ({_said(_why(future))})")
        future.release()


def _why(future: Any) -> BaseException:
    try:
        error = future.exception(timeout=1)
    except Exception as unknown:  # it was cancelled, or nobody can be asked any more
        return unknown
    return error if isinstance(error, BaseException) else RuntimeError(future.status)


def _said(error: BaseException) -> str:
    return one_line(error)[:200]
