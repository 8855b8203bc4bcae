"""REST under /api/v1: what the pages show and do, for programs.

Every answer is JSON (downloads apart), every refusal has one shape (`refusals`), every list is read
by keyset pages without counts (`lists`), every question passes the gate (`caller`). The committed
docs/reference/openapi.json is a contract: a test compares it with what is built here.
"""
