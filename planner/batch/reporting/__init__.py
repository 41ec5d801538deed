"""What a batch leaves: the summary workbook, JUnit XML, metrics, webhooks."""
