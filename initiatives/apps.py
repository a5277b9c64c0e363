from django.apps import AppConfig


class InitiativesConfig(AppConfig):
    name = "initiatives"

    def ready(self) -> None:
        from accounts.services import goes_with_recovery
        from initiatives.services.drafts import forget_drafts_of

        goes_with_recovery(forget_drafts_of)
