"""The plan workbook: the plan on one page, then a tidy table a sheet."""
