"""Ambient air: indices, statistics and limits by GB 3095, HJ 633 and HJ 663.

Works without a database: `from fenhe.domains import air` and call the functions of `air.rules`.
"""
