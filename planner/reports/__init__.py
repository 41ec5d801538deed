"""What a run leaves for people and programs: the plan workbook, run.json, the terminal's summary."""
