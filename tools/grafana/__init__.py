"""The farm's Grafana dashboards as code: `python -m tools.grafana` writes them to deploy/grafana.

A board is plain data (`parts`, `boards`); one module knows Grafana's kinds (`making`). What is
committed is read back (`reading`) to be judged (`judging`), asked of a real Prometheus (`asking`)
and drawn (`drawing`), none of which needs Grafana or its SDK.
"""
