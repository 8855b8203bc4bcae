from django.apps import AppConfig


class AlertConfig(AppConfig):
    name = "fenhe.alert"
    label = "alert"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from fenhe.alert import scoped

        scoped.declare()
