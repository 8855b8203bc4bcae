from django.apps import AppConfig


class ActConfig(AppConfig):
    name = "fenhe.act"
    label = "act"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from fenhe.act import scoped

        scoped.declare()
