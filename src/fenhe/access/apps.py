from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "fenhe.access"
    label = "access"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from fenhe.access import scoped

        scoped.declare()
