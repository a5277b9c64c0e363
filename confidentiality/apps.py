from django.apps import AppConfig
from django.core import checks
from django.db.backends.signals import connection_created


class ConfidentialityConfig(AppConfig):
    name = "confidentiality"

    def ready(self) -> None:
        from confidentiality import declared, fields, guard, noted, roles, wall

        connection_created.connect(guard.install, dispatch_uid="confidentiality.guard")
        connection_created.connect(roles.refuse_bypassing, dispatch_uid="confidentiality.roles")
        wall.content_opened.connect(noted.hear_opened, dispatch_uid="confidentiality.noted")
        checks.register(declared.every_model_says_who_reads_it)
        checks.register(declared.content_has_a_wall)
        checks.register(fields.field_ids_are_unique)
        checks.register(declared.walls_stand, checks.Tags.database)
