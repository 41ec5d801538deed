"""A plan as one self-contained page to look at, and its figures; made from the tables of its workbook."""
