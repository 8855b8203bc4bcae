"""示例 | Example: replace this line by what the domain watches, and by which norms."""
