"""Pollution sources: what enterprises send of stacks and outfalls, judged by HJ 75, HJ 212 Annex D
and the emission standards with the permit on top; and the watch for falsified data.

Works without a database: `from fenhe.domains import sources` and call the functions of `rules` and
`fraud`.
"""
