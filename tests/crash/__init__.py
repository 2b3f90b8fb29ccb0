"""What publishing promises when publishers die, race or lose their disk, shown on real targets: `make crash`.

trips.py        the source as it grows day by day, and the views that are published
publisher.py    a process that loads and publishes one day
fuses.py        where a publisher kills itself: at a statement, around COMMIT, while closing
places.py       the targets, behind one face: a DuckDB file, a PostgreSQL database
targets.py      empty ones, as many as one asks for
java.py         a Java that outlives the publishers that are killed on it
tables.py       what is published there, read with no code of fsnb
invariants.py   what must hold of it at any moment
onlooker.py     somebody who reads all the while
judging.py      what is left, and what the next publisher makes of it, beside the same days without kills
kills.py        kill, look, try again
races.py        several publishers at once
readers.py      readers while one publishes
faults.py       a full disk, a cut connection
secrets.py      a password that must be in nothing that was written
"""
