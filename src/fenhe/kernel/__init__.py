"""What every stage stands on: periods and civil time, values with unit and qualifier, exact
rounding, ids, errors, bilingual text. Pure: no files, no database, no Django."""
