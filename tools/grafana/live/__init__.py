"""A real farm under the shipped Prometheus configuration: do the dashboards tell of it?"""
