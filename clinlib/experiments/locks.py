"""Locks: one file per key, held by the sweep that makes it, let go when its process ends."""

from filelock import FileLock, Timeout

from clinlib.experiments.store import Store


class Locks:
    """The locks that one sweep holds."""

    def __init__(self, store: Store):
        self.store = store
        self.held: dict[str, FileLock] = {}

    def take(self, key: str) -> bool:
        """Takes the lock of a key if no other sweep has it; says whether it did."""
        path = self.store.lock_path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return False
        self.held[key] = lock
        return True

    def release(self, key: str) -> None:
        """Lets go of a key."""
        self.held.pop(key).release()
