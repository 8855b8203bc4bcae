"""A published edition cannot change, whoever writes to the database: a trigger refuses it."""

from django.db import migrations

FIXED = ("kind", "subject_id", "start", "end", "edition", "content", "content_hash", "reason")

SQLITE = """
CREATE TRIGGER publication_immutable BEFORE UPDATE ON publish_publication
WHEN OLD.state <> 'draft' AND (NEW.state = 'draft' OR {differs})
BEGIN SELECT RAISE(ABORT, 'a published edition cannot change'); END;
"""
POSTGRES = """
CREATE FUNCTION publication_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'a published edition cannot change'; END $$;
CREATE TRIGGER publication_immutable BEFORE UPDATE ON publish_publication FOR EACH ROW
WHEN (OLD.state <> 'draft' AND (NEW.state = 'draft' OR {differs}))
EXECUTE FUNCTION publication_immutable();
"""


def guard(apps, editor):
    sqlite = editor.connection.vendor == "sqlite"
    template, unlike = (SQLITE, "IS NOT") if sqlite else (POSTGRES, "IS DISTINCT FROM")
    differs = " OR ".join(f'NEW."{name}" {unlike} OLD."{name}"' for name in FIXED)
    editor.execute(template.format(differs=differs).strip(), params=None)


def unguard(apps, editor):
    if editor.connection.vendor == "sqlite":
        editor.execute("DROP TRIGGER publication_immutable")
    else:
        editor.execute("DROP TRIGGER publication_immutable ON publish_publication")
        editor.execute("DROP FUNCTION publication_immutable()")


class Migration(migrations.Migration):
    dependencies = [("publish", "0001_initial")]
    operations = [migrations.RunPython(guard, unguard)]
