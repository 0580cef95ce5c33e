"""Which arguments reproduce which project: the tables of docs/coming_from/, run by `test_coming_from.py`."""
