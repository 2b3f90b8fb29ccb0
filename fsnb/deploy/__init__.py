"""What runs a view in production, as files: SQL, tables, checks, and a thin file for each scheduler that people have.

sheet      what the files of one view are made from
cadence    how often, as a cron line
quoting    a value as Python, a shell, YAML, Jinja or a crontab reads it, whatever it holds
schedules  Airflow, Dagster, GitHub Actions, cron: each calls `fsnb publish VIEW --start --end`
dbt        a dbt package: source, models and tests on the published tables
folder     files on disk: written, or compared with what the definitions say
"""

from fsnb.deploy.folder import Built, Difference, write
from fsnb.deploy.sheet import Sheet

__all__ = ["Built", "Difference", "Sheet", "write"]
