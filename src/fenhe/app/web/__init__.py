"""The pages: one module per page or family of pages. Nothing here knows a domain by name."""
