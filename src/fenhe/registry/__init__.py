"""What is supervised: areas, objects of a kind, relations between them, and the series they emit.
Kinds and properties are data that domains bring (kinds.yaml, vocabulary.yaml)."""
