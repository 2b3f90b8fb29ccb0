# Written by `fsnb build` from the definition << fingerprint >>; do not edit.
# FSNB_STORE says where the store is; the target's URL is in its catalog<% if secrets %>, and reads << secrets | join(", ") >><% endif %>.
from datetime import datetime, timedelta, timezone

from airflow.timetables.interval import CronDataIntervalTimetable

try:
    from airflow.providers.standard.operators.bash import BashOperator
    from airflow.sdk import DAG
except ImportError:  # Airflow 2
    from airflow import DAG
    from airflow.operators.bash import BashOperator

with DAG(
    dag_id=<< ("fsnb_" ~ name) | python >>,
    description=<< description | python >>,
    schedule=CronDataIntervalTimetable(<< cron | python >>, timezone="UTC"),
    start_date=datetime(1970, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    default_args={"owner": << (owner or "fsnb") | python >>, "retries": 2, "retry_delay": timedelta(minutes=5)},
    tags=["fsnb"],
) as dag:
    BashOperator(
        task_id="publish",
        bash_command=<< (command ~ ' --start ' ~ back ~ ' --end "$END"') | python >>,
        env={"END": "{{ data_interval_end.isoformat() }}"},
        append_env=True,
    )
