from django.apps import AppConfig


class AppRootConfig(AppConfig):
    name = "fenhe.app"
    label = "app"

    def ready(self) -> None:
        from fenhe.app import scoped

        scoped.declare()
