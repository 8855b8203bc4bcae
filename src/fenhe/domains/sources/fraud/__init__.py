"""Fraud watch: patterns of falsified automatic data as named pure tests. A finding is a suspicion
with its numbers and reasons, ranked; it is never proof.
"""
