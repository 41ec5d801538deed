"""A planning problem as a folder of CSV files, each named as a sheet: for version control and scripts."""
