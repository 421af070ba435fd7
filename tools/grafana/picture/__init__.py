"""The committed dashboards as pictures, drawn from what a real Prometheus answers.

They show layout, colours and figures, so that a person can judge a board without a Grafana. They
are no proof of how Grafana draws it.
"""
