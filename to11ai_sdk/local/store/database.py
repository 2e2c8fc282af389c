"""Defines a store, whatever engine is under it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from .transaction import Transaction


class Store(ABC):
    """The database of a local to11."""

    @property
    @abstractmethod
    def is_lasting(self) -> bool:
        """Whether it stays when the process ends, so that other processes may use it, too."""

    @property
    @abstractmethod
    def version(self) -> int:
        """A number that changes with every commit to the tables of the platform, by another process, too.

        Traces, files and cached replies of the gateway do not change it. Data that is kept with the version that was
        read before it is valid as long as the version is the same. A change of another process may be noticed a moment
        later; one of this process is noticed at once.

        Raises:
            StorageProblem: the database cannot be read.
        """

    def fresh_version(self) -> int:
        """Return :attr:`version` as it is now, with every commit of other processes.

        Raises:
            StorageProblem: the database cannot be read.
        """
        return self.version

    @abstractmethod
    def transaction(self, *, write: bool = True) -> AbstractContextManager[Transaction]:
        """Begin a transaction; it is committed at the end, or rolled back if an exception leaves the block.

        Only one writes at a time, of all processes. One that reads sees the data as they were when it began.

        Raises:
            StorageProblem: the database cannot be read or written now.
        """

    @abstractmethod
    def records(self, wait_s: float | None = None, *, synced: bool = True) -> AbstractContextManager[Transaction]:
        """Begin a transaction that writes records of the gateway only, which leaves :attr:`version` as it is.

        Args:
            wait_s: how long it waits for other writes, by default ``bounds.STORAGE_WAIT_S``.
            synced: whether it waits for the disk; others see the records at once, but they are lost if the machine
                stops in the next moment.

        Raises:
            StorageProblem: the database cannot be written now.
        """

    def check(self) -> None:
        """Check that the data can be read.

        Raises:
            StorageProblem: they cannot.
        """
        with self.transaction(write=False) as tx:
            tx.one("SELECT id FROM projects LIMIT 1")

    @abstractmethod
    def close(self) -> None:
        """Close the database."""
