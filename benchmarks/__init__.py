"""What the farm costs and gains, measured: each script prints ratios, their spread, and a verdict.

The rival of a ratio is measured in the same run, on the same machine, in turn with the farm; so a
busy machine moves both. See README.md for what each measures and in whose favour it errs.
"""
