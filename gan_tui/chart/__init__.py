"""Charts for paper and reports: a selection of a run's curves as SVG and PNG."""
