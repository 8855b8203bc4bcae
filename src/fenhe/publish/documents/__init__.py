"""A publication as a document: PDF through Typst, DOCX through python-docx; both render the blocks
of `publish.sheet`, so every domain's bulletin has both without a template of its own."""
