"""The figures of a plan, worked out from a Dataset and a Plan: tables without files, sheets or words."""
