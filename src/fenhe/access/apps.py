from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "fenhe.access"
    label = "access"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.contrib.auth.signals import user_logged_in

        from fenhe.access import scoped, visits

        scoped.declare()
        user_logged_in.connect(visits.signed_in, dispatch_uid="fenhe.access.visits")
