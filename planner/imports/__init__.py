"""Other tools' records as rows of a workbook: token counters, price catalogues, cloud bills."""
