"""The independent audit: what a plan costs and whether it keeps every rule, worked out a second time.

Plain arithmetic on the rows of the Dataset and the decisions of the Plan, written from the workbook's
contract alone; nothing here knows the model that found the plan.
"""

from models.audit.report import AuditReport, Check, Place

__all__ = ["AuditReport", "Check", "Place"]
