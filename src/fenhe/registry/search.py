"""Full-text search over what is supervised, Chinese too.

Every object carries one text of its code, names and words in one spelling; a query is split at
spaces and every word has to be a part of it. A word of two Chinese characters is found like any
other, which SQLite's trigram index and PostgreSQL's pg_trgm do not do, and the two databases find
the same. Measured (bench/face.py): a look through 100,000 objects stays far below a page's budget.
"""

from __future__ import annotations

from django.db.models import Q

from fenhe.kernel.text import plain

MOST_WORDS = 6


def matching(query: str, field: str = "search") -> Q:
    """A filter for everything whose text has all words of the query; of no word: everything.
    `field` may lead through relations: `subject__search`."""
    found = Q()
    for word in plain(query).split()[:MOST_WORDS]:
        found &= Q(**{f"{field}__contains": word})
    return found
