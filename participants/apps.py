from django.apps import AppConfig


class ParticipantsConfig(AppConfig):
    name = "participants"
    verbose_name = "Participants"

    def ready(self) -> None:
        from initiatives.services.rules import keeps_who_was_there
        from participants.services.attendance import KEEPER

        keeps_who_was_there(KEEPER)
