"""Drift to look at: a page that stands by itself, and a widget that shows the same and goes on.

marks    verdicts as shapes and words, figures as text
listing  columns, worst first: a bar with thresholds and noise floor, drift over time beside it
bins     both distributions of one column on shared edges, and what each bin adds
times    drift over time of one column
parts    the pieces of the page, each with its caption
widget   DriftWidget: what was chosen, counted anew; `drift.js` only shows and asks
"""
