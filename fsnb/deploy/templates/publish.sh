#!/bin/sh
# Written by `fsnb build` from the definition << fingerprint >>; do not edit. Publish, then let dbt build on it.
set -eu
<< command >> --start "${1:-<< back >>}" --end "${2:-now}"
dbt build --select << ("source:fsnb_" ~ name ~ "+") | shell >>
