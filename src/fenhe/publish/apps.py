from django.apps import AppConfig


class PublishConfig(AppConfig):
    name = "fenhe.publish"
    label = "publish"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from fenhe.publish import scoped

        scoped.declare()
