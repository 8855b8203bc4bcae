"""Statutory time limits: which rule, counted on which calendar, ends on which day and why.

Pure: no Django, no files but the rules that ship beside this module. `compute` is the one function
that the command line, the page, the API and the running clocks (`act.obligations`) all call.
"""

from fenhe.act.deadlines.calendar import Calendar, Notice
from fenhe.act.deadlines.computing import Result, compute
from fenhe.act.deadlines.counting import Span
from fenhe.act.deadlines.limits import Rule, rule, rules

__all__ = ["Calendar", "Notice", "Result", "Rule", "Span", "compute", "rule", "rules"]
