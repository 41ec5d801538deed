"""Workbooks read and written: files checked, cells parsed with their addresses, sheets and pages drawn."""
