from django.apps import AppConfig


class IngestConfig(AppConfig):
    name = "fenhe.ingest"
    label = "ingest"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from fenhe.ingest import scoped

        scoped.declare()
