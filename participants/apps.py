from django.apps import AppConfig


class ParticipantsConfig(AppConfig):
    name = "participants"
    verbose_name = "Participants"

    def ready(self) -> None:
        from initiatives.services.rules import keeps_who_was_there, looks_for_people
        from participants.services import attribution
        from participants.services.attendance import KEEPER

        keeps_who_was_there(KEEPER)
        looks_for_people(attribution.doubts_inside)
