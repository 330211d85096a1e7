"""Films kept in memory, as many as fit into a number of bytes."""

from __future__ import annotations

from collections import OrderedDict

from medkd_viewer.reading.film import Film, FilmAddress

LIMIT_BYTES = 512 * 2**20
# The halved copies that are drawn when a film is shrunk: 1/4 + 1/16 + ...
_WITH_COPIES = 4 / 3


class FilmCache:
    """Keeps the films that were used last.

    Parameters
    ----------
    limit_bytes : int
        The newest film is kept even when it is larger alone.
    """

    def __init__(self, limit_bytes: int = LIMIT_BYTES) -> None:
        self._limit = limit_bytes
        self._held = 0
        self._films: OrderedDict[FilmAddress, Film] = OrderedDict()

    def __contains__(self, address: FilmAddress) -> bool:
        return address in self._films

    def get(self, address: FilmAddress) -> Film | None:
        """A film that is kept, or None."""
        if address in self._films:
            self._films.move_to_end(address)
        return self._films.get(address)

    def put(self, film: Film) -> None:
        """Keep a film; those not used for longest go."""
        replaced = self._films.pop(film.address, None)
        self._held += _bytes(film) - (_bytes(replaced) if replaced else 0)
        self._films[film.address] = film
        while self._held > self._limit and len(self._films) > 1:
            self._held -= _bytes(self._films.popitem(last=False)[1])

    def room_for(self, film: Film) -> int:
        """How many films like this one fit in all."""
        return self._limit // max(1, _bytes(film))


def _bytes(film: Film) -> int:
    return int(film.frame.stored.nbytes * _WITH_COPIES)
