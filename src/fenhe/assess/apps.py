from django.apps import AppConfig


class AssessConfig(AppConfig):
    name = "fenhe.assess"
    label = "assess"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from fenhe.assess import scoped

        scoped.declare()
