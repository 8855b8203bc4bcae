from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    name = "fenhe.evidence"
    label = "evidence"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from fenhe.evidence import scoped

        scoped.declare()
