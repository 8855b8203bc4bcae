from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "fenhe.registry"
    label = "registry"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from fenhe.registry import scoped

        scoped.declare()
