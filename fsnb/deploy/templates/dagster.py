# Written by `fsnb build` from the definition << fingerprint >>; do not edit.
# FSNB_STORE says where the store is; the target's URL is in its catalog<% if secrets %>, and reads << secrets | join(", ") >><% endif %>.
import subprocess

import dagster


class Range(dagster.Config):
    start: str = << back | python >>
    end: str = "now"


@dagster.asset(name=<< name | python >>, group_name="fsnb", description=<< description | python >>)
def published(config: Range) -> None:
    subprocess.run([*<< words | python >>, "--start", config.start, "--end", config.end], check=True)


job = dagster.define_asset_job(<< ("fsnb_" ~ name) | python >>, selection=[published])


@dagster.schedule(job=job, cron_schedule=<< cron | python >>, execution_timezone="UTC")
def ticks(context: dagster.ScheduleEvaluationContext) -> dagster.RunRequest:
    end = context.scheduled_execution_time.isoformat()
    return dagster.RunRequest(run_key=end, run_config=dagster.RunConfig(ops={<< name | python >>: Range(end=end)}))


defs = dagster.Definitions(assets=[published], jobs=[job], schedules=[ticks])
