"""What publishing promises when publishers die, race or lose their disk, shown on real targets: `make crash`.

trips.py        the source as it grows day by day, and the views that are published
publisher.py    a process that loads and publishes one day
fuses.py        where a publisher kills itself: at a statement, around COMMIT, while closing
places.py       the targets: a DuckDB file, a PostgreSQL database
tables.py       what is published there, read with no code of fsnb
invariants.py   what must hold of it at any moment
kills.py        kill, look, try again; compared with the same days without kills
races.py        several publishers at once
readers.py      readers while one publishes
faults.py       a full disk, a cut connection
secrets.py      a password that must be in nothing that was written
"""
