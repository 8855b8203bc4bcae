"""Surface water, groundwater and wastewater: classes, grades, indices and limits by GB 3838, the
2011 evaluation measures, GB/T 14848 and their neighbours.

Works without a database: `from fenhe.domains import water` and call the functions of `water.rules`.
"""
