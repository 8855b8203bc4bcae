from django.apps import AppConfig


class ObserveConfig(AppConfig):
    name = "fenhe.observe"
    label = "observe"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from fenhe.observe import scoped

        scoped.declare()
